# exercise: svm_loss_vectorized
# faults: loss-over-all-classes

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X.dot(W)
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + 1)
    loss = np.sum(margins) / N
    loss += 0.5 * reg * np.sum(W * W)

    ind = (margins > 0).astype(W.dtype)
    ind[np.arange(N), y] -= ind.sum(axis=1)
    dW = X.T.dot(ind) / N
    dW += reg * W
    return loss, dW
