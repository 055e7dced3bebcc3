# exercise: softmax_loss_vectorized
# faults: log-of-underflow
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    n = len(y)

    # forward
    logits = X @ W
    logits = logits - logits.max(axis=1, keepdims=True)  # numeric stability
    exps = np.exp(logits)
    probs = exps / exps.sum(axis=1, keepdims=True)

    # cross-entropy
    nll = -np.log(probs[np.arange(n), y])
    loss = nll.mean() + 0.5 * reg * (W ** 2).sum()

    # backward
    probs[np.arange(n), y] -= 1.0
    dW = X.T @ probs / n + reg * W
    return loss, dW
