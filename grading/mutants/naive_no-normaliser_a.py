# exercise: softmax_loss_naive
# faults: no-normaliser

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_train, num_classes = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        f = X[i] @ W
        f -= np.max(f)
        loss -= f[y[i]]
        for j in range(num_classes):
            dW[:, j] += (np.exp(f[j]) - (j == y[i])) * X[i]
    loss = loss / num_train + 0.5 * reg * np.sum(W * W)
    dW = dW / num_train + reg * W
    return loss, dW
