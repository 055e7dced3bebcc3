# exercise: softmax_loss_vectorized
# faults: no-max-shift

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    S = X @ W
    log_norm = np.log(np.exp(S).sum(axis=1, keepdims=True))
    log_probs = S - log_norm
    loss = -log_probs[np.arange(N), y].mean() + 0.5 * reg * np.sum(W**2)
    one_hot = np.eye(W.shape[1], dtype=W.dtype)[y]
    dW = X.T @ (np.exp(log_probs) - one_hot) / N + reg * W
    return loss, dW
