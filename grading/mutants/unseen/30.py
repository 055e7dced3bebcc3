# exercise: softmax_loss_vectorized
# faults: averaged-over-classes reg-not-squared
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    Y = np.zeros((N, C))
    Y[np.arange(N), y] = 1

    Z = X @ W
    Z = Z - np.max(Z, axis=1, keepdims=True)
    logY_hat = Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True))

    data_loss = np.mean(-Y * logY_hat)
    penalty = 0.5 * reg * np.linalg.norm(W)
    loss = data_loss + penalty

    dW = X.T @ (np.exp(logY_hat) - Y) / N
    dW = dW + reg * W
    return loss, dW
