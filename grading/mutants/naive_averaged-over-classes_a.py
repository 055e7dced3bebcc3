# exercise: softmax_loss_naive
# faults: averaged-over-classes
# layout: columns

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    C = W.shape[0]
    N = X.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        x = X[:, i]
        f = W.dot(x)
        f -= np.max(f)
        log_p = f - np.log(np.sum(np.exp(f)))
        loss -= log_p[y[i]]
        for k in range(C):
            dW[k, :] += np.exp(log_p[k]) * x
            if k == y[i]:
                dW[k, :] -= x
    loss = loss / W.shape[0] + 0.5 * reg * np.sum(W**2)
    dW = dW / W.shape[0] + reg * W
    return loss, dW
