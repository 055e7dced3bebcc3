# exercise: softmax_loss_vectorized
# faults: normalised-over-batch

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    S = X @ W
    S -= np.max(S, axis=1, keepdims=True)
    log_P = S - np.log(np.sum(np.exp(S)))
    loss = -np.mean(log_P[np.arange(N), y]) + 0.5 * reg * np.sum(W * W)
    P = np.exp(log_P)
    P[np.arange(N), y] -= 1
    dW = X.T @ P / N + reg * W
    return loss, dW
