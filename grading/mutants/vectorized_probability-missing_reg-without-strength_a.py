# exercise: softmax_loss_vectorized
# faults: probability-missing reg-without-strength

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    S = X @ W
    m = S.max(axis=1)
    lse = m + np.log(np.exp(S - m[:, None]).sum(axis=1))
    loss = np.mean(lse - S[np.arange(N), y]) + 0.5 * np.sum(W * W)
    mask = np.zeros_like(S)
    mask[np.arange(N), y] = -1
    dW = X.T @ mask / N + W
    return loss, dW
