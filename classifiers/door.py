"""The one door of the loss functions: arguments are checked here, so the exercise need not.

Every error is a ValueError in four parts: the name, what it must be, what came, what to try.
"""

import functools

import numpy as np

ROWS_AT_ONCE = 8192  # rows looked at or scored together: 100 MB of float32 images


def door(body=None, *, lazy=False):
    """Wrap `body(W, X, y, reg) -> (loss, dW)`, which knows rows only, in checks and both layouts.

    The body gets W (D, C), X (N, D), y (N,) as plain arrays and reg as a float, all as
    `softmax_loss_naive` promises; with lazy, X may stay what only stands for an array, in rows.
    What it returns is checked as well, and made a Python float and an array of W's dtype. The
    body stays reachable as `__wrapped__`.
    """
    if body is None:
        return functools.partial(door, lazy=lazy)

    @functools.wraps(body)
    def checked(W, X, y, reg):
        W, X, y = plain(W), unexpanded(X) if lazy else plain(X), np.asarray(y)
        check_weights(W)
        columns = _in_columns(W, X, y)
        if columns:
            W, X = W.T, X.T
        check_data(X, y, W)
        reg = check_number("reg", reg, "0.1, or 0 for no regularisation")
        loss, dW = _result(body(W, X, y, reg), W)
        # X is searched only once something went wrong: beforehand, it would cost a fast
        # kernel most of its time. Each row's scores enter both results, so nothing hides.
        if not (np.isfinite(loss) and np.isfinite(dW).all()):
            check_finite("X", X, "leaving that example out")
        return loss, dW.T if columns else dW

    return checked


def check_weights(W):
    """Raise ValueError unless W is a finite float32 or float64 matrix."""
    if not isinstance(W, np.ndarray) or W.ndim != 2:
        fail("W", "be a two-dimensional array, (D, C)", _kind(W), "an array of one column a class")
    if W.dtype not in (np.float32, np.float64):
        fail("W", "be float32 or float64", W.dtype, "W.astype(np.float64)")
    check_finite("W", W, "a smaller learning rate, if training made this W")


def check_data(X, y, W=None):
    """Raise ValueError unless X and y are examples with their labels, and fit W where it is set.

    X has the dtype of W then, which training needs and scoring does not.
    """
    check_examples(X, W)
    if W is not None and W.dtype != X.dtype:
        fail("X", f"have the dtype of W, {W.dtype}", X.dtype, f"X.astype(np.{W.dtype})")
    check_labels(y, X, None if W is None else W.shape[1])


def check_examples(X, W=None):
    """Raise ValueError unless X is a float matrix of at least one row, of W's width if given."""
    if getattr(X, "ndim", None) != 2:
        fail("X", "be a two-dimensional array, one row an example", _kind(X), "X.reshape(N, D)")
    if X.dtype not in (np.float32, np.float64):
        remedy = f"X.astype(np.{'float32' if W is None else W.dtype})"
        fail("X", "be float32 or float64", X.dtype, remedy)
    if 0 in X.shape:
        fail("X", "hold at least one example of one feature", X.shape, "a batch that is not empty")
    if W is None:
        return
    if W.shape[0] != X.shape[1]:
        remedy = "a W made for this X"
        if W.shape[0] == X.shape[1] + 1:
            remedy = "a last column of ones in X, for the bias"
        elif W.shape[1] == X.shape[1]:
            remedy = "W.T"
        fail("W", f"have shape ({X.shape[1]}, C) to match X {X.shape}", W.shape, remedy)
    if W.shape[1] < 2:
        fail("W", "have a column for each of at least two classes", W.shape, "shape (D, 2)")


def check_labels(y, X, C=None):
    """Raise ValueError unless y holds an integer in [0, C) for each row of X."""
    if y.shape != X.shape[:1]:
        remedy = "y.ravel()" if y.size == X.shape[0] else "one label for each row of X"
        fail("y", f"have shape ({X.shape[0]},) to match X {X.shape}", y.shape, remedy)
    if y.dtype.kind not in "iu":
        fail("y", "be integers, the index of the right class", y.dtype, "y.astype(int)")
    outside = (y < 0) | (y >= (np.inf if C is None else C))
    if outside.any():
        i = np.argmax(outside)
        classes = "[0, C)" if C is None else f"[0, {C}), one index for each class of W"
        fail("y", f"lie in {classes}", f"{y[i]} at y[{i}]", "labels that count classes from 0")


def check_number(name, value, remedy, zero=True):
    """Return value as a float; raise ValueError unless it is finite and >= 0, or > 0."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    if not 0 <= number < np.inf or (number == 0 and not zero):
        fail(name, f"be a finite number {'>=' if zero else '>'} 0", repr(value), remedy)
    return number


def check_count(name, value, remedy):
    """Raise ValueError unless value is a whole number from 1 up."""
    if not isinstance(value, (int, np.integer)) or value < 1:
        fail(name, "be a whole number from 1 up", repr(value), remedy)


def check_finite(name, array, remedy):
    """Raise ValueError naming the first entry of the matrix that is NaN or infinite."""
    for start in range(0, len(array), ROWS_AT_ONCE):
        block = np.asarray(array[start : start + ROWS_AT_ONCE])
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(np.vdot(block, block)):  # no array is made where all is well
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


def unexpanded(X):
    """X as it is where it has a dtype, as an array or stored rows have; else as an array."""
    return X if hasattr(X, "dtype") else plain(X)


def _in_columns(W, X, y):
    """Whether the shapes mean W (C, D), X (D, N); where both layouts fit, they mean rows."""
    shape, N = getattr(X, "shape", None), y.size
    return isinstance(X, np.ndarray) and shape == (W.shape[1], N) and shape != (N, W.shape[0])


def _result(result, W):
    """The body's (loss, dW), checked: it is an exercise, and half-done ones return anything."""
    if not isinstance(result, tuple) or len(result) != 2:
        fail("the result", "be the pair (loss, dW)", type(result).__name__, "return loss, dW")
    loss, dW = map(np.asarray, result)
    if loss.shape != () or loss.dtype.kind not in "fiu":
        fail("loss", "be one number", _kind(loss), "the mean over the examples")
    if dW.dtype.kind not in "fiu":
        fail("dW", "be an array of numbers", dW.dtype, "the formula term by term")
    if dW.shape != W.shape:
        fail("dW", f"have the shape of W, {W.shape}", dW.shape, "the shapes of its factors")
    return float(loss), dW.astype(W.dtype, copy=False)


def _kind(value):
    if getattr(value, "shape", None) in (None, ()):
        return getattr(value, "dtype", type(value).__name__)
    return f"shape {value.shape}"
