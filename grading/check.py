"""Check the exercises: unfinished, wrong (with the fault by name, and a hint), or right.

    python -m grading.check                                    all exercises, from their files
    python -m grading.check softmax_loss_naive --hint 2        one, and a plainer hint
    python -m grading.check --watch                            again on every save
    check(softmax_loss_naive)                                  in a notebook, the function there

The test points are in points.py; what names the fault is diagnosis.py.
"""

import argparse
import contextlib
import faulthandler
import importlib
import inspect
import multiprocessing
import signal
import sys
import tempfile
import textwrap
import threading
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .calls import ROOT, call, compare, explain, place_of, quiet
from .diagnosis import FAULTS, Diagnosis, diagnose
from .points import CASES

LIMIT = 10  # seconds for an exercise, which takes two on a slow laptop, before it is stopped


@dataclass(frozen=True)
class Verdict:
    """What came of an exercise.

    state     : "unfinished", "wrong" or "right"
    points    : (name, passed) of each test point
    failure   : lines on the first that failed, or on why none was tried
    diagnosis : the Diagnosis, where there was one to make
    """

    exercise: str
    state: str
    points: tuple = ()
    failure: tuple = ()
    diagnosis: Diagnosis | None = None
    optional: bool = False

    @property
    def is_done(self):
        return self.state == "right" or (self.optional and self.state == "unfinished")

    def __str__(self):
        return "\n".join(self.lines())

    def lines(self, hint=1, each_point=False):
        """The report: with a hint of level 1 to 3, and a line for each test point if asked."""
        ticks = "".join("✓" if passed else "✗" for _, passed in self.points)
        head = f"{self.exercise:<{max(map(len, CASES))}}   {self.state:<10}"
        if ticks:
            head += f"   {ticks}  {ticks.count('✓')} of {len(ticks)} test points"
        yield (head + "   (optional)" * self.optional).rstrip()
        if each_point:
            yield from (f"    {'✓' if passed else '✗'} {name}" for name, passed in self.points)
        yield from _wrapped(self._fault(hint))
        yield from (f"    {line}" for line in self.failure)
        yield from _wrapped(self._remarks())

    def _remarks(self):
        for code in self.diagnosis.remarks if self.state == "right" else ():
            yield f"remark: {FAULTS[code]['where']}"

    def _fault(self, hint):
        diagnosis = self.diagnosis
        if diagnosis is None or diagnosis.ok:
            return
        lines = diagnosis.hints[hint - 1].splitlines()
        each = len(lines) // max(1, len(diagnosis.faults))
        for number, code in enumerate(diagnosis.faults):
            yield f"{code}: {FAULTS[code]['name']}"
            yield from lines[number * each : (number + 1) * each]
        if not diagnosis.confident:
            besides = "besides, there is an" if diagnosis.faults else ""
            yield f"{besides} unknown fault: none of the usual mistakes gives these numbers".strip()
            *known, _ = diagnosis.evidence  # the last is the test point, which is told below
            yield from known[:2]
        if diagnosis.faults and hint < 3:
            yield f"(more: hint {hint + 1})"


def _wrapped(lines):
    for line in lines:
        yield from textwrap.wrap(line, 92, initial_indent="    ", subsequent_indent="      ")


def check(function, hint=1):
    """Print whether a function, such as softmax_loss_naive, is unfinished, wrong or right.

    hint : 1, where to look; 2, the line of the derivation; 3, what is computed and what should be
    """
    name = getattr(function, "__name__", repr(function))
    if name not in CASES:
        raise ValueError(
            f"function must be an exercise, one of {', '.join(CASES)}; got {name}; "
            f"try check({next(iter(CASES))})"
        )
    _check_hint(hint)
    optional = {exercise["function"]: is_optional(exercise) for exercise in read_exercises()}
    try:
        with _deadline():
            verdict = judge(function, name, optional[name])
    except _TookTooLong as stopped:
        lines = (
            f"it was stopped after {LIMIT} seconds: is it slow, or does a loop never end?",
            *stopped.args,
        )
        verdict = Verdict(name, "wrong", failure=lines, optional=optional[name])
    print(*verdict.lines(hint, each_point=True), sep="\n")


