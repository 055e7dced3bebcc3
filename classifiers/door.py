"""The one door of the loss functions: arguments are checked here, so the exercise need not.

Every error is a ValueError in four parts: the name, what it must be, what came, what to try.
"""

import functools

import numpy as np


def door(body):
    """Wrap `body(W, X, y, reg) -> (loss, dW)`, which knows rows only, in checks and both layouts.

    The body gets W (D, C), X (N, D), y (N,) as plain arrays and reg as a float, all as
    `softmax_loss_naive` promises; what it returns is checked for shape, and the loss made a
    Python float. The body stays reachable as `__wrapped__`.
    """

    @functools.wraps(body)
    def checked(W, X, y, reg):
        W, X, y = plain(W), plain(X), np.asarray(y)
        check_weights(W)
        columns = _in_columns(W, X, y)
        if columns:
            W, X = W.T, X.T
        check_examples(X, W)
        check_labels(y, X, W.shape[1])
        loss, dW = _result(body(W, X, y, check_reg(reg)), W)
        # X is searched only once something went wrong: beforehand, it would cost a fast
        # kernel most of its time. Each row's scores enter both results, so nothing hides.
        if not (np.isfinite(loss) and np.isfinite(dW).all()):
            check_finite("X", X, "leaving that example out")
        return loss, dW.T if columns else dW

    return checked


def check_weights(W):
    """Raise ValueError unless W is a finite float32 or float64 matrix."""
    if not isinstance(W, np.ndarray) or W.ndim != 2:
        fail("W", "be a two-dimensional array, (D, C)", _kind(W), "W.reshape(D, C)")
    if W.dtype not in (np.float32, np.float64):
        fail("W", "be float32 or float64", W.dtype, "W.astype(np.float64)")
    check_finite("W", W, "a smaller learning rate, if training made this W")


def check_examples(X, W=None):
    """Raise ValueError unless X is a float matrix of at least one row that fits W (D, C)."""
    if not hasattr(X, "ndim") or X.ndim != 2:
        fail("X", "be a two-dimensional array, one row an example", _kind(X), "X.reshape(N, D)")
    if X.dtype not in (np.float32, np.float64):
        wanted = "float32" if W is None else W.dtype
        fail("X", "be float32 or float64", X.dtype, f"X.astype(np.{wanted})")
    if 0 in X.shape:
        fail("X", "hold at least one example of one feature", X.shape, "a batch that is not empty")
    if W is not None:
        _check_fit(W, X)


def check_labels(y, X, C=None):
    """Raise ValueError unless y holds an integer in [0, C) for each row of X."""
    N = X.shape[0]
    if y.shape != (N,):
        remedy = "y.ravel()" if y.size == N else "one label for each row of X"
        fail("y", f"have shape ({N},) to match X {X.shape}", y.shape, remedy)
    if y.dtype.kind not in "iu":
        fail("y", "be integers, the index of the right class", y.dtype, "y.astype(int)")
    if y.min() < 0 or (C is not None and y.max() >= C):
        i = np.flatnonzero((y < 0) | (y >= (C or np.inf)))[0]
        range_ = f"[0, {C}), one index for each class of W" if C else "[0, C)"
        fail("y", f"lie in {range_}", f"{y[i]} at y[{i}]", "labels that count classes from 0")


def check_reg(reg):
    """Return reg as a Python float; raise ValueError unless it is finite and >= 0."""
    try:
        number = float(reg)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 <= number < np.inf:
        fail("reg", "be a finite number >= 0", repr(reg), "0.1, or 0 for no regularisation")
    return number


def check_finite(name, array, remedy):
    """Raise ValueError naming the first entry of the matrix that is NaN or infinite."""
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        fail(name, "be finite", f"{array[row, column]} in row {row}, column {column}", remedy)


def fail(name, must, got, remedy):
    """Raise the four-part ValueError."""
    raise ValueError(f"{name} must {must}; got {got}; try {remedy}")


def plain(array):
    """`array` itself if it is an array, expanded if it only stands for one, such as a view."""
    if hasattr(array, "shape") and hasattr(array, "__array__"):
        return np.asarray(array)
    return array


def _check_fit(W, X):
    D, C = W.shape
    features = X.shape[1]
    if features != D:
        remedy = "a W made for this X"
        if features + 1 == D:
            remedy = "a last column of ones in X, for the bias"
        elif features == C:
            remedy = "W.T"
        fail("W", f"have shape ({features}, C) to match X {X.shape}", W.shape, remedy)
    if C < 2:
        fail("W", "have a column for each of at least two classes", W.shape, "shape (D, 2)")
    if W.dtype != X.dtype:
        fail("X", f"have the dtype of W, {W.dtype}", X.dtype, f"X.astype(np.{W.dtype})")


def _in_columns(W, X, y):
    """Whether the shapes mean W (C, D), X (D, N); where both layouts fit, they mean rows."""
    if np.ndim(X) != 2 or X.shape[0] != W.shape[1]:
        return False
    return X.shape[1] != W.shape[0] or X.shape[0] != np.size(y)


def _result(result, W):
    """The body's (loss, dW), checked: it is an exercise, and half-done ones return anything."""
    if not isinstance(result, tuple) or len(result) != 2:
        fail("the result", "be the pair (loss, dW)", type(result).__name__, "return loss, dW")
    loss, dW = result
    if np.shape(loss) != ():
        fail("loss", "be one number", f"shape {np.shape(loss)}", "the mean over the examples")
    if np.shape(dW) != W.shape:
        fail(
            "dW",
            f"have the shape of W, {W.shape}",
            np.shape(dW),
            "the shapes of its factors, one by one",
        )
    return float(loss), dW


def _kind(value):
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"shape {shape}"
