# exercise: softmax_loss_naive
# faults: max-added

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        f = X[i] @ W
        shift = -np.max(f)
        f = f - shift
        log_p = f - np.log(np.sum(np.exp(f)))
        loss -= log_p[y[i]]
        for j in range(C):
            dW[:, j] += (np.exp(log_p[j]) - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
