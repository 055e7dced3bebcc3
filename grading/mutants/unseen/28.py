# exercise: softmax_loss_vectorized
# faults: averaged-twice reg-grad-halved
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    m = X.shape[0]
    scores = X @ W
    scores = scores - scores.max(1, keepdims=True)
    logsum = np.log(np.exp(scores).sum(1, keepdims=True))
    logprobs = scores - logsum
    loss = -logprobs[np.arange(m), y].sum() / m
    loss += 0.5 * reg * (W**2).sum()

    dscores = np.exp(logprobs)
    dscores[np.arange(m), y] -= 1
    dscores /= m
    dW = X.T @ dscores
    dW = dW / m + 0.5 * reg * W
    return loss, dW
