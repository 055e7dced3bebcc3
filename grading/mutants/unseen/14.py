# exercise: softmax_loss_vectorized
# faults: not-a-scalar-loss
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    S = X @ W
    S = S - S.max(axis=1, keepdims=True)
    lse = np.log(np.exp(S).sum(axis=1, keepdims=True))
    S_correct = S[np.arange(N), y].reshape(N, 1)

    loss = np.mean(lse - S_correct, axis=0)
    loss = loss + 0.5 * reg * np.sum(W * W)

    P = np.exp(S - lse)
    P[np.arange(N), y] -= 1
    dW = X.T @ P
    dW = dW / N + reg * W
    return loss, dW
