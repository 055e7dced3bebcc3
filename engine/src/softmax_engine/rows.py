"""Stored rows, seen as features: bytes and random mini-batches that are never expanded."""

import numpy as np

from .checks import fail, native, plain

ROWS_AT_ONCE = 1024  # rows expanded together: 12 MB of float32 images


class Rows:
    """A lazy view of stored rows: (x - shift) * scale, and with `bias` a last 1.

    X     : (N, stored D) uint8, float32 or float64    read when it is needed, never copied;
            a memory-mapped array too
    shift : None, a number, or (stored D,)    subtracted from each row, such as the mean image
    scale : None, a number, or (stored D,)    multiplied then
    bias  : whether rows end in a 1, which `shape` counts

        rows = Rows(pixels, shift=mean, scale=1 / 64, bias=True)
        loss, dW = softmax_loss(W, rows[idx], y[idx], reg)

    dtype is float32 for uint8 and else that of X. A slice or an array of integers gives a view
    again; `numpy.asarray(rows)` expands it.
    Raises ValueError where an argument or an index is not as above.
    """

    ndim = 2

    def __init__(self, X, shift=None, scale=None, bias=False):
        X = plain(X)
        if getattr(X, "ndim", None) != 2:
            got = f"shape {X.shape}" if hasattr(X, "shape") else type(X).__name__
            fail("X", "be a two-dimensional array, one row an example", got, "X.reshape(N, D)")
        if X.dtype not in (np.uint8, np.float32, np.float64):
            fail("X", "be uint8, float32 or float64", X.dtype, "X.astype(np.float32)")
        self.stored = X
        self.index = None
        self.dtype = np.dtype(np.float32) if X.dtype == np.uint8 else X.dtype
        self.shift = _per_feature("shift", shift, X)
        self.scale = _per_feature("scale", scale, X)
        self.bias = bool(bias)

    @property
    def shape(self):
        N = len(self.stored) if self.index is None else len(self.index)
        return N, self.stored.shape[1] + self.bias

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, idx):
        view = object.__new__(Rows)
        view.__dict__.update(self.__dict__)
        if self.index is not None:
            view.index = self.index[_index(idx, len(self))]
        elif isinstance(idx, slice):
            view.stored = self.stored[idx]
        else:
            view.index = _index(idx, len(self))
        return view

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            fail("copy", "be True or None, for there is no array yet", copy, "numpy.asarray(rows)")
        out = np.ones(self.shape, self.dtype)
        stored_D = self.stored.shape[1]
        for start in range(0, len(self), ROWS_AT_ONCE):
            block = self[start : start + ROWS_AT_ONCE]
            x = block.stored if block.index is None else block.stored[block.index]
            features = out[start : start + ROWS_AT_ONCE, :stored_D]
            features[:] = x
            if self.shift is not None:
                features -= self.shift.astype(self.dtype)
            if self.scale is not None:
                features *= self.scale.astype(self.dtype)
        return out if dtype is None else out.astype(dtype, copy=False)

    def __repr__(self):
        return f"Rows(shape={self.shape}, dtype={self.dtype}, stored={self.stored.dtype})"


def _per_feature(name, value, X):
    """The numbers as a contiguous float64 array (stored D,), or None."""
    if value is None:
        return None
    D = X.shape[1]
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "fiu" or numbers.shape not in ((), (D,)):
        got = numbers.dtype if numbers.dtype.kind not in "fiu" else numbers.shape
        fail(name, f"be a number or have shape ({D},) to match X {X.shape}", got, "one a feature")
    if not np.isfinite(numbers).all():
        fail(name, "be finite", "nan or inf", "a feature whose spread is not 0")
    return np.array(np.broadcast_to(numbers, (D,)), np.float64)


def _index(idx, N):
    """idx as a slice, or as an array of integers in [0, N)."""
    if isinstance(idx, slice):
        return idx
    idx = np.asarray(idx)
    if idx.dtype == bool and idx.shape == (N,):
        return np.flatnonzero(idx)
    if idx.ndim != 1 or (idx.size and idx.dtype.kind not in "iu"):
        got = f"shape {idx.shape} of {idx.dtype}"
        fail("the index", "be a slice or a row of integers", got, "rows[5:6] for one row")
    if idx.size == 0:
        return idx.astype(np.intp)
    low, high = idx.min(), idx.max()
    if low < -N or high >= N:
        got = low if low < -N else high
        fail("the index", f"lie in [0, {N})", got, "rng.integers(len(rows), size=batch_size)")
    idx = native(idx)
    return np.where(idx < 0, idx + np.intp(N), idx) if low < 0 else idx
