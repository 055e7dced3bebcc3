# exercise: svm_loss_vectorized
# faults: loss-sign

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    Y = np.zeros((N, W.shape[1]), dtype=W.dtype)
    Y[np.arange(N), y] = 1
    S = X @ W
    right = np.sum(S * Y, axis=1, keepdims=True)
    M = np.maximum(0, S - right + 1) * (1 - Y)
    loss = -np.sum(M) / N + 0.5 * reg * np.sum(W * W)
    K = (M > 0).astype(W.dtype)
    dW = X.T @ (K - Y * K.sum(axis=1, keepdims=True)) / N + reg * W
    return loss, dW
