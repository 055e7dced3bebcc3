# exercise: softmax_loss_vectorized
# faults: bias-not-penalised
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    s = X @ W
    s -= s.max(axis=1, keepdims=True)
    logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))

    weights = W[:-1, :]
    loss = -logp[np.arange(N), y].sum() / N
    loss += 0.5 * reg * np.sum(weights ** 2)

    d = np.exp(logp)
    d[np.arange(N), y] -= 1
    dW = (X.T @ d) / N
    dW[:-1, :] += reg * weights
    return loss, dW
