# exercise: softmax_loss_naive
# faults:

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    n = X.shape[0]
    losses = []
    dW = reg * W
    for x, label in [(X[i], y[i]) for i in range(n)]:
        f = W.T @ x
        shift = f.max()
        e = np.exp(f - shift)
        losses.append(np.log(e.sum()) - (f[label] - shift))
        p = e / e.sum()
        for c in range(len(p)):
            if c == label:
                dW[:, c] += (p[c] - 1) * x / n
            else:
                dW[:, c] += p[c] * x / n
    return sum(losses) / n + 0.5 * reg * np.sum(W**2), dW
