# exercise: softmax_loss_naive
# faults: wrong-log-base
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N, D = X.shape
    C = W.shape[1]
    dW = np.zeros(W.shape)
    crossEntropy = 0.0

    for n in range(N):
        logits = X[n] @ W
        m = logits.max()
        lse = m + np.log(np.sum(np.exp(logits - m)))
        crossEntropy += (lse - logits[y[n]]) / np.log(2)
        for c in range(C):
            q = np.exp(logits[c] - lse)
            dW[:, c] += q * X[n]
        dW[:, y[n]] -= X[n]

    loss = crossEntropy / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
