"""The checks at the door. Their words are those of the assignment's own door, held by a test.

Every error is a ValueError in four parts: the name, what it must be, what came, what to try.
"""

import sys

import numpy as np

ROWS_AT_ONCE = 8192  # rows looked through together for what is not finite


def check_arguments(W, X, y, reg):
    """(W, X, y, reg) in rows, X an array or Rows, and whether they came in columns."""
    W, X, y = plain(W), X if is_rows(X) else plain(X), np.asarray(y)
    _check_weights(W)
    columns = not is_rows(X) and _in_columns(W, X, y)
    if columns:
        W, X = W.T, X.T
    _check_examples(X, W)
    _check_sizes(W, X)
    _check_labels(y, X, W.shape[1])
    return W, X, native(y), _check_reg(reg), columns


def check_finite(name, array, remedy):
    """Raise ValueError naming the first entry of the matrix that is NaN or infinite."""
    for start in range(0, len(array), ROWS_AT_ONCE):
        block = np.asarray(array[start : start + ROWS_AT_ONCE])
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(np.vdot(block, block)):
                continue
        finite = np.isfinite(block)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            got = f"{block[row, column]} in row {start + row}, column {column}"
            fail(name, "be finite", got, remedy)


def fail(name, must, got, remedy):
    """Raise the four-part ValueError."""
    raise ValueError(f"{name} must {must}; got {got}; try {remedy}")


def plain(array):
    """`array` if it is one, expanded if it only stands for one, as a table of pandas does."""
    if hasattr(array, "shape") and hasattr(array, "__array__"):
        return np.asarray(array)
    return array


def native(array):
    """`array` in this machine's order of bytes."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def is_rows(X):
    """Whether X is a view of stored rows, which is always in row layout."""
    return hasattr(X, "stored")


def _check_weights(W):
    if not isinstance(W, np.ndarray) or W.ndim != 2:
        fail("W", "be a two-dimensional array, (D, C)", _kind(W), "an array of one column a class")
    if W.dtype not in (np.float32, np.float64):
        fail("W", "be float32 or float64", W.dtype, "W.astype(np.float64)")


def _check_examples(X, W):
    if getattr(X, "ndim", None) != 2:
        fail("X", "be a two-dimensional array, one row an example", _kind(X), "X.reshape(N, D)")
    if X.dtype not in (np.float32, np.float64):
        fail("X", "be float32 or float64", X.dtype, f"X.astype(np.{W.dtype})")
    if 0 in X.shape:
        fail("X", "hold at least one example of one feature", X.shape, "a batch that is not empty")
    if W.shape[0] != X.shape[1]:
        remedy = "a W made for this X"
        if W.shape[0] == X.shape[1] + 1:
            remedy = "a last column of ones in X, for the bias"
        elif W.shape[1] == X.shape[1]:
            remedy = "W.T"
        fail("W", f"have shape ({X.shape[1]}, C) to match X {X.shape}", W.shape, remedy)
    if W.shape[1] < 2:
        fail("W", "have a column for each of at least two classes", W.shape, "shape (D, 2)")
    if W.dtype != X.dtype:
        fail("X", f"have the dtype of W, {W.dtype}", X.dtype, f"X.astype(np.{W.dtype})")


def _check_sizes(W, X):
    """Broadcast arrays may be larger than any memory; before one of them is read."""
    (N, D), C = X.shape, W.shape[1]
    if max(N * D, N * C, D * C) > sys.maxsize // 16:
        got = f"{W.shape} and {X.shape}"
        fail("W and X", "have sizes whose products are sizes of arrays", got, "fewer at a time")


def _check_labels(y, X, C):
    if y.shape != X.shape[:1]:
        remedy = "y.ravel()" if y.size == X.shape[0] else "one label for each row of X"
        fail("y", f"have shape ({X.shape[0]},) to match X {X.shape}", y.shape, remedy)
    if y.dtype.kind not in "iu":
        fail("y", "be integers, the index of the right class", y.dtype, "y.astype(int)")
    if y.min() < 0 or y.max() >= C:  # no array is made of fifty million labels
        i = next(i for i in range(len(y)) if not 0 <= y[i] < C)
        classes = f"[0, {C}), one index for each class of W"
        fail("y", f"lie in {classes}", f"{y[i]} at y[{i}]", "labels that count classes from 0")


def _check_reg(reg):
    try:
        number = float(reg)
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    if not 0 <= number < np.inf:
        fail("reg", "be a finite number >= 0", repr(reg), "0.1, or 0 for no regularisation")
    return number


def _in_columns(W, X, y):
    """Whether the shapes mean W (C, D), X (D, N); where both layouts fit, they mean rows."""
    shape, N = getattr(X, "shape", None), y.size
    return shape == (W.shape[1], N) and shape != (N, W.shape[0])


def _kind(value):
    if getattr(value, "shape", None) in (None, ()):
        return getattr(value, "dtype", type(value).__name__)
    return f"shape {value.shape}"
