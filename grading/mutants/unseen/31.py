# exercise: softmax_loss_naive
# faults: labels-shifted
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N, D = X.shape
    C = W.shape[1]
    loss = 0.0
    dW = np.zeros((D, C))
    for i in range(N):
        s = np.zeros(C)
        for c in range(C):
            s[c] = np.sum(X[i, :] * W[:, c])
        s = s - np.max(s)
        total = 0.0
        for c in range(C):
            total += np.exp(s[c])
        label = y[i] - 1
        loss += np.log(total) - s[label]
        for c in range(C):
            dW[:, c] += X[i, :] * np.exp(s[c]) / total
        dW[:, label] -= X[i, :]
    loss = loss / N + 0.5 * reg * np.sum(W ** 2)
    dW = dW / N + reg * W
    return loss, dW
