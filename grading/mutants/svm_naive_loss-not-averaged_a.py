# exercise: svm_loss_naive
# faults: loss-not-averaged

import numpy as np


def svm_loss_naive(W, X, y, reg):
    dW = np.zeros_like(W)
    num_classes = W.shape[1]
    num_train = X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1  # note delta = 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]

    # Add regularization to the loss.
    loss += 0.5 * reg * np.sum(W * W)

    dW /= num_train
    dW += reg * W
    return loss, dW
