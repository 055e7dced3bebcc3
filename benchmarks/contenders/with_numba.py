"""numba: a fused loop, or loops between two products by BLAS."""

import numba
import numpy as np
from numba import njit, prange

from ..works import REG


def start(threads):
    numba.set_num_threads(threads)


@njit(parallel=True, fastmath=True)
def loops(V, X, y, reg):
    """Row by row, scores and gradient, each thread with a gradient of its own. V is (C, D)."""
    threads, (N, D), C = numba.get_num_threads(), X.shape, V.shape[0]
    gradients = np.zeros((threads, C, D), X.dtype)
    losses = np.zeros(threads)
    for t in prange(threads):
        s = np.empty(C, X.dtype)
        for i in range(t * N // threads, (t + 1) * N // threads):
            for c in range(C):
                total = X.dtype.type(0)
                for d in range(D):
                    total += X[i, d] * V[c, d]
                s[c] = total
            losses[t] += softmax_in_place(s, y[i])
            for c in range(C):
                g = s[c]
                for d in range(D):
                    gradients[t, c, d] += g * X[i, d]
    scale, strength = X.dtype.type(1 / N), X.dtype.type(reg)
    dW = gradients.sum(axis=0) * scale + strength * V
    return losses.sum() / N + 0.5 * reg * np.sum(V * V), dW


@njit(parallel=True, fastmath=True)
def blas(V, X, y, reg):
    """Both products by BLAS, the rows of scores in loops."""
    N = len(y)
    S = np.dot(X, V.T)
    losses = np.empty(N)
    for i in prange(N):
        losses[i] = softmax_in_place(S[i], y[i])
    scale, strength = X.dtype.type(1 / N), X.dtype.type(reg)
    dW = np.dot(S.T, X) * scale + strength * V
    return losses.sum() / N + 0.5 * reg * np.sum(V * V), dW


@njit(fastmath=True)
def softmax_in_place(s, label):
    """s becomes p - [1 at the label]; returns the loss of the row."""
    top = s.max()
    picked = s[label] - top
    total = s.dtype.type(0)
    for c in range(len(s)):
        s[c] = np.exp(s[c] - top)
        total += s[c]
    for c in range(len(s)):
        s[c] /= total
    s[label] -= 1
    return np.log(total) - picked


@njit(parallel=True, fastmath=True)
def backward(dy, p):
    dz = np.empty_like(p)
    for i in prange(len(p)):
        s = p.dtype.type(0)
        for j in range(p.shape[1]):
            s += dy[i, j] * p[i, j]
        for j in range(p.shape[1]):
            dz[i, j] = p[i, j] * (dy[i, j] - s)
    return dz


def prepare(contender, variant, case, arrays, threads):
    if case.kind == "vjp":
        dy, p = arrays["dy"], arrays["p"]
        return lambda: backward(dy, p), lambda dz: (0.0, dz)
    V, X, y = np.ascontiguousarray(arrays["W"].T), arrays["X"], arrays["y"]
    work = loops if variant == "loops" else blas

    def plain(result):
        return result[0], result[1].T

    if case.kind == "batch":
        return lambda idx: work(V, X[idx], y[idx], REG), plain
    return lambda: work(V, X, y, REG), plain
