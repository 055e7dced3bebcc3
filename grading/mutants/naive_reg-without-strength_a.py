# exercise: softmax_loss_naive
# faults: reg-without-strength

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i] @ W
        s -= s.max()
        log_p = s - np.log(np.sum(np.exp(s)))
        loss -= log_p[y[i]]
        for j in range(C):
            dW[:, j] += (np.exp(log_p[j]) - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
