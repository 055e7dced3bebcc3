"""Whether a function loops over its rows in Python: told by bytecodes, never by the clock.

    loops_over(f, small, large)    True where   steps(large) - steps(small) >= (N_l - N_s) / 2
    count_steps(f, *arguments)     steps: bytecodes run in Python frames, in any module

What numpy does to a whole array is one step however many rows there are, and its own Python
wrappers take the same steps for 40 rows as for 400. A loop takes a step or more for each row,
whatever it is made of: for, while, a comprehension, a generator, recursion, np.vectorize,
np.apply_along_axis, a function handed to map, a thread. A loop over the classes or the features
is none over rows, and neither is one over blocks of rows that are longer than the larger N.

A function of C that C calls for each row, as in `list(map(np.exp, X))` or np.vectorize(math.exp),
runs no bytecode; map, starmap, reduce and frompyfunc are made to call it through one that does,
under their own names everywhere, under others (`from functools import reduce`) in f's module.

Not seen: what C does to each row with no function given (`sum(X)`, `list(y)`, X.tolist()); a
function of C that is given to sorted, min, max, filter or accumulate; an object of frompyfunc
made earlier; other processes; threads older than the call; compiled code; a hand-in that undoes
the counting in order to hide.

Source: https://docs.python.org/3/library/sys.monitoring.html, and sys.settrace before 3.12
"""

import builtins
import contextlib
import copy
import functools
import inspect
import itertools
import math
import sys
import threading

import numpy as np

# A count is repeated this often and the least taken: a collection of garbage, or a first warning,
# may add to one, nothing takes away. The first two can hardly both be disturbed; one to spare.
ROUNDS = 3
CALL_EACH = (map, itertools.starmap, functools.reduce, np.frompyfunc)  # all take (f, ...)


def loops_over(f, small, large):
    """Whether f, called, takes steps for each row, in loops or in functions called for each.

    f            : function    called eight times at most, with copies of its arguments
    small, large : tuples      arguments that differ in the number of rows alone, N_s < N_l; N_s
                               above every other size, so that einsum takes the same path twice
    Returns True or False. Raises what f raises, and ValueError where large has no more rows.
    """
    rows = _rows_more(small, large)
    # No loops are a warning at one size only, and a forgotten print of an array, entry by entry.
    with np.errstate(all="ignore"), np.printoptions(threshold=0):
        f(*copy.deepcopy(large))  # imports, if any: these are to find everything as it was
        with _calls_by_c_shown(f):
            count_steps(f, *copy.deepcopy(large))  # what is kept by the first call that is traced
            fewest = min(count_steps(f, *copy.deepcopy(small)) for _ in range(ROUNDS))
            # The cheapest loop takes one step a row, the right function none: half way between.
            limit = fewest + rows / 2
            counts = (count_steps(f, *copy.deepcopy(large), limit=limit) for _ in range(ROUNDS))
            return all(count >= limit for count in counts)


def count_steps(f, *arguments, limit=math.inf):
    """Bytecodes run during f(*arguments), by this thread and by those it starts.

    At the limit f is stopped, once: where it catches that too it runs on to its own end, and what
    stands in a `finally` is done. Whoever traces, a debugger or coverage, is left or put back.
    A first count may be off by what is done once: imports, caches, the marks of coverage.
    Returns an int, the limit or more where f was stopped. Raises what f raises before that.
    """
    steps, stopped, caller = 0, False, threading.get_ident()

    def step():
        nonlocal steps, stopped
        steps += 1
        # In another thread it would only be printed: that one ends, and the caller is stopped.
        if steps >= limit and not stopped and threading.get_ident() == caller:
            stopped = True
            raise _Enough

    try:
        _run(f, arguments, step)
    except _Enough:
        pass
    except Exception:
        if not stopped:  # else it is what f made of _Enough
            raise
    return steps


def _traced(f, arguments, step):
    """Call f(*arguments), and step() at each bytecode: Python 3.11."""

    def enter(frame, event, argument):
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return at_event

    def at_event(frame, event, argument):
        if event == "opcode":
            step()
        return at_event

    before, before_in_threads = sys.gettrace(), threading.gettrace()
    try:
        threading.settrace(enter)
        sys.settrace(enter)
        f(*arguments)
    finally:
        sys.settrace(before)
        threading.settrace(before_in_threads)


def _monitored(f, arguments, step):
    """The same from Python 3.12 on, where opcodes are traced too late, and 3.12.1 crashes at it."""
    monitoring = sys.monitoring
    tool = next(number for number in range(5, -1, -1) if not monitoring.get_tool(number))
    older = sys._current_frames().keys() - {threading.get_ident()}

    def at_instruction(code, offset):
        # Not here: a step may raise, and what stands in `finally` is to be done.
        if code is not _monitored.__code__ and threading.get_ident() not in older:
            step()

    monitoring.use_tool_id(tool, __name__)
    try:
        monitoring.register_callback(tool, monitoring.events.INSTRUCTION, at_instruction)
        monitoring.set_events(tool, monitoring.events.INSTRUCTION)
        f(*arguments)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, monitoring.events.INSTRUCTION, None)
        monitoring.free_tool_id(tool)


_run = _monitored if sys.version_info >= (3, 12) else _traced


class _Enough(BaseException):
    """The limit is reached. Not an Exception, which hand-ins catch."""


@contextlib.contextmanager
def _calls_by_c_shown(f):
    """While this lasts, a function of C that C calls for each item is called through a lambda.

    f : function    whose module may know map and its like under names of its own
    Not counted on: that map is then no class, and isinstance(x, map) an error.
    """
    stand_ins = {id(call_each): _through_lambda(call_each) for call_each in CALL_EACH}
    own = getattr(inspect.unwrap(f), "__globals__", {})
    modules = [vars(module) for module in (builtins, itertools, functools, np)]
    found = [
        (names, name, value)
        for names in (*modules, np.vectorize.__call__.__globals__, own)
        for name, value in names.items()
        if id(value) in stand_ins
    ]
    for names, name, value in found:
        names[name] = stand_ins[id(value)]
    try:
        yield
    finally:
        for names, name, value in found:
            names[name] = value


def _through_lambda(call_each):
    def stand_in(function, *arguments, **named):
        return call_each(lambda *items: function(*items), *arguments, **named)

    return stand_in


def _rows_more(small, large):
    """N_l - N_s: the largest difference between the shapes of the arguments."""
    shapes = [(np.shape(s), np.shape(n)) for s, n in zip(small, large, strict=True)]
    more = max((b - a for pair in shapes for a, b in zip(*pair, strict=True)), default=0)
    if more < 1:
        raise ValueError(
            f"large must have more rows than small; got shapes {[pair[1] for pair in shapes]} and "
            f"{[pair[0] for pair in shapes]}; try 400 rows and 40"
        )
    return more
