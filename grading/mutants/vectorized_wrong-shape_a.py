# exercise: softmax_loss_vectorized
# faults: wrong-shape

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    f = X @ W
    f -= f.max(axis=1, keepdims=True)
    sums = np.exp(f).sum(axis=1)
    loss = np.mean(np.log(sums) - f[np.arange(N), y]) + 0.5 * reg * np.sum(W * W)
    df = np.exp(f) / sums.reshape(N, 1)
    df[np.arange(N), y] -= 1
    dW = X.T @ df / N + reg * W
    return loss, dW.flatten()
