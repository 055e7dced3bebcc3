# exercise: softmax_loss_vectorized
# faults: log-of-underflow

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    S = X @ W
    E = np.exp(S - S.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    correct = P[np.arange(N), y]
    loss = -np.log(correct).sum() / N + 0.5 * reg * np.sum(W * W)
    P[np.arange(N), y] -= 1
    dW = X.T @ P / N + reg * W
    return loss, dW
