import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N, C = len(X), W.shape[1]
    losses = []
    dW = np.zeros_like(W)
    for i, x in enumerate(X):
        f = x @ W
        f = f - f.max()
        logp = f - np.log(sum(np.exp(f)))
        losses.append(-logp[y[i]])
        for c in range(C):
            if c == y[i]:
                dW[:, c] += (np.exp(logp[c]) - 1) * x
            else:
                dW[:, c] += np.exp(logp[c]) * x
    loss = sum(losses) / N
    dW /= N
    # add the penalty
    loss += 0.5 * reg * np.sum(W**2)
    dW += reg * W
    return loss, dW
