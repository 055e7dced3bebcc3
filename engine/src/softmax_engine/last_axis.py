"""Softmax, its logarithm and its derivative along the last axis, or another one."""

import numpy as np

from .checks import fail
from .kernel import by_numpy, count_threads, kernel

SOFTMAX, LOG_SOFTMAX, BACKWARD = range(3)  # as the kernel numbers them


def softmax(z, axis=-1):
    """exp(z) / sum(exp(z)) along an axis, for scores of any size.

    z : array of numbers    scores; integers are taken as float64
    Returns an array of z's shape whose entries along the axis are not negative and sum to 1.
    """
    z = _floats(z)
    if _fits(z, axis):
        return _along(SOFTMAX, axis, z)
    return by_numpy().softmax(z, axis)


def log_softmax(z, axis=-1):
    """log(softmax(z)) along an axis, also where the softmax itself is too small for a float.

    z : array of numbers    scores; integers are taken as float64
    Returns an array of z's shape, nowhere above 0.
    """
    z = _floats(z)
    if _fits(z, axis):
        return _along(LOG_SOFTMAX, axis, z)
    return by_numpy().log_softmax(z, axis)


def softmax_backward(dy, y):
    """Gradient with respect to the scores z of a loss above y = softmax(z).

    The product of the softmax Jacobian diag(y) - y y^T with dy, row by row, in O(n).

    dy : (..., n) float    gradient of the loss with respect to y
    y  : (..., n) float    softmax of the scores, as `softmax` returned it
    Returns (..., n), in the wider dtype of the two.
    Raises ValueError where the shapes differ.
    """
    dy, y = _floats(dy), _floats(y)
    if dy.shape != y.shape:
        fail("dy", f"have the shape of y, {y.shape}", dy.shape, "an entry for each of y")
    wider = np.result_type(dy, y)
    dy, y = dy.astype(wider, copy=False), y.astype(wider, copy=False)
    if _fits(y):
        return _along(BACKWARD, -1, y, dy)
    return by_numpy().softmax_backward(dy, y)


def _floats(x):
    """x as an array of floats: on integers, differences wrap round and quotients are lost."""
    x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        fail("an argument", "be an array of real numbers", x.dtype, "np.asarray of it")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _fits(x, axis=-1):
    """Whether the kernel is there and takes such an array, along one axis of it."""
    if x.dtype not in (np.float32, np.float64) or not x.size or not hasattr(axis, "__index__"):
        return False
    return -x.ndim <= axis < x.ndim and kernel()[0] is not None


def _along(which, axis, z, dy=None):
    """One of the kernel's functions along an axis, which is last and contiguous for it."""
    module, instructions = kernel()
    last = axis in (-1, z.ndim - 1)
    z = np.ascontiguousarray(z if last else np.moveaxis(z, axis, -1))
    n = z.shape[-1]
    out = np.empty_like(z)
    dy = None if dy is None else np.ascontiguousarray(dy).reshape(-1, n)
    arrays = dy, z.reshape(-1, n), out.reshape(-1, n)
    module.each_row(instructions, count_threads(), which, *arrays)
    return out if last else np.moveaxis(out, -1, axis)
