# exercise: softmax_loss_vectorized
# faults: grad-not-averaged reg-grad-halved

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    S = X @ W
    S -= S.max(axis=1, keepdims=True)
    Z = np.exp(S).sum(axis=1, keepdims=True)
    Y = np.eye(C, dtype=W.dtype)[y]
    loss = np.sum(Y * (np.log(Z) - S)) / N + 0.5 * reg * np.sum(W * W)
    dW = X.T @ (np.exp(S) / Z - Y) + 0.5 * reg * W
    return loss, dW
