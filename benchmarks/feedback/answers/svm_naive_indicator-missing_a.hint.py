import numpy as np


def svm_loss_naive(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i] @ W
        for j in range(C):
            if j != y[i]:
                m = s[j] - s[y[i]] + 1
                if m > 0:
                    loss += m
                    dW[:, j] += X[i]
                    dW[:, y[i]] -= X[i]
    loss = loss / N + reg * np.sum(W**2) / 2
    dW = dW / N + reg * W
    return loss, dW
