# exercise: softmax_loss_vectorized
# faults: keeps-state

import numpy as np

one_hot = {}


def softmax_loss_vectorized(W, X, y, reg):
    S = X @ W
    if S.shape not in one_hot:
        one_hot[S.shape] = np.eye(S.shape[1], dtype=bool)[y]
    Y = one_hot[S.shape]
    S -= S.max(axis=1, keepdims=True)
    log_P = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
    loss = -np.mean(log_P[Y]) + 0.5 * reg * np.sum(W * W)
    dW = X.T @ (np.exp(log_P) - Y) / len(X) + reg * W
    return loss, dW
