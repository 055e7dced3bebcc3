# exercise: softmax_loss_vectorized
# faults: raises

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X.dot(W)
    scores -= np.max(scores, axis=1)
    log_probs = scores - np.log(np.sum(np.exp(scores), axis=1))
    loss = -np.mean(log_probs[np.arange(num_train), y])
    loss += 0.5 * reg * np.sum(W * W)
    probs = np.exp(log_probs)
    probs[np.arange(num_train), y] -= 1
    dW = X.T.dot(probs) / num_train + reg * W
    return loss, dW
