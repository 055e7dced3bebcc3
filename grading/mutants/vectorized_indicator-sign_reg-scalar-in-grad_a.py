# exercise: softmax_loss_vectorized
# faults: indicator-sign reg-scalar-in-grad

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X.dot(W)
    scores -= scores.max(axis=1, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -np.mean(log_probs[np.arange(num_train), y])
    loss += 0.5 * reg * np.sum(W * W)
    dscores = np.exp(log_probs)
    dscores[np.arange(num_train), y] += 1
    dW = X.T.dot(dscores) / num_train
    dW += reg * np.sum(W)
    return loss, dW
