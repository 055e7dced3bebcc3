# exercise: softmax_loss_naive
# faults: unfinished

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(X.shape[0]):
        s = X[i] @ W
        s -= s.max()
        log_p = s - np.log(np.sum(np.exp(s)))
        loss -= log_p[y[i]]
        for j in range(W.shape[1]):
            dW[:, j] += (np.exp(log_p[j]) - (j == y[i])) * X[i]
    loss /= X.shape[0]
    dW /= X.shape[0]
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
