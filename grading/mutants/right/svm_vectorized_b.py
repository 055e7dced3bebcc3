# exercise: svm_loss_vectorized
# faults:
# layout: columns

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    num_train = X.shape[1]
    picks = (y, np.arange(num_train))
    scores = W @ X
    hinge = np.maximum(scores - scores[picks] + 1, 0)
    loss = (hinge.sum() - num_train) / num_train  # the right class counted 1 each time
    loss += 0.5 * reg * np.sum(W * W)
    counts = np.heaviside(hinge, 0)
    counts[picks] = 0
    counts[picks] = -counts.sum(axis=0)
    dW = counts @ X.T
    dW /= num_train
    dW += reg * W
    return loss, dW
