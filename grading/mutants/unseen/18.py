# exercise: svm_loss_naive
# faults: grad-sign
import numpy as np


def svm_loss_naive(W, X, y, reg):
    N, D = X.shape
    C = W.shape[1]
    loss, dW = 0.0, np.zeros((D, C))
    for i in range(N):
        s = X[i] @ W
        for j in range(C):
            if j == y[i]:
                continue
            m = 1 - (s[y[i]] - s[j])
            if m > 0:
                loss += m
                dW[:, y[i]] += X[i]
                dW[:, j] -= X[i]
    loss = loss / N + reg * np.sum(W**2) / 2
    dW = dW / N + reg * W
    return loss, dW
