"""Check the exercises: unfinished, wrong (and which comparison failed), or right.

    python -m grading.check                        all exercises, from their files
    python -m grading.check softmax_loss_naive     one
    check(softmax_loss_naive)                      in a notebook, the function that is there

The truth is scipy's log_softmax, and finite differences of the loss it makes. None of the code
that is judged has a part in it.
"""

import argparse
import contextlib
import importlib
import inspect
import os
import sys
import tomllib
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

ROOT = Path(__file__).resolve().parent.parent

# How far a result may be from the truth, in units of its largest entry. float64: the truth is
# good to 1e-8 or better, and no wrong formula comes nearer than 1e-3. float32: a score of 1000
# is known to eps * 1000 = 1e-4, which goes straight into log p; right solutions round it thrice.
TOLERANCE = {"float64": 1e-7, "float32": 5e-4}


@dataclass(frozen=True)
class Case:
    """A test point: the arguments, and by name what a right function returns for them."""

    name: str
    arguments: tuple
    expected: dict
    tolerance: float


@dataclass(frozen=True)
class Verdict:
    """What came of an exercise: its state, a bool for each test point, and the first failure."""

    exercise: str
    state: str  # "unfinished", "wrong" or "right"
    passed: tuple = ()
    failure: tuple = ()  # lines of text

    def __str__(self):
        ticks = "".join("✓" if passed else "✗" for passed in self.passed)
        count = f"{ticks}  {sum(self.passed)} of {len(ticks)} test points" if ticks else ""
        head = f"{self.exercise:<{max(map(len, CASES))}}   {self.state:<10}   {count}".rstrip()
        return "\n".join([head, *(f"    {line}" for line in self.failure)])


def check(function):
    """Print whether a function, such as softmax_loss_naive, is unfinished, wrong or right."""
    name = getattr(function, "__name__", repr(function))
    if name not in CASES:
        raise ValueError(
            f"function must be an exercise, one of {', '.join(CASES)}; got {name}; "
            f"try check({next(iter(CASES))})"
        )
    print(judge(function, name))


def judge(function, exercise):
    """The Verdict on a function, from the test points of the exercise of that name."""
    passed, failure = [], ()
    for number, case in enumerate(CASES[exercise](), 1):
        try:
            lines = _failure(function, case)
        except NotImplementedError:
            return Verdict(exercise, "unfinished")
        passed.append(not lines)
        if lines and not failure:
            failure = (f"test point {number}, {case.name}:", *lines)
    return Verdict(exercise, "wrong" if failure else "right", tuple(passed), failure)


def judge_file(exercise):
    """The Verdict on an exercise, a table of exercises.toml, as its file has it now."""
    name, file = exercise["function"], exercise["file"]
    try:
        with _quiet():
            function = getattr(_load(file), name, None)
    except (Exception, SystemExit) as error:
        return Verdict(name, "wrong", failure=_explain(error, _is_in_folder))
    if function is None:
        return Verdict(name, "wrong", failure=(f"{file} has no function of this name",))
    return judge(function, name)


def read_exercises(root=ROOT):
    """The tables of exercises.toml, in its order: a list of dicts."""
    with open(root / "grading" / "exercises.toml", "rb") as file:
        return tomllib.load(file)["exercise"]


# The test points. N, D and C all differ, W is not near zero, the labels are unbalanced and leave
# out a class: what is wrong shows.


def loss_cases():
    """Test points of a softmax loss (W, X, y, reg) -> (loss, dW)."""
    rng = np.random.default_rng(2)
    W, X = rng.standard_normal((5, 4)), rng.standard_normal((7, 5))
    X[:, -1] = 1  # the bias
    y = np.array([2, 2, 0, 2, 1, 2, 2])
    # At this reg both parts of dW are of equal size; at 5e-6 a missing one is not noticed.
    data_part = softmax_truth(W, X, y, 0)["dW"]
    reg = float(f"{np.linalg.norm(data_part) / np.linalg.norm(W):.1g}")
    # Scores of +1000 and -1000: by rows, all classes of a row alike; by classes, within a row.
    X_signs = X.copy()
    X_signs[:, 0] = [1, -1, 1, -1, -1, 1, 1]
    W_rows, W_classes = W.copy(), W.copy()
    W_rows[0] = 1000
    W_classes[0] = [1000, 0, -1000, 500]
    return [
        _loss_case("reg = 0", W, X, y, 0.0),
        _loss_case(f"reg = {reg}", W, X, y, reg),
        _loss_case("a single example", W, X[:1], y[:1], reg),
        _loss_case("float32", W, X, y, reg, dtype=np.float32),
        _loss_case("W (C, D) and X (D, N), which @door turns", W, X, y, reg, columns=True),
        _loss_case("rows of scores near +1000 and near -1000", W_rows, X_signs, y, 0.0),
        _loss_case("the same rows in float32", W_rows, X_signs, y, 0.0, dtype=np.float32),
        _loss_case("scores 1000 apart within a row", W_classes, X_signs, y, 0.0),
    ]


def _loss_case(name, W, X, y, reg, dtype=np.float64, columns=False):
    W, X = W.astype(dtype), X.astype(dtype)
    expected = softmax_truth(W, X, y, reg)
    if columns:
        W, X, expected["dW"] = W.T, X.T, expected["dW"].T
    return Case(name, (W, X, y, reg), expected, TOLERANCE[W.dtype.name])


CASES = {"softmax_loss_naive": loss_cases, "softmax_loss_vectorized": loss_cases}


