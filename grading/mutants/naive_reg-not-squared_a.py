# exercise: softmax_loss_naive
# faults: reg-not-squared

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N = X.shape[0]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        sum_exp = np.sum(np.exp(scores))
        loss += np.log(sum_exp) - scores[y[i]]
        for j in range(W.shape[1]):
            dW[:, j] += np.exp(scores[j]) / sum_exp * X[i]
        dW[:, y[i]] -= X[i]
    loss = loss / N + 0.5 * reg * np.linalg.norm(W)
    dW = dW / N + reg * W
    return loss, dW
