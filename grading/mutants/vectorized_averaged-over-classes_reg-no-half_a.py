# exercise: softmax_loss_vectorized
# faults: averaged-over-classes reg-no-half

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    scores = X @ W
    num = scores.shape[1]
    scores -= scores.max(axis=1, keepdims=True)
    lse = np.log(np.exp(scores).sum(axis=1))
    loss = np.sum(lse - scores[np.arange(len(y)), y]) / num
    loss += reg * np.sum(W * W)
    dscores = np.exp(scores - lse[:, None])
    dscores[np.arange(len(y)), y] -= 1
    dW = X.T @ dscores / num
    dW += 2 * reg * W
    return loss, dW
