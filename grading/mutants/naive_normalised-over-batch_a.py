# exercise: softmax_loss_naive
# faults: normalised-over-batch

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    scores = X @ W
    biggest = scores.max()
    total = 0.0
    for i in range(N):
        for j in range(C):
            total += np.exp(scores[i, j] - biggest)
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        log_p = scores[i] - biggest - np.log(total)
        loss -= log_p[y[i]]
        for j in range(C):
            dW[:, j] += (np.exp(log_p[j]) - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
