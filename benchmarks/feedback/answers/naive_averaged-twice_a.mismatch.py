import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_train, num_classes = X.shape[0], W.shape[1]
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(num_train):
        scores = X[i] @ W
        scores = scores - scores.max()
        norm = np.log(np.exp(scores).sum())
        loss -= (scores[y[i]] - norm) / num_train
        for j in range(num_classes):
            indicator = 1 if j == y[i] else 0
            dW[:, j] += (np.exp(scores[j] - norm) - indicator) * X[i] / num_train
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
