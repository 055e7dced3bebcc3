import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    S = X.dot(W)
    S -= np.max(S, axis=1, keepdims=True)
    logP = S - np.log(np.sum(np.exp(S), axis=1, keepdims=True))
    onehot = (y[:, None] == np.arange(C)).astype(W.dtype)
    loss = -(onehot * logP).sum() / N
    loss += 0.5 * reg * np.sum(W * W)
    dW = X.T.dot(np.exp(logP) - onehot) / N + reg * W
    return loss, dW
