# exercise: softmax_loss_naive
# faults: grad-zero

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    N = X.shape[0]
    for i in range(N):
        s = X[i] @ W
        s -= s.max()
        z = 0.0
        for j in range(W.shape[1]):
            z += np.exp(s[j])
        loss += np.log(z) - s[y[i]]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    return loss, dW
