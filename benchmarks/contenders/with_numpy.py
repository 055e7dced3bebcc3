"""numpy alone: the yardstick, written here, and the control, which is no code of ours at all.

`softmax_loss` is max-shifted, works in place, and takes the products as one writes them, X W and
X^T (P - Y). `softmax_loss_tuned` takes them in the order in which today's OpenBLAS is fastest on
ten columns; whoever knows that can have it. It is shown, and is nobody's yardstick.
"""

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from ..data import SCALE, expand
from ..works import REG

ROWS = 1024  # converted at once: 12 MB of float32, read again while in the cache


def start(threads):
    threadpool_limits(threads)


def softmax_loss(W, X, y, reg):
    """(loss, dW): the largest score of each row is taken off first, and nothing is copied."""
    S = X @ W
    S -= S.max(axis=1, keepdims=True)
    rows = np.arange(len(y))
    picked = S[rows, y]
    np.exp(S, out=S)
    sums = S.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(sums[:, 0]) - picked, dtype=np.float64)
    S /= sums
    S[rows, y] -= 1
    S /= len(y)
    dW = X.T @ S
    dW += reg * W
    return float(loss + 0.5 * reg * np.vdot(W, W)), dW


def softmax_loss_tuned(W, X, y, reg, blocks=False):
    """The same with the long side of X last in each product; or the scores in blocks of rows."""
    if blocks:
        S = np.empty((len(X), W.shape[1]), W.dtype)
        for start in range(0, len(X), ROWS):
            np.matmul(X[start : start + ROWS], W, out=S[start : start + ROWS])
        S = np.ascontiguousarray(S.T)
    else:
        S = np.ascontiguousarray(W.T) @ X.T
    S -= S.max(axis=0)
    rows = np.arange(len(y))
    picked = S[y, rows]
    np.exp(S, out=S)
    sums = S.sum(axis=0)
    loss = np.mean(np.log(sums) - picked, dtype=np.float64)
    S /= sums
    S[y, rows] -= 1
    S /= len(y)
    dW = S @ X
    dW += reg * W.T
    return float(loss + 0.5 * reg * np.vdot(W, W)), dW.T


def softmax_loss_converting(W, stored, shift, scale, y, reg):
    """The same from stored bytes, expanded a block at a time: the memory of one block."""
    loss, dW = 0.0, np.zeros_like(W)
    for start in range(0, len(y), ROWS):
        X = expand(stored[start : start + ROWS], shift, scale, W.dtype.type)
        part, gradient = softmax_loss(W, X, y[start : start + ROWS], 0.0)
        loss += part * len(X)
        gradient *= len(X)
        dW += gradient
    dW /= len(y)
    dW += reg * W
    return loss / len(y) + 0.5 * reg * float(np.vdot(W, W)), dW


def softmax_backward(dy, y):
    """dz of y = softmax(z): y * (dy - sum(y * dy)), one array made and worked on in place."""
    dz = y * dy
    s = dz.sum(axis=-1, keepdims=True)
    dz -= y * s
    return dz


def softmax_backward_tuned(dy, y):
    """The same without a second array: the sums by einsum."""
    dz = dy - np.einsum("ij,ij->i", y, dy)[:, None]
    dz *= y
    return dz


def prepare(contender, variant, case, arrays, threads):
    if case.kind == "control":
        A = arrays["X"]
        return lambda: A @ A, lambda product: (0.0, product)
    if case.kind == "vjp":
        backward = softmax_backward_tuned if contender == "numpy tuned" else softmax_backward
        dy, p = arrays["dy"], arrays["p"]
        return lambda: backward(dy, p), lambda dz: (0.0, dz)
    if case.kind == "optimum":
        return training(case, arrays)
    W, y = arrays["W"], arrays["y"]
    if case.kind == "bytes":
        stored, shift, scale = arrays["stored"], arrays["shift"], SCALE[case.source]
        return lambda: softmax_loss_converting(W, stored, shift, scale, y, REG), tuple
    X, loss = arrays["X"], softmax_loss
    if contender == "numpy tuned":

        def loss(W, X, y, reg):
            return softmax_loss_tuned(W, X, y, reg, variant == "blocks")

    if case.kind == "batch":
        return lambda idx: loss(W, X[idx], y[idx], REG), tuple
    return lambda: loss(W, X, y, REG), tuple


def training(case, arrays):
    """scipy's L-BFGS-B on the loss above, for as many iterations as the goal takes."""
    X, y, goal = arrays["X"], arrays["y"], arrays["goal"]

    def objective(w):
        loss, dW = softmax_loss(w.reshape(case.D, case.C), X, y, REG)
        return loss, dW.ravel()

    iterations = iterations_to(goal, objective, np.zeros(case.D * case.C, X.dtype))

    def call():
        options = {"maxiter": iterations, "maxfun": np.inf, "ftol": 0, "gtol": 0}
        w = np.zeros(case.D * case.C)
        return minimize(objective, w, jac=True, method="L-BFGS-B", options=options).x

    return call, lambda w: (0.0, w.reshape(case.D, case.C))


def iterations_to(goal, objective, start, **options):
    """How many iterations of L-BFGS-B it takes from start until the loss is at most goal."""

    def stop(intermediate_result):
        if intermediate_result.fun <= goal:
            raise StopIteration

    options = {"maxiter": 2000, "maxfun": np.inf, "ftol": 0, "gtol": 0} | options
    result = minimize(objective, start, jac=True, method="L-BFGS-B", callback=stop, options=options)
    return result.nit
