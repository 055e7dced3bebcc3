# exercise: softmax_loss_vectorized
# faults: averaged-twice reg-not-squared

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    n = X.shape[0]
    f = X.dot(W)
    f -= np.max(f, axis=1, keepdims=True)
    log_p = f - np.log(np.sum(np.exp(f), axis=1, keepdims=True))
    loss = -log_p[np.arange(n), y].mean() / n
    p = np.exp(log_p)
    p[np.arange(n), y] -= 1
    p /= n
    dW = X.T.dot(p) / n
    loss += 0.5 * reg * np.abs(W).sum()
    dW += 0.5 * reg * np.sign(W)
    return loss, dW
