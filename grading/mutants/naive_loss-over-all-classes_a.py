# exercise: softmax_loss_naive
# faults: loss-over-all-classes

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i].dot(W)
        s -= s.max()
        log_p = s - np.log(np.exp(s).sum())
        for j in range(C):
            loss -= log_p[j]
            dW[:, j] += (np.exp(log_p[j]) - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
