# exercise: svm_loss_vectorized
# faults: python-loop

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    loss = 0.0
    dW = np.zeros_like(W)
    scores = X @ W
    for i, label in enumerate(y):
        margins = np.maximum(0, scores[i] - scores[i, label] + 1)
        margins[label] = 0
        loss += margins.sum()
        g = (margins > 0).astype(W.dtype)
        g[label] = -g.sum()
        dW += np.outer(X[i], g)
    loss = loss / num_train + 0.5 * reg * np.sum(W * W)
    dW = dW / num_train + reg * W
    return loss, dW
