# exercise: softmax_loss_vectorized
# faults: reg-times-n

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    S = X.dot(W)
    S -= np.max(S, axis=1, keepdims=True)
    Z = np.exp(S).sum(axis=1, keepdims=True)
    losses = (np.log(Z)[:, 0] - S[np.arange(N), y]) / N
    losses += 0.5 * reg * np.sum(W * W)
    loss = losses.sum()
    D = np.exp(S) / Z
    D[np.arange(N), y] -= 1
    dW = X.T.dot(D) / N + reg * W
    return loss, dW
