# exercise: softmax_loss_vectorized
# faults: epsilon-in-log

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X @ W
    exp_scores = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    p_right = np.clip(probs[np.arange(num_train), y], 1e-10, 1.0)
    loss = np.mean(-np.log(p_right))
    loss += 0.5 * reg * np.sum(W * W)
    probs[np.arange(num_train), y] -= 1
    dW = X.T @ probs / num_train + reg * W
    return loss, dW
