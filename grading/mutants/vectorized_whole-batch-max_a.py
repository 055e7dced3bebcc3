# exercise: softmax_loss_vectorized
# faults: whole-batch-max
# layout: columns

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[1]
    f = W.dot(X)
    f = f - f.max()
    exp_f = np.exp(f)
    sum_f = exp_f.sum(axis=0)
    loss = np.mean(np.log(sum_f) - f[y, np.arange(num_train)])
    p = exp_f / sum_f
    p[y, np.arange(num_train)] -= 1
    dW = p.dot(X.T) / num_train
    return loss + 0.5 * reg * np.sum(W * W), dW + reg * W
