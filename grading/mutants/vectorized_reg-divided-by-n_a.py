# exercise: softmax_loss_vectorized
# faults: reg-divided-by-n

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X @ W
    scores -= scores.max(axis=1)[:, None]
    lse = np.log(np.exp(scores).sum(axis=1))
    loss = np.mean(lse - scores[np.arange(N), y]) + 0.5 * reg * np.sum(W * W)
    G = np.exp(scores - lse[:, None])
    G[np.arange(N), y] -= 1
    dW = X.T @ G
    dW += reg * W
    dW /= N
    return loss, dW
