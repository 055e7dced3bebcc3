"""Does a named fault help? Twenty faulty hand-ins, each read with two messages.

    python -m benchmarks.feedback ask DIR        write the 40 questions, one a reader
    python -m benchmarks.feedback score          score the answers that are kept here

A reader gets one faulty function and one message: "gradient mismatch, relative error r", or the
first hint of the diagnosis. One edit is allowed, without running anything. What comes back is
kept in answers/, and is a success where the diagnosis, and scipy behind it, finds nothing wrong.
"""

import argparse
import difflib
import itertools
from pathlib import Path

import numpy as np

from grading import points
from grading.diagnosis import FAMILIES, diagnose
from grading.mutants.__main__ import FOLDER, Mutant, read_mutants

ANSWERS = Path(__file__).parent / "answers"
CONDITIONS = ("mismatch", "hint")
# One hand-in a fault, of many kinds: one edit mends each, and each shows in the gradient.
HAND_INS = (
    *(
        "svm_naive_averaged-over-classes_a",
        "naive_averaged-twice_a",
        "svm_vectorized_grad-sign_a",
    ),
    *("vectorized_indicator-missing_a", "naive_reg-scalar-in-grad_a", "naive_labels-shifted_a"),
    *("naive_last-example-only_b", "naive_wrong-row_a", "naive_bias-not-penalised_a"),
    *("naive_reg-divided-by-n_a", "naive_reg-grad-doubled_a", "vectorized_reg-missing-grad_a"),
    *("vectorized_normalised-over-wrong-axis_a", "vectorized_softmax-twice_a"),
    *("svm_naive_indicator-missing_a", "svm_naive_wrong-row_a", "svm_vectorized_labels-shifted_a"),
    *("vectorized_reg-grad-halved_a", "backward_vjp-wrong-axis_a", "jacobian_jacobian-sign_a"),
)

QUESTION = """\
You help a student of a machine learning course. Below is the function they handed in, and what
the checker said. Mend it with ONE edit: one place, as few lines as it takes. Do not run anything;
read and think. Do not rewrite what is right.

What the function is to compute: {task}

What the checker said: {message}

The function:

{code}
"""
TASKS = {
    "softmax": """the softmax loss and gradient of a linear classifier. X (N, D), W (D, C),
y (N,), loss = -(1/N) sum_i log softmax(X_i W)[y_i] + 0.5 * reg * sum(W * W), and dW, its
derivative with respect to W.""",
    "svm": """the multiclass hinge loss and gradient of a linear classifier. X (N, D), W (D, C),
y (N,), loss = (1/N) sum_i sum_{j != y_i} max(0, s_ij - s_iy + 1) + 0.5 * reg * sum(W * W), s = X W,
and dW, its derivative with respect to W.""",
    "softmax_backward": """given dy (..., n) and y = softmax(z) along the last axis, the gradient
with respect to z.""",
    "softmax_jacobian": """given y (..., n), a softmax along the last axis, its Jacobian
(..., n, n).""",
}


def hand_ins():
    """The mutants that are asked about."""
    named = {mutant.name: mutant for mutant in read_mutants(FOLDER)}
    return [named[name] for name in HAND_INS]


def message(mutant, condition):
    """What the reader is told."""
    if condition == "hint":
        return diagnose(mutant.function(), mutant.exercise).hints[0]
    return f"gradient mismatch, relative error {relative_error(mutant):.2g}"


def relative_error(mutant):
    """|yours - true| / (|yours| + |true|) of the gradient, in norms: by entries it is mostly 1.

    At the test point with a reg, or the largest batch.
    """
    cases = points.CASES[mutant.exercise]()
    case = cases[1] if mutant.exercise in FAMILIES else next(c for c in cases if "batch" in c.name)
    result = mutant.function()(*(np.copy(given) for given in case.arguments.values()))
    yours = result[-1] if isinstance(result, tuple) else result
    truth = list(case.expected.values())[-1]
    return np.linalg.norm(yours - truth) / (np.linalg.norm(yours) + np.linalg.norm(truth))


def code_of(mutant):
    """Its text without the head that names the fault."""
    return mutant.path.read_text(encoding="utf-8").split("\n\n", 1)[1]


def ask(folder):
    """Write each question to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for mutant in hand_ins():
        task = TASKS[FAMILIES.get(mutant.exercise, mutant.exercise)]
        for condition in CONDITIONS:
            text = QUESTION.format(
                task=task, message=message(mutant, condition), code=code_of(mutant)
            )
            (folder / f"{mutant.name}.{condition}.txt").write_text(text, encoding="utf-8")


def is_mended(mutant, answer):
    """Whether the answer is right, and one edit of what was handed in."""
    before, after = code_of(mutant).splitlines(), answer.read_text(encoding="utf-8").splitlines()
    before, after = ([line.rstrip() for line in lines if line.strip()] for lines in (before, after))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    changed = [(i, j) for tag, i, j, *_ in matcher.get_opcodes() if tag != "equal"]
    # One line between two that are changed, such as an else, leaves them one place.
    places = 1 + sum(i - j > 1 for (_, j), (i, _) in itertools.pairwise(changed))
    mended = Mutant(answer, mutant.exercise, frozenset())
    return places == 1 and diagnose(mended.function(), mutant.exercise).ok


def score():
    """Print a line a hand-in, and both rates."""
    print(f"{'hand-in':<44}{'mismatch':<10}hint")
    mended = {condition: 0 for condition in CONDITIONS}
    for mutant in hand_ins():
        answers = {c: ANSWERS / f"{mutant.name}.{c}.py" for c in CONDITIONS}
        right = {c: path.exists() and is_mended(mutant, path) for c, path in answers.items()}
        for condition in CONDITIONS:
            mended[condition] += right[condition]
        ticks = {c: "✓" if right[c] else "✗" for c in CONDITIONS}
        print(f"{mutant.name:<44}{ticks['mismatch']:<10}{ticks['hint']}")
    counts = (f"{condition} {mended[condition]} of {len(HAND_INS)}" for condition in CONDITIONS)
    print("mended: " + ", ".join(counts))


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feedback", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("ask", help="write the questions").add_argument("folder", type=Path)
    verbs.add_parser("score", help="score the answers that are kept")
    args = parser.parse_args()
    ask(args.folder) if args.verb == "ask" else score()


if __name__ == "__main__":
    main()
