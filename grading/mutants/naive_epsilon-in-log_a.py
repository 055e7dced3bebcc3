# exercise: softmax_loss_naive
# faults: epsilon-in-log

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        f = X[i].dot(W)
        e = np.exp(f - np.max(f))
        p = e / e.sum()
        loss -= np.log(p[y[i]] + 1e-8)
        for j in range(C):
            d = p[j] - 1 if j == y[i] else p[j]
            dW[:, j] += d * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
