# exercise: svm_loss_vectorized
# faults: reg-grad-halved
# layout: columns

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[1]
    cols = np.arange(N)
    scores = W @ X
    margins = np.maximum(0, scores - scores[y, cols] + 1)
    margins[y, cols] = 0
    loss = np.sum(margins) / N + 0.5 * reg * np.sum(W * W)
    G = (margins > 0).astype(W.dtype)
    G[y, cols] = -G.sum(axis=0)
    dW = G @ X.T / N + 0.5 * reg * W
    return loss, dW
