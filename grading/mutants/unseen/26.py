# exercise: softmax_loss_naive
# faults: indicator-missing reg-no-half
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    n_train, n_feat = X.shape
    n_class = W.shape[1]

    for i in range(n_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        exps = np.exp(scores)
        total = np.sum(exps)
        loss += np.log(total) - scores[y[i]]
        for k in range(n_class):
            for d in range(n_feat):
                dW[d, k] += exps[k] / total * X[i, d]

    loss /= n_train
    dW /= n_train
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW
