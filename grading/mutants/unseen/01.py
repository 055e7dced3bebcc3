# exercise: softmax_loss_naive
# faults: last-example-only
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    num_train = X.shape[0]
    num_classes = W.shape[1]

    for i in range(num_train):
        scores = X[i].dot(W)
        scores = scores - np.max(scores)
        log_norm = np.log(np.sum(np.exp(scores)))
        loss += log_norm - scores[y[i]]

        for j in range(num_classes):
            p = np.exp(scores[j] - log_norm)
            if j == y[i]:
                dW[:, j] = (p - 1) * X[i]
            else:
                dW[:, j] = p * X[i]

    loss /= num_train
    dW /= num_train

    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
