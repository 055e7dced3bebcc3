"""Softmax and its derivative on their own, and any activation above or below any loss.

    y_i       = exp(z_i) / sum_k exp(z_k)             y = softmax(z)
    dy_i/dz_j = y_i (1[i == j] - y_j)                 its Jacobian, diag(y) - y y^T
    dL/dz     = y * (dL/dy - sum_k dL/dy_k y_k)       the Jacobian times dL/dy, never formed

The three derivatives take y, the softmax, not the scores z. Activations and losses have two
methods each: what they compute, and the gradient they pass back. A network of one of each is

    y = activation.compute(x)
    loss.compute(y, target)
    dx = activation.delta(x, loss.delta(y, target))

Source: Stanford CS231n, https://cs231n.github.io/optimization-2/
"""

import numpy as np
from scipy.special import expit


def softmax(z, axis=-1):
    """exp(z) / sum(exp(z)) along an axis, for scores of any size.

    z : array of numbers    scores; integers are taken as float64
    Returns an array of z's shape whose entries along the axis are not negative and sum to 1.
    """
    z = _floats(z)
    # BEGIN SOLUTION
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
    # END SOLUTION


def log_softmax(z, axis=-1):
    """log(softmax(z)) along an axis, also where the softmax itself is too small for a float.

    z : array of numbers    scores; integers are taken as float64
    Returns an array of z's shape, nowhere above 0.
    """
    z = _floats(z)
    # BEGIN SOLUTION
    s = z - np.max(z, axis=axis, keepdims=True)
    return s - np.log(np.sum(np.exp(s), axis=axis, keepdims=True))
    # END SOLUTION


def softmax_jacobian_naive(y):
    """The Jacobian of softmax for one vector, entry by entry, in two loops.

    y : (n,) float    softmax of the scores, as `softmax` returned it
    Returns (n, n), dtype of y: entry (i, j) is the derivative of y_i with respect to z_j.
    Raises ValueError where y is not one vector.
    """
    y = _floats(y)
    if y.ndim != 1:
        _fail("y", "have shape (n,), one vector", y.shape, "softmax_jacobian, which takes batches")
    # BEGIN SOLUTION
    n = len(y)
    J = np.zeros((n, n), y.dtype)
    for i in range(n):
        for j in range(n):
            J[i, j] = y[i] * ((i == j) - y[j])
    return J
    # END SOLUTION


def softmax_jacobian(y):
    """The Jacobian of softmax, diag(y) - y y^T, for a vector or a batch of any shape.

    y : (..., n) float    softmax of the scores, along the last axis
    Returns (..., n, n), dtype of y. Mind the memory: n times that of y.
    Raises ValueError where y is a single number.
    """
    y = _floats(y)
    if y.ndim == 0:
        _fail("y", "have shape (..., n)", "a single number", "y.reshape(1)")
    # BEGIN SOLUTION
    rows = y[..., :, np.newaxis]
    columns = y[..., np.newaxis, :]
    return rows * np.eye(y.shape[-1], dtype=y.dtype) - rows * columns
    # END SOLUTION


def softmax_backward(dy, y):
    """Gradient with respect to the scores z of a loss above y = softmax(z).

    The product of the softmax Jacobian diag(y) - y y^T with dy, row by row, in O(n): the
    Jacobian is never formed.

    dy : (..., n) float    gradient of the loss with respect to y
    y  : (..., n) float    softmax of the scores, as `softmax` returned it
    Returns (..., n), in the wider dtype of the two.
    Raises ValueError where the shapes differ.
    """
    dy, y = _gradient(dy, "y", y)
    # BEGIN SOLUTION
    return y * (dy - np.sum(dy * y, axis=-1, keepdims=True))
    # END SOLUTION


class Identity:
    """y = x."""

    def compute(self, x):
        return _floats(x).copy()

    def delta(self, x, dy):
        return _gradient(dy, "x", x)[0].copy()


class Sigmoid:
    """y = 1 / (1 + exp(-x)), with derivative y (1 - y)."""

    def compute(self, x):
        return expit(_floats(x))

    def delta(self, x, dy):
        dy, x = _gradient(dy, "x", x)
        return dy * expit(x) * expit(-x)  # 1 - y would be 0 from x = 37 up


class Tanh:
    """y = tanh(x), with derivative 1 - y^2."""

    def compute(self, x):
        return np.tanh(_floats(x))

    def delta(self, x, dy):
        dy, x = _gradient(dy, "x", x)
        return dy * 4 * expit(2 * x) * expit(-2 * x)  # 1 - y^2 would be 0 from x = 19 up


