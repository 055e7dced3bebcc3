# exercise: softmax_loss_naive
# faults: wrong-row
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    N = X.shape[0]
    C = W.shape[1]
    for i in range(N):
        f = X[i].dot(W)
        f = f - max(f)
        sum_j = np.sum(np.exp(f))
        loss += -f[y[i]] + np.log(sum_j)
        for j in range(C):
            p = np.exp(f[j]) / sum_j
            dW[:, j] += (p - (j == y[i])) * X[j]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
