# exercise: softmax_loss_vectorized
# faults: reg-missing-loss

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X @ W
    top = scores.max(axis=1, keepdims=True)
    lse = top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
    loss = (lse.sum() - scores[np.arange(N), y].sum()) / N
    probs = np.exp(scores - lse)
    probs[np.arange(N), y] -= 1
    dW = X.T @ probs / N
    dW += reg * W
    return loss, dW
