# exercise: softmax_loss_vectorized
# faults: loss-over-all-classes

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X @ W
    scores -= scores.max(axis=1, keepdims=True)
    log_probs = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    loss = np.mean(np.sum(-log_probs, axis=1))
    dscores = np.exp(log_probs)
    dscores[range(num_train), y] -= 1
    loss += 0.5 * reg * np.sum(W * W)
    dW = X.T @ dscores / num_train + reg * W
    return loss, dW
