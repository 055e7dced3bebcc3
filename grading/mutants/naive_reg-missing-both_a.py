# exercise: softmax_loss_naive
# faults: reg-missing-both
# layout: columns

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_classes = W.shape[0]
    num_train = X.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        f = W.dot(X[:, i])
        f -= np.max(f)
        s = np.sum(np.exp(f))
        loss += -f[y[i]] + np.log(s)
        for j in range(num_classes):
            p = np.exp(f[j]) / s
            dW[j, :] += (p - (j == y[i])) * X[:, i]
    loss /= num_train
    dW /= num_train
    return loss, dW
