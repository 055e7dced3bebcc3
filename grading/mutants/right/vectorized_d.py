# exercise: softmax_loss_vectorized
# faults:

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train, num_classes = X.shape[0], W.shape[1]
    logits = np.dot(X, W)
    # what every class has more than the right one
    ahead = logits - np.take_along_axis(logits, y[:, None], axis=1)
    m = ahead.max(axis=1, keepdims=True)
    e = np.exp(ahead - m)
    z = e.sum(axis=1, keepdims=True)
    data_loss = np.sum(m + np.log(z)) / num_train
    grad = e / z - (y[:, None] == np.arange(num_classes))
    penalty = reg / 2 * np.vdot(W, W)
    return data_loss + penalty, np.dot(grad.T, X).T / num_train + reg * W