def judge(function, exercise, optional=False):
    """The Verdict on a function, from the test points of the exercise of that name."""
    seen, failure = [], ()
    for number, case in enumerate(CASES[exercise](), 1):
        outcome = call(function, case.arguments)
        if outcome.is_unfinished:
            return _unfinished(exercise, outcome.error, optional)
        lines = compare(outcome, case, function)
        if lines and case.is_for_the_door and inspect.unwrap(function) is function:
            lines = ("@door is missing above the function: put it back",)
        seen.append((case.name, not lines))
        if lines and not failure:
            failure = (f"test point {number}, {case.name}:", *lines)
    diagnosis = diagnose(function, exercise)
    if diagnosis.faults == ("unfinished",):  # behind the door, which refuses None
        return _unfinished(exercise, None, optional)
    state = "right" if diagnosis.ok and not failure else "wrong"
    return Verdict(exercise, state, tuple(seen), failure, diagnosis, optional)


def _unfinished(exercise, error, optional):
    """The Verdict on a body that is not written, returns nothing, or calls one not written."""
    failure = ()
    if error is None:
        failure = ("it returns nothing: its last line is to return the result",)
    elif not str(error).startswith(exercise):
        failure = (f"it calls what is not written yet: {error}",)
    return Verdict(exercise, "unfinished", failure=failure, optional=optional)


def judge_file(exercise):
    """The Verdict on an exercise, a table of exercises.toml, as its file has it now."""
    name, file, optional = exercise["function"], exercise["file"], is_optional(exercise)
    try:
        with quiet():
            function = getattr(_load(file), name, None)
    except (Exception, SystemExit) as error:
        return Verdict(name, "wrong", failure=explain(error), optional=optional)
    if function is None:
        failure = (f"{file} has no function of this name",)
        return Verdict(name, "wrong", failure=failure, optional=optional)
    return judge(function, name, optional)


def judge_files(exercises, limit=LIMIT):
    """Yield the Verdict on each, judged in a process of its own, which is stopped if it hangs."""
    waiting = list(exercises)
    while waiting:
        with _Worker(waiting, limit) as worker:
            while waiting:
                verdict = worker.next(waiting[0])
                waiting.pop(0)
                yield verdict
                if worker.is_over:
                    break


def read_exercises(root=ROOT):
    """The tables of exercises.toml, in its order: a list of dicts."""
    with open(root / "grading" / "exercises.toml", "rb") as file:
        return tomllib.load(file)["exercise"]


def is_optional(exercise):
    """Whether this table of exercises.toml may be left unfinished."""
    return exercise.get("optional", False)


def _check_hint(hint):
    if hint not in (1, 2, 3):
        raise ValueError(f"hint must be 1, 2 or 3; got {hint!r}; try 2")


def _load(file):
    """The module of this file of this folder, under its own name: it may import relatively."""
    if sys.path[:1] != [str(ROOT)]:
        sys.path.insert(0, str(ROOT))
    module = importlib.import_module(".".join(Path(file).with_suffix("").parts))
    if Path(module.__file__).resolve() != ROOT / file:
        raise ImportError(f"{file} must come from {ROOT}; got {module.__file__}")
    return module


# ---- what hangs ------------------------------------------------------------------------------


class _Worker:
    """A process that judges files one after the other, and may be stopped at any of them."""

    def __init__(self, exercises, limit):
        self.limit, self.is_over = limit, False
        self.folder = tempfile.TemporaryDirectory()
        self.trace = Path(self.folder.name, "trace.txt")  # where it was when it hung
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe(duplex=False)
        arguments = theirs, exercises, limit, self.trace
        self.process = context.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.connection.recv()  # it has started: that is not the exercise's time

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.folder.cleanup()

    def next(self, exercise):
        """Its next Verdict, or one on why there is none."""
        lines = (
            f"it was stopped after {self.limit} seconds: is it slow, or does a loop never end?",
        )
        try:
            if self.connection.poll(self.limit + 3):  # more: it first writes where it is
                return self.connection.recv()
            lines += self._where()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            lines = (f"it ended the whole process that ran it (exit code {code})",)
        self.is_over = True
        name = exercise["function"]
        return Verdict(name, "wrong", failure=lines, optional=is_optional(exercise))

    def _where(self):
        for line in self.trace.read_text().splitlines():
            file, _, rest = line.strip().removeprefix('File "').partition('", line ')
            number = rest.split(" ")[0]
            if number.isdigit() and place_of(file):
                return (f"it was at {place_of(file)}, line {number}",)
        return ()


