# exercise: softmax_loss_naive
# faults: whole-batch-max

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    scores = X.dot(W)
    scores -= np.max(scores)  # avoid overflow
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = scores[i]
        log_p = s - np.log(np.sum(np.exp(s)))
        loss -= log_p[y[i]]
        for j in range(C):
            dW[:, j] += (np.exp(log_p[j]) - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
