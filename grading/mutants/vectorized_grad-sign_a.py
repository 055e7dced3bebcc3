# exercise: softmax_loss_vectorized
# faults: grad-sign

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = len(X)
    Z = X @ W
    Z -= np.amax(Z, axis=1, keepdims=True)
    E = np.exp(Z)
    T = E.sum(axis=1, keepdims=True)
    loss = np.sum(np.log(T)) / N - np.sum(Z[np.arange(N), y]) / N
    loss += 0.5 * reg * np.sum(W * W)

    # dL/dZ, then the chain rule
    dZ = E / T
    dZ[np.arange(N), y] -= 1
    dW = X.T @ dZ / N
    dW += reg * W
    return loss, -dW