def _work(connection, exercises, limit, trace):
    connection.send("ready")
    with open(trace, "w") as file:
        for exercise in exercises:
            # Of C, so that it writes also where Python does not come to it any more.
            faulthandler.dump_traceback_later(limit, file=file)
            try:
                verdict = judge_file(exercise)
            except BaseException as error:  # of the student's: nobody types Ctrl-C in here
                name, optional = exercise["function"], is_optional(exercise)
                verdict = Verdict(name, "wrong", failure=explain(error), optional=optional)
            faulthandler.cancel_dump_traceback_later()
            connection.send(verdict)


class _TookTooLong(BaseException):
    """The deadline of a cell; no Exception, so that student's `except Exception` lets it pass."""


@contextlib.contextmanager
def _deadline():
    """Stop what runs in this block after LIMIT seconds, where that can be done.

    Only the main thread of a POSIX system has an alarm, and it is heard between two lines of
    Python: not in the midst of a call of numpy's that does not end.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        print("(here nothing can stop a function that hangs but the kernel's interrupt)")
        yield
        return

    def stop(_, frame):
        raise _TookTooLong(f"it was at line {frame.f_lineno}, in {frame.f_code.co_name}")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT, 1)  # again: a bare `except` may catch the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# ---- the command -----------------------------------------------------------------------------


def main(argv=None):
    """The command; returns its exit status, 0 where nothing asked for is left to do."""
    parser = argparse.ArgumentParser(
        prog="python -m grading.check",
        description="Say of each exercise: unfinished, wrong (with the fault and a hint) or right.",
        epilog="Exit status: 0 where all are right, or optional and unfinished; 1 otherwise.",
    )
    exercises = {exercise["function"]: exercise for exercise in read_exercises()}
    names = ", ".join(exercises)
    parser.add_argument("exercise", nargs="*", help=f"{names}; all where none is named")
    parser.add_argument(
        "--hint",
        type=int,
        choices=(1, 2, 3),
        default=1,
        help="1, where to look (default); 2, the line of the derivation; 3, what is computed "
        "and what should be",
    )
    parser.add_argument("--watch", action="store_true", help="check again on every save")
    args = parser.parse_args(argv)
    for name in args.exercise:
        if name not in exercises:
            parser.exit(1, f"exercise must be one of {names}; got {name}; try no name, for all\n")
    # A Windows pipe would else refuse the ticks.
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    asked = [exercises[name] for name in args.exercise] or list(exercises.values())
    try:
        return _watch(asked, args.hint) if args.watch else _report(asked, args.hint)
    except KeyboardInterrupt:
        return 1


def _report(asked, hint):
    """Print the verdicts as they come, and how many exercises are done; the exit status."""
    verdicts = []
    for verdict in judge_files(asked):
        verdicts.append(verdict)
        print(*verdict.lines(hint, each_point=len(asked) == 1), sep="\n", flush=True)
    if len(asked) > 1:
        right = sum(verdict.state == "right" for verdict in verdicts)
        print(f"{right} of {len(asked)} right", flush=True)
    return 0 if all(verdict.is_done for verdict in verdicts) else 1


def _watch(asked, hint):
    """Report, and report again on the exercises of each file that is saved, until Ctrl-C."""
    files = sorted({exercise["file"] for exercise in asked})
    saved = _saved(files)  # before the report: what is saved meanwhile is not missed
    _report(asked, hint)
    print(f"watching {', '.join(files)}; Ctrl-C ends it", flush=True)
    while True:
        time.sleep(0.3)
        now = _saved(files)
        changed = {file for file in files if now[file] != saved[file]}
        if changed:
            time.sleep(0.1)  # an editor may write twice
            saved = _saved(files)
            print(f"\n{', '.join(sorted(changed))} at {time.strftime('%H:%M:%S')}", flush=True)
            _report([exercise for exercise in asked if exercise["file"] in changed], hint)


def _saved(files):
    """When each file was saved last; a file that is being replaced was never."""
    times = {}
    for file in files:
        try:
            times[file] = (ROOT / file).stat().st_mtime_ns
        except FileNotFoundError:
            times[file] = 0
    return times


if __name__ == "__main__":
    sys.exit(main())
