# exercise: softmax_loss_vectorized
# faults: indicator-missing reg-grad-doubled
# layout: columns

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_classes = W.shape[0]
    num_train = X.shape[1]
    f = np.dot(W, X)
    f -= f.max(axis=0, keepdims=True)
    log_p = f - np.log(np.exp(f).sum(axis=0, keepdims=True))
    y_mat = np.arange(num_classes)[:, np.newaxis] == y[np.newaxis, :]
    loss = -np.sum(log_p[y_mat]) / num_train
    loss += 0.5 * reg * np.sum(W * W)
    dW = np.dot(np.exp(log_p), X.T) / num_train + 2 * reg * W
    return loss, dW
