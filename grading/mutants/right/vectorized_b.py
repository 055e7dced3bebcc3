# exercise: softmax_loss_vectorized
# faults:

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    Y = np.eye(C, dtype=W.dtype)[y]  # one-hot rows
    scores = X @ W
    scores -= np.max(scores, axis=1).reshape(N, 1)
    exps = np.exp(scores)
    sums = np.sum(exps, axis=1, keepdims=True)
    log_probs = scores - np.log(sums)
    loss = -np.sum(Y * log_probs) / N
    loss += 0.5 * reg * np.sum(np.square(W))
    dscores = (exps / sums - Y) / N
    dW = X.T @ dscores
    dW += reg * W
    return loss, dW
