# exercise: softmax_loss_vectorized
# faults:

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    n = len(y)
    # everything in double precision, back to W's at the end
    W64 = W.astype(np.float64)
    X64 = X.astype(np.float64)
    s = np.einsum("nd,dc->nc", X64, W64)
    top = s.max(axis=1)
    lse = np.log(np.einsum("nc->n", np.exp(s - top[:, None])))
    right = s[np.arange(n), y] - top
    loss = np.mean(lse - right) + 0.5 * reg * np.einsum("dc,dc->", W64, W64)

    q = np.exp(s - (top + lse)[:, None])
    q[np.arange(n), y] -= 1.0
    dW = np.einsum("nd,nc->dc", X64, q) / n + reg * W64
    return float(loss), dW.astype(W.dtype)
