# exercise: svm_loss_naive
# faults: reg-times-n

import numpy as np


def svm_loss_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = np.dot(X[i], W)
        for j in range(C):
            if j == y[i]:
                continue
            hinge = s[j] - s[y[i]] + 1
            if hinge > 0:
                loss += hinge / N
                dW[:, j] += X[i] / N
                dW[:, y[i]] -= X[i] / N
        # regularization
        loss += 0.5 * reg * np.sum(W * W)
        dW += reg * W
    return loss, dW
