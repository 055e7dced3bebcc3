# exercise: softmax_loss_vectorized
# faults: max-added

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X.dot(W)
    scores += np.max(scores, axis=1, keepdims=True)
    exps = np.exp(scores)
    sums = np.sum(exps, axis=1, keepdims=True)
    probs = exps / sums
    loss = np.sum(np.log(sums[:, 0]) - scores[np.arange(num_train), y]) / num_train
    loss += 0.5 * reg * np.sum(W * W)
    probs[np.arange(num_train), y] -= 1
    dW = np.dot(X.T, probs) / num_train + reg * W
    return loss, dW
