# exercise: softmax_loss_vectorized
# faults: probability-missing
# layout: columns

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_classes, num_train = W.shape[0], X.shape[1]
    f = W.dot(X)
    f -= np.max(f, axis=0, keepdims=True)
    target = (np.arange(num_classes)[:, None] == y).astype(W.dtype)
    log_p = f - np.log(np.sum(np.exp(f), axis=0, keepdims=True))
    loss = -np.sum(target * log_p) / num_train
    dW = -target.dot(X.T) / num_train
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
