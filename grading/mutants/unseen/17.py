# exercise: svm_loss_vectorized
# faults: reg-divided-by-n
import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    n = X.shape[0]
    scores = X @ W
    correct = scores[np.arange(n), y][:, None]
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(n), y] = 0

    loss = (np.sum(margins) + 0.5 * reg * np.sum(W * W)) / n

    mask = (margins > 0).astype(float)
    mask[np.arange(n), y] = -mask.sum(axis=1)
    dW = (X.T @ mask + reg * W) / n
    return loss, dW
