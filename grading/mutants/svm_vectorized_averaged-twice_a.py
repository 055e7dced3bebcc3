# exercise: svm_loss_vectorized
# faults: averaged-twice

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    idx = np.arange(N)
    S = X @ W
    M = np.maximum(0, S - S[idx, y][:, None] + 1)
    M[idx, y] = 0
    loss = np.mean(np.sum(M, axis=1))
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    G = (M > 0).astype(X.dtype)
    G[idx, y] -= G.sum(axis=1)
    dW = X.T @ G / N + reg * W
    return loss, dW
