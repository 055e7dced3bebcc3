# exercise: softmax_loss_naive
# faults: loss-not-averaged reg-no-half

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_train = X.shape[0]
    num_classes = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        f = X[i].dot(W)
        f -= np.max(f)
        sum_exp = np.sum(np.exp(f))
        loss += np.log(sum_exp) - f[y[i]]
        for j in range(num_classes):
            p = np.exp(f[j]) / sum_exp
            dW[:, j] += (p - (j == y[i])) * X[i]
    dW = dW / num_train + 2 * reg * W
    loss = loss + reg * np.sum(W * W)
    return loss, dW
