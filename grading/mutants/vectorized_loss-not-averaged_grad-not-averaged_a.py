# exercise: softmax_loss_vectorized
# faults: loss-not-averaged grad-not-averaged

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    scores = X.dot(W)
    scores -= np.max(scores, axis=1).reshape(-1, 1)
    lse = np.log(np.sum(np.exp(scores), axis=1))
    idx = np.arange(X.shape[0])
    loss = np.sum(lse) - np.sum(scores[idx, y])
    loss += 0.5 * reg * np.sum(W * W)
    grad = np.exp(scores - lse.reshape(-1, 1))
    grad[idx, y] -= 1
    dW = X.T.dot(grad)
    dW += reg * W
    return loss, dW
