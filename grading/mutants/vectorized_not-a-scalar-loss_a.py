# exercise: softmax_loss_vectorized
# faults: not-a-scalar-loss

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X @ W
    scores -= np.max(scores, axis=1, keepdims=True)
    log_probs = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    Y = np.eye(W.shape[1], dtype=W.dtype)[y]
    loss = -np.sum(Y * log_probs, axis=1, keepdims=True) / N
    loss += 0.5 * reg * np.sum(W * W)
    dW = X.T @ (np.exp(log_probs) - Y) / N + reg * W
    return loss, dW
