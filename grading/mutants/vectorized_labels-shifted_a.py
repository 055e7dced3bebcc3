# exercise: softmax_loss_vectorized
# faults: labels-shifted
# layout: columns

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    C, N = W.shape[0], len(y)
    F = W @ X
    F -= F.max(axis=0, keepdims=True)
    logP = F - np.log(np.exp(F).sum(axis=0, keepdims=True))
    loss = -logP[y, np.arange(N)].sum() / N
    T = np.zeros((C, N), dtype=W.dtype)
    T[np.minimum(y + 1, C - 1), np.arange(N)] = 1
    dW = (np.exp(logP) - T) @ X.T / N
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
