# exercise: softmax_loss_vectorized
# faults: bias-not-penalised
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)

    scores = np.matmul(X, W)
    shifted = scores - np.amax(scores, axis=1).reshape(-1, 1)
    log_probs = shifted - np.log(np.sum(np.exp(shifted), axis=1)).reshape(-1, 1)

    weights = W[:-1, :]
    loss = -np.mean(log_probs[rows, y]) + 0.5 * reg * np.sum(weights * weights)

    grad_scores = np.exp(log_probs)
    grad_scores[rows, y] -= 1
    dW = np.matmul(X.T, grad_scores / N)
    dW[:-1, :] += reg * weights
    return loss, dW
