# exercise: softmax_loss_vectorized
# faults: python-loop

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    S = X @ W
    S -= S.max(axis=1, keepdims=True)
    log_P = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
    loss = -sum([row[label] for row, label in zip(log_P, y, strict=True)]) / N
    loss += 0.5 * reg * np.sum(W * W)
    P = np.exp(log_P)
    P[np.arange(N), y] -= 1
    dW = X.T @ P / N + reg * W
    return loss, dW
