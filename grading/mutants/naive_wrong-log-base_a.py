# exercise: softmax_loss_naive
# faults: wrong-log-base

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i].dot(W)
        s -= s.max()
        e = np.exp(s)
        loss += np.log10(e.sum()) - s[y[i]] * np.log10(np.e)
        for j in range(C):
            dW[:, j] += (e[j] / e.sum() - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
