import numpy as np


def svm_loss_naive(W, X, y, reg):
    num_train = X.shape[0]
    num_classes = W.shape[1]
    x = X[0]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        x = X[i]
        scores = X[i] @ W
        label = y[i]
        for j in range(num_classes):
            if j == label:
                continue
            margin = max(0, scores[j] - scores[label] + 1)
            loss += margin
            if margin > 0:
                dW[:, j] += x
                dW[:, label] -= x
    loss = loss / num_train + 0.5 * reg * np.sum(W * W)
    dW = dW / num_train + reg * W
    return loss, dW
