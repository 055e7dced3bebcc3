# exercise: softmax_loss_vectorized
# faults: no-normaliser

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X @ W
    loss = -np.sum(scores[np.arange(num_train), y]) / num_train
    loss += 0.5 * reg * np.sum(W * W)
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    probs[np.arange(num_train), y] -= 1
    dW = X.T @ probs / num_train + reg * W
    return loss, dW