class ReLU:
    """y = max(x, 0), with derivative 1 above 0, and 0 at 0 and below."""

    def compute(self, x):
        return np.maximum(_floats(x), 0)

    def delta(self, x, dy):
        dy, x = _gradient(dy, "x", x)
        return dy * (x > 0)


class Softmax:
    """y = softmax(x) along the last axis: every y depends on every x of its row."""

    def compute(self, x):
        return softmax(x)

    def delta(self, x, dy):
        return softmax_backward(dy, softmax(x))


class SquaredError:
    """(1/N) sum_i sum_j (y_ij - t_ij)^2, a number per example.

    y_pred : (N, C) float                    predictions, N >= 1
    y_true : (N,) integers or (N, C) float   labels in [0, C), or targets t
    Raises ValueError where the shapes do not fit or the batch is empty.
    """

    def compute(self, y_pred, y_true):
        y, t = _targets(y_pred, y_true)
        return float(np.sum((y - t) ** 2) / len(y))

    def delta(self, y_pred, y_true):
        y, t = _targets(y_pred, y_true)
        return 2 * (y - t) / len(y)


class CrossEntropy:
    """-(1/N) sum_i sum_j t_ij log y_ij, in nats per example.

    y_pred : (N, C) float                    probabilities, N >= 1
    y_true : (N,) integers or (N, C) float   labels in [0, C), or targets t >= 0
    Raises ValueError where the shapes do not fit, the batch is empty, a t is negative, or a y is
    not positive where t is: its logarithm, or for `delta` 1/y, is then no number.
    """

    def compute(self, y_pred, y_true):
        y, t = _targets(y_pred, y_true)
        self._check(y, t, least=np.zeros_like(y))
        used = t > 0  # elsewhere a y of 0 is welcome: 0 log 0 is 0 here
        return float(-np.sum(t[used] * np.log(y[used])) / len(y))

    def delta(self, y_pred, y_true):
        y, t = _targets(y_pred, y_true)
        self._check(y, t, least=t / np.finfo(y.dtype).max)  # from there down t / y overflows
        return -np.divide(t, y, out=np.zeros_like(y), where=t > 0) / len(y)

    def _check(self, y, t, least):
        if not (t >= 0).all():
            _fail("y_true", "be >= 0", t.min(), "probabilities, or labels")
        lost = (t > 0) & ~(y > least)
        if lost.any():
            i, j = np.argwhere(lost)[0]
            _fail(
                "y_pred",
                f"be above {least[i, j]:.2g} where the target is positive",
                f"{y[i, j]} in row {i}, column {j}",
                "log_softmax of the scores: its gradient for labels is (softmax - Y) / N",
            )


def _floats(x):
    """x as an array of floats: on integers, differences wrap round and quotients are lost."""
    x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        _fail("an argument", "be an array of real numbers", x.dtype, "np.asarray of it")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _gradient(dy, name, x):
    """The gradient dy and the array called name whose shape it has to have, both of floats."""
    dy, x = _floats(dy), _floats(x)
    if dy.shape != x.shape:
        _fail(
            "dy", f"have the shape of {name}, {x.shape}", dy.shape, f"an entry for each of {name}"
        )
    return dy, x


def _targets(y_pred, y_true):
    """Predictions (N, C) and targets (N, C); labels become rows with one 1."""
    y, t = _floats(y_pred), np.asarray(y_true)
    if y.ndim != 2 or 0 in y.shape:
        _fail("y_pred", "have shape (N, C), at least one example", y.shape, "y_pred.reshape(N, C)")
    N, C = y.shape
    if t.shape == (N,):
        if t.dtype.kind not in "iu":
            _fail("y_true", "be integers where it holds labels", t.dtype, "y_true.astype(int)")
        if t.min() < 0 or t.max() >= C:
            _fail(
                "y_true", f"lie in [0, {C})", f"{t.min()} to {t.max()}", "labels that count from 0"
            )
        t = t[:, np.newaxis] == np.arange(C)
    if t.shape != (N, C):
        _fail("y_true", f"have shape ({N},) or ({N}, {C})", t.shape, "a label or a row an example")
    return y, t.astype(y.dtype)


def _fail(name, must, got, remedy):
    raise ValueError(f"{name} must {must}; got {got}; try {remedy}")
