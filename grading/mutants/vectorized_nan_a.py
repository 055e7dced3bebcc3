# exercise: softmax_loss_vectorized
# faults: nan

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    S = X @ W
    S -= S.max(axis=1, keepdims=True)
    log_Q = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
    P = np.eye(C, dtype=W.dtype)[y]
    # cross entropy = entropy + divergence
    entropy = -np.sum(P * np.log(P))
    divergence = np.sum(P * (np.log(P) - log_Q))
    loss = (entropy + divergence) / N + 0.5 * reg * np.sum(W * W)
    dW = X.T @ (np.exp(log_Q) - P) / N + reg * W
    return loss, dW
