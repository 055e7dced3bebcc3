# exercise: softmax_loss_naive
# faults: no-max-shift
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    D, C = W.shape
    N = len(X)
    total = 0.0
    dW = np.zeros((D, C))
    for i in range(N):
        s = np.dot(X[i, :], W)
        denom = 0.0
        for c in range(C):
            denom += np.exp(s[c])
        total += np.log(denom) - s[y[i]]
        for c in range(C):
            prob = np.exp(s[c]) / denom
            dW[:, c] += X[i, :] * (prob - (1 if c == y[i] else 0))
    total = total / N
    dW = dW / N
    # L2
    total += 0.5 * reg * (W * W).sum()
    dW += reg * W
    return total, dW
