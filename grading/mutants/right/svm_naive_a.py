# exercise: svm_loss_naive
# faults:

import numpy as np


def svm_loss_naive(W, X, y, reg):
    dW = np.zeros_like(W)
    N, D = X.shape
    C = W.shape[1]
    loss = 0.0
    for i in range(N):
        scores = [np.dot(X[i], W[:, c]) for c in range(C)]
        count = 0
        for c in range(C):
            margin = max(0, scores[c] - scores[y[i]] + 1)
            if c == y[i] or margin == 0:
                continue
            loss += margin
            count += 1
            for d in range(D):
                dW[d, c] += X[i, d]
        dW[:, y[i]] -= count * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    return loss, dW / N + reg * W
