# exercise: softmax_loss_vectorized
# faults: grad-transposed

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X @ W
    scores -= np.max(scores, axis=1, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -log_probs[np.arange(num_train), y].mean() + 0.5 * reg * np.sum(W * W)
    d = np.exp(log_probs)
    d[np.arange(num_train), y] -= 1
    dW = (d.T @ X) / num_train + reg * np.transpose(W)
    return loss, dW
