# exercise: svm_loss_vectorized
# faults: reg-divided-by-n

import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X.dot(W)
    correct_class_score = scores[np.arange(num_train), y]
    margins = np.maximum(0, scores - np.reshape(correct_class_score, (num_train, 1)) + 1)
    margins[np.arange(num_train), y] = 0
    loss = np.sum(margins)
    loss += 0.5 * reg * np.sum(W * W)
    loss /= num_train

    margins[margins > 0] = 1
    margins[np.arange(num_train), y] -= margins.sum(axis=1)
    dW = np.dot(X.T, margins)
    dW += reg * W
    dW /= num_train
    return loss, dW
