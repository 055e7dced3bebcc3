# exercise: softmax_loss_vectorized
# faults: normalised-over-wrong-axis

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X @ W
    scores -= np.max(scores, axis=1, keepdims=True)
    log_sums = np.log(np.sum(np.exp(scores), axis=0))
    log_probs = scores - log_sums
    loss = -np.mean(log_probs[np.arange(num_train), y])
    loss += 0.5 * reg * np.sum(W * W)
    dscores = np.exp(log_probs)
    dscores[np.arange(num_train), y] -= 1
    dW = X.T @ dscores / num_train + reg * W
    return loss, dW