def softmax_truth(W, X, y, reg):
    """{"loss", "dW"} in float64, from scipy's log_softmax and finite differences."""
    W, X = W.astype(np.float64), X.astype(np.float64)

    def loss(W):
        log_p = np.take_along_axis(log_softmax(X @ W, axis=1), y[:, None], axis=1)
        return reg / 2 * np.vdot(W, W) - log_p.mean()

    return {"loss": loss(W), "dW": numerical_gradient(loss, W)}


def numerical_gradient(f, x):
    """Gradient of f, a number, at x, float64 of order 1: Richardson on central differences."""
    # A central difference is off by h^2 and by eps / h, 1e-10 at its best h, and that only
    # where f is near 1: at scores of 1000 round-off is 1000 times more. Of the differences at h
    # and 2h the h^2 cancels; at the best h for what is left, h^4, round-off counts 100 times
    # less: 1e-12 here, and 4e-10 at scores of 1000.
    h = np.finfo(np.float64).eps ** (1 / 5)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        near, far = _difference(f, x, index, h), _difference(f, x, index, 2 * h)
        gradient[index] = (4 * near - far) / 3
    return gradient


def _difference(f, x, index, h):
    above, below = x.copy(), x.copy()
    above[index] += h
    below[index] -= h
    return (f(above) - f(below)) / (above[index] - below[index])


# Calling the code that is judged, and saying what came of it.


def _failure(function, case):
    """Lines on what is wrong with function at this test point; none where it is right."""
    # Copies: code that writes into its arguments must not spoil the points after this one.
    arguments = [np.copy(a, order="K") if np.ndim(a) else a for a in case.arguments]
    try:
        with _quiet():
            result = function(*arguments)
    except NotImplementedError:
        raise
    except (Exception, SystemExit) as error:
        code = getattr(inspect.unwrap(function), "__code__", None)
        return _explain(error, lambda file: code is not None and file == code.co_filename)
    for given, now in zip(case.arguments, arguments, strict=True):
        if not np.array_equal(given, now):
            changed = "WXy"[[given is a for a in case.arguments].index(True)]
            return (f"{changed} must be left as it was; after the call it has other values",)
    names = f"({', '.join(case.expected)})"
    if not isinstance(result, tuple) or len(result) != len(case.expected):
        return (f"it must return {names}; it returned {type(result).__name__}",)
    pairs = zip(case.expected.items(), result, strict=True)
    lines = (_compare(name, yours, truth, case) for (name, truth), yours in pairs)
    return tuple(line for line in lines if line)


def _compare(name, yours, truth, case):
    """A line on how `yours` differs from the truth; empty where it does not."""
    try:
        yours = np.asarray(yours, dtype=np.float64)
    except (TypeError, ValueError):
        return f"{name} must be of numbers; yours is a {type(yours).__name__}"
    if yours.shape != np.shape(truth):
        return f"{name} must have shape {np.shape(truth)}; yours has {yours.shape}"
    with np.errstate(all="ignore"):
        off = np.abs(yours - truth)
    wrong = ~(off <= case.tolerance * np.max(np.abs(truth)))  # so that nan is wrong
    if not wrong.any():
        return ""
    if not yours.ndim:
        return f"{name}: yours {yours:.8g}, expected {truth:.8g}"
    worst = tuple(int(k) for k in np.unravel_index(np.argmax(off), off.shape))
    return (
        f"{name}: {wrong.sum()} of {wrong.size} entries differ, most {name}{list(worst)}: "
        f"yours {yours[worst]:.8g}, expected {truth[worst]:.8g}"
    )


def _explain(error, is_own):
    """Lines on an exception: the last line of code that is the student's, type and message."""
    frames = [(f.filename, f.lineno, f.line) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno, (error.text or "").strip()))
    own = [frame for frame in frames if is_own(frame[0])]
    message = (error.msg if isinstance(error, SyntaxError) else str(error)).split("\n")[0]
    lines = [f"{type(error).__name__}: {message[:300]}".rstrip(": ")]
    if own:
        file, number, text = own[-1]
        place = Path(file).relative_to(ROOT).as_posix() if _is_in_folder(file) else "your code"
        lines.append(f"{place}, line {number}: {text}")
    return tuple(lines)


def _is_in_folder(file):
    """Whether a file is the course's own code, and not of these checks or of .venv."""
    folder = Path(file).resolve().parent
    return folder == ROOT or (folder.parent == ROOT and folder.name != "grading")


@contextlib.contextmanager
def _quiet():
    """Neither prints nor warnings of the code that is judged are seen."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


def _load(file):
    """The module of this file of this folder, under its own name: it may import relatively."""
    if sys.path[:1] != [str(ROOT)]:
        sys.path.insert(0, str(ROOT))
    module = importlib.import_module(".".join(Path(file).with_suffix("").parts))
    if Path(module.__file__).resolve() != ROOT / file:
        raise ImportError(f"{file} must come from {ROOT}; got {module.__file__}")
    return module


def main(argv=None):
    """The command; returns its exit status, 0 where every exercise asked for is right."""
    parser = argparse.ArgumentParser(
        prog="python -m grading.check",
        description="Say of each exercise: unfinished, wrong (and what failed) or right.",
        epilog="Exit status: 0 where all are right, 1 otherwise.",
    )
    exercises = {exercise["function"]: exercise for exercise in read_exercises()}
    names = ", ".join(exercises)
    parser.add_argument("exercise", nargs="*", help=f"{names}; all where none is named")
    asked = parser.parse_args(argv).exercise or list(exercises)
    for name in asked:
        if name not in exercises:
            parser.exit(1, f"exercise must be one of {names}; got {name}; try no name, for all\n")
    # A Windows pipe would else refuse the ticks.
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    verdicts = [judge_file(exercises[name]) for name in asked]
    print(*verdicts, sep="\n")
    return 0 if all(verdict.state == "right" for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
