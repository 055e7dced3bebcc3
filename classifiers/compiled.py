"""The compiled rung: the only file here that knows of the package `softmax_engine`.

The environment variable SOFTMAX_ENGINE is auto (the engine where it is there and wins), on (always,
and its absence is an error) or off (never).
"""

import functools
import importlib
import os

import numpy as np

from .door import door, fail, plain

# N * D * C from which the engine is taken. Below, there is nothing to gain: a batch is over in a
# tenth of a millisecond either way. Above, it wins; from 1 to 1000 rows by 3 to 1000 classes it was
# 0.9 to 2.5 times as fast as numpy, the least where classes outnumber rows.
LARGE = 100_000


@door(lazy=True)
def softmax_loss_compiled(W, X, y, reg):
    """Softmax loss and gradient by the compiled engine, for large batches.

    Arguments, results and errors are those of `softmax_loss_naive`; X may be `rows` as well.
    Raises ImportError where the package softmax_engine is not installed.
    """
    return _engine().softmax_loss(W, X, y, reg)


def rows(X, shift=None, scale=None, bias=False):
    """Stored rows as features, (X - shift) * scale, and with `bias` a last 1.

    X     : (N, stored D) uint8, float32 or float64
    shift : None, a number or (stored D,)    subtracted, such as the mean image
    scale : None, a number or (stored D,)    multiplied then
    Returns the engine's `Rows`, which are never expanded: a slice or an array of integers gives
    such rows again, and the compiled rung and `Softmax` take them. Where there is no kernel,
    the expanded array, float32 for uint8.
    Raises ValueError where X is not as above.
    """
    if _has_kernel():
        return _engine().Rows(X, shift, scale, bias)
    X = plain(X)
    if getattr(X, "ndim", None) != 2 or X.dtype not in (np.uint8, np.float32, np.float64):
        got = f"shape {X.shape} of {X.dtype}" if hasattr(X, "dtype") else type(X).__name__
        fail("X", "be a matrix of uint8, float32 or float64", got, "X.reshape(N, -1)")
    features = np.ones((len(X), X.shape[1] + bias), np.result_type(X, np.float16, np.float32))
    pixels = features[:, : X.shape[1]]
    pixels[:] = X
    if shift is not None:
        pixels -= np.asarray(shift, features.dtype)
    if scale is not None:
        pixels *= np.asarray(scale, features.dtype)
    return features


def compiled_or(other):
    """The loss that is `softmax_loss_compiled` for `rows` and large batches, and `other` else."""
    return functools.partial(_choose, other)


def _choose(other, W, X, y, reg):
    return (softmax_loss_compiled if _wins(W, X) else other)(W, X, y, reg)


def _wins(W, X):
    """Whether the engine is to take this batch. What W and X are, the doors say."""
    if _mode() == "off":
        return False
    if _mode() == "on":
        status = _engine().status()
        if status.instructions == "numpy":
            _missing("the kernel of softmax_engine", status.reason)
        return True
    if not isinstance(X, np.ndarray):
        return hasattr(X, "stored")
    return X.size / max(1, X.shape[-1]) * np.size(W) >= LARGE and _has_kernel()


def _has_kernel():
    try:
        return _engine().status().instructions != "numpy"
    except ImportError as error:
        if error.name != "softmax_engine":
            raise
        return False


def _engine():
    # Looked up at the call: the classifiers must import, and teach, without it. Only its absence
    # is caught: an engine that is there and broken must not look like no engine.
    if _mode() == "off":
        _missing("the package softmax_engine", "SOFTMAX_ENGINE=off")
    try:
        return importlib.import_module("softmax_engine")
    except ModuleNotFoundError as error:
        if error.name != "softmax_engine":
            raise
    _missing("the package softmax_engine", "no such package")


def _missing(what, got):
    remedy = "`make engine`, or softmax_loss_vectorized"
    message = f"softmax_loss_compiled must have {what}; got {got}; try {remedy}"
    raise ImportError(message, name="softmax_engine")


def _mode():
    mode = os.environ.get("SOFTMAX_ENGINE", "auto")
    if mode not in ("auto", "on", "off"):
        fail("SOFTMAX_ENGINE", "be auto, on or off", repr(mode), "leaving it unset")
    return mode
