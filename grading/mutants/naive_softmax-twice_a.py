# exercise: softmax_loss_naive
# faults: softmax-twice

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    def softmax(v):
        e = np.exp(v - np.max(v))
        return e / np.sum(e)

    N = X.shape[0]
    C = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        f = softmax(X[i] @ W)
        loss += np.log(np.sum(np.exp(f))) - f[y[i]]
        p = softmax(f)
        for j in range(C):
            dW[:, j] += (p[j] - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
