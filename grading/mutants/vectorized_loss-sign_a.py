# exercise: softmax_loss_vectorized
# faults: loss-sign

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    f = X @ W
    f -= np.max(f, axis=1)[:, None]
    Z = np.sum(np.exp(f), axis=1)
    right = f[np.arange(N), y]
    loss = np.mean(right - np.log(Z))
    loss += 0.5 * reg * np.sum(W * W)
    df = np.exp(f) / Z[:, None]
    df[np.arange(N), y] -= 1
    dW = np.dot(X.T, df) / N
    dW += reg * W
    return loss, dW
