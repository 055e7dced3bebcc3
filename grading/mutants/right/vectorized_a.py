# exercise: softmax_loss_vectorized
# faults:
# layout: columns

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[1]
    cols = np.arange(num_train)
    f = W.dot(X)
    f = f - np.max(f, axis=0)
    log_norm = np.log(np.exp(f).sum(axis=0))
    loss = np.sum(log_norm - f[y, cols]) / num_train
    loss += 0.5 * reg * np.sum(W * W)

    p = np.exp(f - log_norm)
    p[y, cols] -= 1
    dW = p.dot(X.T) / num_train + reg * W
    return loss, dW
