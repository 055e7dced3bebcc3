# exercise: svm_loss_vectorized
# faults:

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    wrong = np.arange(C) != y[:, None]
    scores = X.dot(W)
    right = scores[np.arange(N), y].reshape(N, 1)
    margins = scores - right + 1
    active = wrong & (margins > 0)
    loss = np.sum(margins, where=active) / N + 0.5 * reg * np.sum(W * W)

    dW = X.T.dot(active.astype(W.dtype))
    pulls = active.sum(axis=1).astype(W.dtype)
    dW -= (X * pulls[:, None]).T.dot((~wrong).astype(W.dtype))
    return loss, dW / N + reg * W
