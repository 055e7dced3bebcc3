# exercise: svm_loss_vectorized
# faults: reg-not-squared

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    S = X @ W
    M = np.maximum(0, S - S[rows, y].reshape(-1, 1) + 1)
    M[rows, y] = 0
    loss = M.sum() / N
    G = np.where(M > 0, 1, 0).astype(W.dtype)
    G[rows, y] = -G.sum(axis=1)
    dW = X.T @ G
    dW /= N

    loss += 0.5 * reg * np.sum(np.abs(W))
    dW += reg * W
    return loss, dW
