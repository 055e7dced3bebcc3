"""Check the exercises: unfinished, wrong (and which comparison failed), or right.

    python -m grading.check                        all exercises, from their files
    python -m grading.check softmax_loss_naive     one
    check(softmax_loss_naive)                      in a notebook, the function that is there

The test points, and the truth that results are compared with, are in points.py.
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

from .points import CASES, has_gaps, with_gaps

ROOT = Path(__file__).resolve().parent.parent


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
        try:
            lines = _failure(function, case)
        except NotImplementedError:
            return Verdict(exercise, "unfinished", optional=optional)
        passed.append(not lines)
        if lines and not failure:
            failure = (f"test point {number}, {case.name}:", *lines)
    state = "wrong" if failure else "right"
    return Verdict(exercise, state, tuple(passed), failure, optional)


def judge_file(exercise):
    """The Verdict on an exercise, a table of exercises.toml, as its file has it now."""
    name, file, optional = exercise["function"], exercise["file"], is_optional(exercise)
    try:
        with _quiet():
            function = getattr(_load(file), name, None)
    except (Exception, SystemExit) as error:
        return Verdict(name, "wrong", (), _explain(error, _is_in_folder), optional)
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


# Calling the code that is judged, and saying what came of it.


def _failure(function, case):
    """Lines on what is wrong with function at this test point; none where it is right."""
    # Copies: code that writes into its arguments must not spoil the points after this one.
    arguments = {name: _copy(given) for name, given in case.arguments.items()}
    try:
        with _quiet():
            result = function(*arguments.values())
    except NotImplementedError:
        raise
    except (Exception, SystemExit) as error:
        code = getattr(inspect.unwrap(function), "__code__", None)
        return _explain(error, lambda file: code is not None and file == code.co_filename)
    for name, given in case.arguments.items():
        if not np.array_equal(given, arguments[name]):
            return (f"{name} must be left as it was; after the call it has other values",)
    is_tuple, count = isinstance(result, tuple), len(case.expected)
    results = result if is_tuple else (result,)
    if result is None or is_tuple != (count > 1) or len(results) != count:
        return (f"it must return {', '.join(case.expected)}; it returned {type(result).__name__}",)
    pairs = zip(case.expected.items(), results, strict=True)
    lines = (_compare(name, yours, truth, case) for (name, truth), yours in pairs)
    return tuple(line for line in lines if line)


def _copy(given):
    """A copy of an argument, lying in memory as that does."""
    if np.ndim(given) == 0:
        return given
    return with_gaps(given) if has_gaps(given) else np.copy(given, order="K")


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
    largest = np.max(np.abs(truth), initial=0) or 1.0  # 1: where all of the truth is 0
    wrong = ~(off <= case.tolerance * largest)  # so that nan is wrong
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
