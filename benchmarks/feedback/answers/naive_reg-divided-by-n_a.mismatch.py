import numpy as np


def softmax_loss_naive(W, X, y, reg):
    num_train = X.shape[0]
    num_classes = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        log_sum = np.log(np.sum(np.exp(scores)))
        loss += log_sum - scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                dW[:, j] += (np.exp(scores[j] - log_sum) - 1) * X[i]
            else:
                dW[:, j] += np.exp(scores[j] - log_sum) * X[i]
    reg = reg * num_train  # the return divides by num_train; the reg term must not shrink
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss / num_train, dW / num_train
