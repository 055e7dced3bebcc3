# exercise: softmax_loss_naive
# faults: loss-sign

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_train = X.shape[0]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        log_probs = scores - np.log(np.sum(np.exp(scores)))
        loss += log_probs[y[i]]
        for j in range(W.shape[1]):
            p = np.exp(log_probs[j])
            if j == y[i]:
                dW[:, j] += (p - 1) * X[i]
            else:
                dW[:, j] += p * X[i]
    loss /= num_train
    dW /= num_train
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
