import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X.dot(W)
    scores -= scores.max(axis=1, keepdims=True)
    exp_scores = np.exp(scores)
    sums = exp_scores.sum(axis=1, keepdims=True)
    probs = exp_scores / sums
    correct = scores[np.arange(num_train), y]
    loss = np.mean(np.log(sums).ravel() - correct)
    loss += reg / 2 * np.sum(W * W)
    probs[np.arange(num_train), y] -= 1
    dW = X.T.dot(probs / num_train)
    dW += reg * W
    return loss, dW
