# exercise: softmax_loss_vectorized
# faults: reg-loss-no-half

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    f = X.dot(W)
    f -= np.max(f, axis=1, keepdims=True)
    sums = np.sum(np.exp(f), axis=1, keepdims=True)
    loss = np.sum(np.log(sums)[:, 0] - f[np.arange(num_train), y]) / num_train
    loss += reg * np.linalg.norm(W) ** 2
    p = np.exp(f) / sums
    p[np.arange(num_train), y] -= 1
    dW = X.T.dot(p)
    dW /= num_train
    dW += reg * W
    return loss, dW
