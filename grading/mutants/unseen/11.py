# exercise: softmax_loss_vectorized
# faults: reg-scalar-in-grad
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    # forward
    scores = X.dot(W)
    maxs = np.max(scores, axis=1)[:, np.newaxis]
    lse = maxs + np.log(np.exp(scores - maxs).sum(axis=1))[:, np.newaxis]
    logp = scores - lse
    N = y.size
    loss = -logp[np.arange(N), y].sum() / N
    loss += 0.5 * reg * np.sum(W * W)

    # backward
    dscores = np.exp(logp)
    dscores[np.arange(N), y] -= 1
    dW = X.T.dot(dscores) / N
    dW += reg * np.sum(W)

    return loss, dW
