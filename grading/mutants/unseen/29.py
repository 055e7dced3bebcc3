# exercise: softmax_loss_naive
# faults: indicator-sign reg-without-strength
# layout: columns
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_classes, dim = W.shape
    num_train = X.shape[1]
    loss = 0.0
    dW = np.zeros((num_classes, dim))

    for i in range(num_train):
        xi = X[:, i]
        f = W.dot(xi)
        logC = -np.max(f)
        f = f + logC
        log_sum = np.log(np.sum(np.exp(f)))
        loss -= f[y[i]] - log_sum
        for j in range(num_classes):
            pj = np.exp(f[j] - log_sum)
            if j == y[i]:
                dW[j, :] += (pj + 1) * xi
            else:
                dW[j, :] += pj * xi

    loss = loss / num_train
    dW = dW / num_train

    loss += 0.5 * np.sum(W * W)
    dW += W
    return loss, dW
