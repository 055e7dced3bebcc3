# exercise: softmax_loss_vectorized
# faults: python-loop

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        log_p = scores - np.log(np.sum(np.exp(scores)))
        loss -= log_p[y[i]]
        p = np.exp(log_p)
        p[y[i]] -= 1
        dW += np.outer(X[i], p)
    loss = loss / num_train + 0.5 * reg * np.sum(W * W)
    dW = dW / num_train + reg * W
    return loss, dW
