# exercise: softmax_loss_vectorized
# faults: grad-not-averaged
# layout: columns

import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[1]
    scores = np.dot(W, X)  # C x N
    scores -= np.max(scores, axis=0)
    log_probs = scores - np.log(np.sum(np.exp(scores), axis=0))
    loss = -np.mean(log_probs[y, np.arange(N)])
    probs = np.exp(log_probs)
    probs[y, np.arange(N)] -= 1
    dW = np.dot(probs, X.T)
    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W
    return loss, dW
