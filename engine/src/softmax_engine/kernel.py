"""The compiled kernel: whether it is there, which instructions it uses, and how many threads."""

import contextlib
import contextvars
import functools
import importlib.util
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from .checks import fail

# Of the functions of _kernel: a kernel built from other sources has another, and is refused.
INTERFACE = 1
INSTALL = (
    "a C++ compiler (Debian, Ubuntu: apt install g++; macOS: xcode-select --install; Windows: "
    "the Visual Studio Build Tools), then `make engine`"
)

_threads = contextvars.ContextVar("threads", default=None)


@dataclass(frozen=True)
class Status:
    """What runs here: `instructions` is "numpy" where there is no kernel, and `reason` says why."""

    instructions: str
    available: tuple
    threads: int
    reason: str

    def __str__(self):
        return (
            f"softmax_engine runs on {self.instructions} ({self.reason}), "
            f"{self.threads} thread{'s' if self.threads > 1 else ''}; "
            f"this machine has {', '.join(self.available) or 'nothing else'}"
        )


def status():
    """What runs here and why: a record with `instructions, available, threads, reason`."""
    kernel, reason = _load()
    if is_forced():
        reason = "SOFTMAX_ENGINE_ISA asks for it"
    elif kernel:
        reason = "the fastest of this machine"
    return Status(_instructions(), _available(), count_threads(), reason)


@contextlib.contextmanager
def threads(n):
    """Within this block, and this Python thread, the kernel works on n threads.

    n : whole number >= 1
    The result has the same bits for every n.
    """
    token = _threads.set(_whole("n", n))
    try:
        yield
    finally:
        _threads.reset(token)


def count_threads():
    """Of `threads`, else of SOFTMAX_ENGINE_THREADS, else all cores this process may use."""
    if _threads.get():
        return _threads.get()
    if os.environ.get("SOFTMAX_ENGINE_THREADS"):
        return _whole("SOFTMAX_ENGINE_THREADS", os.environ["SOFTMAX_ENGINE_THREADS"])
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def kernel():
    """(_kernel, its instruction set), or (None, "numpy"), which is said once."""
    instructions = _instructions()
    if instructions != "numpy":
        return _load()[0], instructions
    if not is_forced():
        _say_once()
    return None, instructions


def is_forced():
    """Whether the environment asks for one set of instructions."""
    return bool(os.environ.get("SOFTMAX_ENGINE_ISA"))


@functools.cache
def has_numpy():
    """Whether there is the module that does the same by numpy: not so in the student's copy."""
    return importlib.util.find_spec("softmax_engine.by_numpy") is not None


def by_numpy():
    """The module that does the same by numpy."""
    if not has_numpy():
        must = "softmax_engine, in a copy without by_numpy.py, must have"
        if _load()[0]:
            message = f"{must} arrays for its kernel; got others; try float32 or float64, not empty"
        else:
            message = f"{must} its kernel; got none ({_load()[1]}); try {INSTALL}"
        raise ImportError(message, name="softmax_engine")
    return importlib.import_module("softmax_engine.by_numpy")


@functools.cache
def _load():
    """(_kernel or None, why none)."""
    try:
        module = importlib.import_module("softmax_engine._kernel")
    except ModuleNotFoundError:
        record = Path(__file__).with_name("no_kernel.txt")
        found = record.read_text().strip() if record.exists() else "it was not built"
        return None, f"no kernel: {found}"
    except ImportError as error:  # it is there, and broken: that is not the same
        return None, f"the kernel cannot be loaded: {error}"
    built = getattr(module, "INTERFACE", None)
    if built != INTERFACE:
        return None, f"the kernel is of interface {built} and must be of {INTERFACE}"
    return module, ""


@functools.cache
def _say_once():
    warnings.warn(
        f"softmax_engine runs on numpy, slower: {_load()[1]}; try {INSTALL}",
        RuntimeWarning,
        stacklevel=4,
    )


@functools.cache
def _available():
    module = _load()[0]
    here = [name for name, here in module.sets() if here] if module else []
    return (*here, "numpy") if has_numpy() else tuple(here)


def _instructions():
    forced = os.environ.get("SOFTMAX_ENGINE_ISA")
    if forced and forced not in _available():
        fail("SOFTMAX_ENGINE_ISA", f"be one of {', '.join(_available())} here", forced, "unset it")
    return forced or next(iter(_available()), "numpy")


def _whole(name, value):
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = 0
    if number < 1 or number != (int(value) if isinstance(value, str) else value):
        fail(name, "be a whole number from 1 up", repr(value), "1, or the number of cores")
    return min(number, 1024)
