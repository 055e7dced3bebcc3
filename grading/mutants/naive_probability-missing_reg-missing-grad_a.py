# exercise: softmax_loss_naive
# faults: probability-missing reg-missing-grad

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        f = X[i] @ W
        f -= f.max()
        total = 0.0
        for j in range(C):
            total += np.exp(f[j])
        loss += np.log(total) - f[y[i]]
        dW[:, y[i]] -= X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N
    return loss, dW
