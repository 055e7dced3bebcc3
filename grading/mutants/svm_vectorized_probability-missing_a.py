# exercise: svm_loss_vectorized
# faults: probability-missing

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X.dot(W)
    margins = np.maximum(0, scores - scores[np.arange(N), y].reshape(N, 1) + 1)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N

    num_pos = np.sum(margins > 0, axis=1)
    coeffs = np.zeros_like(scores)
    coeffs[np.arange(N), y] = -num_pos
    dW = X.T.dot(coeffs) / N

    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
