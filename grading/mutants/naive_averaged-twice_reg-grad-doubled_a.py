# exercise: softmax_loss_naive
# faults: averaged-twice reg-grad-doubled
# layout: columns

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_classes, num_train = W.shape[0], X.shape[1]
    losses = np.zeros(num_train)
    dW = np.zeros_like(W)
    for i in range(num_train):
        scores = W.dot(X[:, i])
        scores -= np.max(scores)
        log_sum = np.log(np.sum(np.exp(scores)))
        losses[i] = log_sum - scores[y[i]]
        for j in range(num_classes):
            dW[j] += (np.exp(scores[j] - log_sum) - (j == y[i])) * X[:, i]
    loss = np.mean(losses) / num_train
    dW /= num_train
    loss += 0.5 * reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW
