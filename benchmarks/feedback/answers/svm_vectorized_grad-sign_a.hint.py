import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    n = len(y)
    f = np.dot(X, W)
    fy = f[range(n), y]
    margins = np.maximum(f - fy[:, np.newaxis] + 1, 0)
    margins[range(n), y] = 0
    loss = margins.sum() / n + 0.5 * reg * np.sum(np.square(W))

    coeff = np.where(margins > 0, 1, 0).astype(W.dtype)
    coeff[range(n), y] = -coeff.sum(axis=1)
    dW = np.dot(X.T, coeff) / n + reg * W
    return loss, dW
