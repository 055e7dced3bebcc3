# exercise: softmax_loss_vectorized
# faults: labels-shifted
# layout: columns
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    C, D = W.shape
    N = X.shape[1]

    Z = W @ X  # (C, N)
    Z = Z - Z.max(axis=0)
    logP = Z - np.log(np.exp(Z).sum(axis=0))

    T = np.zeros((C, N))
    cols = np.arange(N)
    T[y - 1, cols] = 1

    loss = -np.sum(T * logP) / N + 0.5 * reg * np.sum(W**2)
    dW = (np.exp(logP) - T) @ X.T / N + reg * W
    return loss, dW
