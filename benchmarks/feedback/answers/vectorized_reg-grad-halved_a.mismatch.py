import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    S = X @ W
    S -= S.max(axis=1, keepdims=True)
    log_P = S - np.log(np.sum(np.exp(S), axis=1, keepdims=True))
    P = np.exp(log_P)
    P[rows, y] -= 1
    loss = -np.mean(log_P[rows, y]) + reg / 2 * np.sum(W * W)
    dW = X.T @ P / N + reg * W
    return loss, dW
