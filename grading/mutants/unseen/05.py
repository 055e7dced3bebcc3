# exercise: softmax_loss_vectorized
# faults: whole-batch-max
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    n = X.shape[0]
    f = X @ W
    f = f - np.max(f)
    ef = np.exp(f)
    Z = ef.sum(axis=1)
    loss = (np.log(Z) - f[np.arange(n), y]).mean()
    loss = loss + 0.5 * reg * np.sum(np.square(W))
    P = ef / Z[:, None]
    P[np.arange(n), y] -= 1.0
    dW = X.T @ P / n + reg * W
    return loss, dW
