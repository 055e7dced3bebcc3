import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_train = X.shape[0]
    num_classes = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        f = X[i].dot(W)
        f -= np.max(f)
        log_sum = np.log(np.sum(np.exp(f)))
        loss += log_sum - f[y[i]]
        for k in range(num_classes):
            p_k = np.exp(f[k] - log_sum)
            dW[:, k] += (p_k - (k == y[i])) * X[i]
    loss /= num_train
    dW /= num_train
    penalty = 0.5 * reg * np.sum(W * W)
    loss += penalty
    dW += reg * W
    return loss, dW
