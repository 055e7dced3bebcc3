import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    idx = np.arange(N)
    scores = X @ W
    scores = scores - scores.max(axis=1, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -log_probs[idx, y].mean() + 0.5 * reg * np.sum(W * W)
    d = np.exp(log_probs)
    d[idx, y] -= 1
    dW = X.T @ d / N + reg * W
    return loss, dW
