# exercise: softmax_loss_naive
# faults: indicator-sign
# layout: columns

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_classes = W.shape[0]
    num_train = X.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        scores = W @ X[:, i]
        scores -= scores.max()
        logZ = np.log(np.exp(scores).sum())
        loss += logZ - scores[y[i]]
        for j in range(num_classes):
            p = np.exp(scores[j] - logZ)
            dW[j] += (p + (j == y[i])) * X[:, i]
    loss = loss / num_train + 0.5 * reg * np.sum(W * W)
    dW = dW / num_train + reg * W
    return loss, dW
