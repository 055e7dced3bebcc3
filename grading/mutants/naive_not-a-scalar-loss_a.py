# exercise: softmax_loss_naive
# faults: not-a-scalar-loss

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_train, num_classes = X.shape[0], W.shape[1]
    losses = np.zeros(num_train)
    dW = np.zeros_like(W)
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        log_sum = np.log(np.sum(np.exp(scores)))
        losses[i] = log_sum - scores[y[i]] + 0.5 * reg * np.sum(W * W)
        for j in range(num_classes):
            p = np.exp(scores[j] - log_sum)
            dW[:, j] += (p - (j == y[i])) * X[i] / num_train
    return losses, dW + reg * W
