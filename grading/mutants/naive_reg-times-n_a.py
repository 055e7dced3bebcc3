# exercise: softmax_loss_naive
# faults: reg-times-n
# layout: columns

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    C, N = W.shape[0], X.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        x = X[:, i]
        s = W @ x
        s -= s.max()
        log_p = s - np.log(np.exp(s).sum())
        loss += -log_p[y[i]] / N + 0.5 * reg * np.sum(W * W)
        for j in range(C):
            g = np.exp(log_p[j]) - (j == y[i])
            dW[j] += g * x / N + reg * W[j]
    return loss, dW
