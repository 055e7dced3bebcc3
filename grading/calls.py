"""Calling code that is judged, on copies and quietly, and saying what came of it."""

import contextlib
import inspect
import os
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .points import has_gaps, with_gaps

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """What came of a call: the result or the error, and the names of arguments it changed."""

    result: object = None
    error: Exception | None = None
    changed: tuple = ()

    @property
    def is_unfinished(self):
        """Whether the body is not written: it says so, or returns nothing."""
        return isinstance(self.error, NotImplementedError) or (
            self.error is None and self.result is None
        )


def call(function, arguments):
    """The Outcome of function(*arguments.values()), which may change only copies."""
    copies = {name: copy(given) for name, given in arguments.items()}
    try:
        with quiet():
            result, error = function(*copies.values()), None
    except (Exception, SystemExit) as raised:
        result, error = None, raised
    changed = [name for name, given in arguments.items() if not same(given, copies[name])]
    return Outcome(result, error, tuple(changed))


def compare(outcome, case, function):
    """Lines on what is wrong with the outcome of a function at a test point; none where right."""
    if outcome.is_unfinished:
        return ("it is unfinished",)
    if outcome.error:
        return explain(outcome.error, function)
    for name in outcome.changed:
        return (f"{name} must be left as it was; after the call it has other values",)
    is_tuple, count = isinstance(outcome.result, tuple), len(case.expected)
    results = outcome.result if is_tuple else (outcome.result,)
    if is_tuple != (count > 1) or len(results) != count:
        got = type(outcome.result).__name__
        return (f"it must return {', '.join(case.expected)}; it returned {got}",)
    pairs = zip(case.expected.items(), results, strict=True)
    lines = (_compare(name, yours, truth, case) for (name, truth), yours in pairs)
    return tuple(line for line in lines if line)


def _compare(name, yours, truth, case):
    """A line on how `yours` differs from the truth; empty where it does not."""
    kind, yours = type(yours).__name__, numbers(yours)
    if yours is None:
        return f"{name} must be of numbers; yours is a {kind}"
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


def numbers(result):
    """The result as an array of float64, None where it is no real numbers."""
    try:
        array = np.asarray(result)
        return array.astype(np.float64) if array.dtype.kind in "fiub" else None
    except (TypeError, ValueError):
        return None


def explain(error, function=None):
    """Lines on an exception: type and message, and the last line of code that is the student's.

    That is a line of the function's file, or without a function of this course's own files.
    """
    code = getattr(inspect.unwrap(function), "__code__", None) if function else None
    own_file = code.co_filename if code else None
    frames = [(f.filename, f.lineno, f.line) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno, (error.text or "").strip()))
    own = [f for f in frames if (f[0] == own_file if function else place_of(f[0]))]
    message = (error.msg if isinstance(error, SyntaxError) else str(error)).split("\n")[0]
    lines = [f"{type(error).__name__}: {message[:300]}".rstrip(": ")]
    if own:
        file, number, text = own[-1]
        lines.append(f"{place_of(file) or 'your code'}, line {number}: {text}")
    return tuple(lines)


def place_of(file):
    """The name in this course of a file of its own code; empty for these checks and for .venv."""
    path = Path(file).resolve()
    if path.parent == ROOT or (path.parent.parent == ROOT and path.parent.name != "grading"):
        return path.relative_to(ROOT).as_posix()
    return ""


def same(one, other):
    """Whether two arguments hold the same numbers, nan being one."""
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f")


def copy(given):
    """A copy of an argument, lying in memory as that does."""
    if np.ndim(given) == 0:
        return given
    return with_gaps(given) if has_gaps(given) else np.copy(given, order="K")


@contextlib.contextmanager
def quiet():
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
