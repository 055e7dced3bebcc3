# exercise: softmax_loss_vectorized
# faults: keeps-state
import numpy as np

_Y = None   # one-hot labels


def softmax_loss_vectorized(W, X, y, reg):
    global _Y
    N, C = X.shape[0], W.shape[1]
    if _Y is None or _Y.shape != (N, C):
        _Y = np.eye(C)[y]

    scores = X.dot(W)
    scores = scores - scores.max(axis=1, keepdims=True)
    lse = np.log(np.exp(scores).sum(axis=1, keepdims=True))
    log_probs = scores - lse

    loss = -np.sum(_Y * log_probs) / N + 0.5 * reg * np.sum(W * W)
    dW = X.T.dot(np.exp(log_probs) - _Y) / N + reg * W
    return loss, dW
