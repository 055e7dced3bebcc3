# exercise: softmax_loss_vectorized
# faults: indicator-missing reg-no-half

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    f = X @ W
    f = f - np.max(f, axis=1, keepdims=True)
    e = np.exp(f)
    s = np.sum(e, axis=1)
    loss = np.mean(-f[np.arange(N), y] + np.log(s)) + reg * np.sum(W * W)
    dW = np.dot(X.T, e / s[:, np.newaxis]) / N + 2 * reg * W
    return loss, dW
