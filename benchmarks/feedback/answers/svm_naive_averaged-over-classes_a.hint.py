import numpy as np


def svm_loss_naive(W, X, y, reg):
    dims, classes = W.shape
    n = X.shape[0]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(n):
        scores = X[i].dot(W)
        right = scores[y[i]]
        for j in range(classes):
            margin = scores[j] - right + 1
            if j != y[i] and margin > 0:
                loss += margin
                for d in range(dims):
                    dW[d, j] += X[i, d]
                    dW[d, y[i]] -= X[i, d]
    loss /= n
    dW /= n
    return loss + 0.5 * reg * np.sum(W * W), dW + reg * W
