# exercise: svm_loss_vectorized
# faults: loss-not-averaged reg-missing-grad
import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    loss = 0.0
    dW = np.zeros(W.shape)

    num_train = X.shape[0]
    scores = X.dot(W)
    correct_scores = scores[range(num_train), list(y)].reshape(-1, 1)
    margin = np.maximum(0, scores - correct_scores + 1)
    margin[range(num_train), list(y)] = 0
    loss = np.sum(margin) + 0.5 * reg * np.sum(W * W)

    coeff_mat = np.zeros(margin.shape)
    coeff_mat[margin > 0] = 1
    coeff_mat[range(num_train), list(y)] = -np.sum(coeff_mat, axis=1)
    dW = (X.T).dot(coeff_mat)
    dW = dW / num_train

    return loss, dW
