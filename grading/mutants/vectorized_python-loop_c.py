# exercise: softmax_loss_vectorized
# faults: python-loop

import numpy as np


def log_softmax(s):
    s = s - np.max(s)
    return s - np.log(np.sum(np.exp(s)))


def softmax_loss_vectorized(W, X, y, reg):
    N = len(y)
    log_probs = np.apply_along_axis(log_softmax, 1, X @ W)
    loss = -np.mean(log_probs[np.arange(N), y]) + 0.5 * reg * np.sum(W * W)
    dscores = np.exp(log_probs)
    dscores[np.arange(N), y] -= 1
    dW = X.T @ dscores / N + reg * W
    return loss, dW
