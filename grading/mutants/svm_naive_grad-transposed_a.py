# exercise: svm_loss_naive
# faults: grad-transposed

import numpy as np


def svm_loss_naive(W, X, y, reg):
    N, D = X.shape
    C = W.shape[1]
    loss = 0.0
    grads = np.zeros((C, D), dtype=W.dtype)
    for i in range(N):
        scores = X[i] @ W
        for c in range(C):
            if c == y[i]:
                continue
            m = scores[c] - scores[y[i]] + 1.0
            if m > 0:
                loss += m
                grads[c] += X[i]
                grads[y[i]] -= X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    grads = grads / N + reg * W.T
    return loss, grads
