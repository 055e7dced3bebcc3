"""Check the exercises: unfinished, wrong (and which comparison failed), or right.

    python -m grading.check                        all exercises, from their files
    python -m grading.check softmax_loss_naive     one
    check(softmax_loss_naive)                      in a notebook, the function that is there

The test points, and the truth that results are compared with, are in points.py.
"""

import argparse
import importlib
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .calls import ROOT, call, compare, explain, quiet
from .points import CASES


@dataclass(frozen=True)
class Verdict:
    """What came of an exercise: its state, a bool for each test point, and the first failure."""

    exercise: str
    state: str  # "unfinished", "wrong" or "right"
    passed: tuple = ()
    failure: tuple = ()  # lines of text
    optional: bool = False

    def __str__(self):
        ticks = "".join("✓" if passed else "✗" for passed in self.passed)
        head = f"{self.exercise:<{max(map(len, CASES))}}   {self.state:<10}"
        if ticks:
            head += f"   {ticks}  {sum(self.passed)} of {len(ticks)} test points"
        if self.optional:
            head += "   (optional)"
        return "\n".join([head.rstrip(), *(f"    {line}" for line in self.failure)])


def check(function):
    """Print whether a function, such as softmax_loss_naive, is unfinished, wrong or right."""
    name = getattr(function, "__name__", repr(function))
    if name not in CASES:
        raise ValueError(
            f"function must be an exercise, one of {', '.join(CASES)}; got {name}; "
            f"try check({next(iter(CASES))})"
        )
    optional = {exercise["function"]: is_optional(exercise) for exercise in read_exercises()}
    print(judge(function, name, optional[name]))


def judge(function, exercise, optional=False):
    """The Verdict on a function, from the test points of the exercise of that name."""
    passed, failure = [], ()
    for number, case in enumerate(CASES[exercise](), 1):
        outcome = call(function, case.arguments)
        if isinstance(outcome.error, NotImplementedError):
            return Verdict(exercise, "unfinished", optional=optional)
        lines = compare(outcome, case, function)
        passed.append(not lines)
        if lines and not failure:
            failure = (f"test point {number}, {case.name}:", *lines)
    state = "wrong" if failure else "right"
    return Verdict(exercise, state, tuple(passed), failure, optional)


def judge_file(exercise):
    """The Verdict on an exercise, a table of exercises.toml, as its file has it now."""
    name, file, optional = exercise["function"], exercise["file"], is_optional(exercise)
    try:
        with quiet():
            function = getattr(_load(file), name, None)
    except (Exception, SystemExit) as error:
        return Verdict(name, "wrong", (), explain(error), optional)
    if function is None:
        failure = (f"{file} has no function of this name",)
        return Verdict(name, "wrong", (), failure, optional)
    return judge(function, name, optional)


def read_exercises(root=ROOT):
    """The tables of exercises.toml, in its order: a list of dicts."""
    with open(root / "grading" / "exercises.toml", "rb") as file:
        return tomllib.load(file)["exercise"]


def is_optional(exercise):
    """Whether this table of exercises.toml may be left unfinished."""
    return exercise.get("optional", False)


# Loading the student's files.


def _load(file):
    """The module of this file of this folder, under its own name: it may import relatively."""
    if sys.path[:1] != [str(ROOT)]:
        sys.path.insert(0, str(ROOT))
    module = importlib.import_module(".".join(Path(file).with_suffix("").parts))
    if Path(module.__file__).resolve() != ROOT / file:
        raise ImportError(f"{file} must come from {ROOT}; got {module.__file__}")
    return module


def main(argv=None):
    """The command; returns its exit status, 0 where nothing asked for is left to do."""
    parser = argparse.ArgumentParser(
        prog="python -m grading.check",
        description="Say of each exercise: unfinished, wrong (and what failed) or right.",
        epilog="Exit status: 0 where all are right, or optional and unfinished; 1 otherwise.",
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
    done = (v.state == "right" or (v.optional and v.state == "unfinished") for v in verdicts)
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
