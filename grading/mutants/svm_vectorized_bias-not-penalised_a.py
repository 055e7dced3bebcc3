# exercise: svm_loss_vectorized
# faults: bias-not-penalised

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    take = (np.arange(N), y)
    scores = X @ W
    margins = (scores - scores[take][:, None] + 1).clip(min=0)
    margins[take] = 0
    loss = np.sum(margins) / N + 0.5 * reg * np.sum(W[:-1] ** 2)
    k = np.sign(margins)
    k[take] = -k.sum(axis=1)
    dW = X.T @ k / N
    dW[:-1] += reg * W[:-1]
    return loss, dW
