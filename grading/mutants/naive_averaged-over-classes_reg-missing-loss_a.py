# exercise: softmax_loss_naive
# faults: averaged-over-classes reg-missing-loss

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    n_examples, n_classes = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(n_examples):
        z = X[i].dot(W)
        z -= z.max()
        log_q = z - np.log(np.exp(z).sum())
        loss += -log_q[y[i]]
        for k in range(n_classes):
            t = 1 if k == y[i] else 0
            dW[:, k] += X[i] * (np.exp(log_q[k]) - t)
    loss /= n_classes
    dW /= n_examples
    dW += reg * W
    return loss, dW
