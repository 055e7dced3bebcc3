# exercise: softmax_loss_vectorized
# faults: mutates-input

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X.dot(W)
    scores -= np.max(scores, axis=1, keepdims=True)
    log_p = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    loss = -np.mean(log_p[np.arange(N), y]) + 0.5 * reg * np.sum(W * W)
    p = np.exp(log_p)
    p[np.arange(N), y] -= 1
    # start from the gradient of the penalty
    dW = W
    dW *= reg
    dW += X.T.dot(p) / N
    return loss, dW
