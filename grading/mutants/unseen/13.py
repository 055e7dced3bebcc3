# exercise: softmax_loss_naive
# faults: probability-missing
# layout: columns
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros(W.shape)
    C = W.shape[0]
    N = X.shape[1]

    i = 0
    while i < N:
        x = X[:, i]
        scores = np.array([W[k].dot(x) for k in range(C)])
        scores -= scores.max()
        correct = scores[y[i]]
        loss += -correct + np.log(np.exp(scores).sum())
        dW[y[i]] -= x
        i += 1

    loss /= N
    dW /= N
    loss += 0.5 * reg * np.sum(W**2)
    dW += reg * W
    return loss, dW
