# exercise: softmax_loss_naive
# faults:

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    num_train, dim = X.shape
    num_classes = W.shape[1]
    for i in range(num_train):
        scores = np.zeros(num_classes, dtype=W.dtype)
        for j in range(num_classes):
            for d in range(dim):
                scores[j] += X[i, d] * W[d, j]
        scores -= np.max(scores)
        total = 0.0
        for j in range(num_classes):
            total += np.exp(scores[j])
        loss += np.log(total) - scores[y[i]]
        for j in range(num_classes):
            coefficient = np.exp(scores[j]) / total
            if j == y[i]:
                coefficient -= 1
            for d in range(dim):
                dW[d, j] += coefficient * X[i, d]
    loss /= num_train
    dW /= num_train
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
