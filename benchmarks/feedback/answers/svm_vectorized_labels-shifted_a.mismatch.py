import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    labels = y
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, labels].reshape(N, 1) + 1)
    margins[rows, labels] = 0
    loss = np.sum(margins) / N + 0.5 * reg * np.sum(W * W)
    binary = (margins > 0).astype(W.dtype)
    binary[rows, labels] = -binary.sum(axis=1)
    dW = X.T @ binary / N + reg * W
    return loss, dW
