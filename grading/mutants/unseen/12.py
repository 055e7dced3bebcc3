# exercise: softmax_loss_vectorized
# faults: normalised-over-wrong-axis
import numpy as np


def log_softmax(s):
    s = s - np.max(s, axis=0)
    return s - np.log(np.sum(np.exp(s), axis=0))


def softmax_loss_vectorized(W, X, y, reg):
    n_samples = X.shape[0]
    idx = np.arange(n_samples)

    lp = log_softmax(X @ W)
    loss = -lp[idx, y].mean() + 0.5 * reg * np.sum(W * W)

    delta = np.exp(lp)
    delta[idx, y] -= 1
    dW = X.T @ delta / n_samples + reg * W

    return loss, dW
