# exercise: softmax_loss_naive
# faults: indicator-sign reg-divided-by-n
import numpy as np


def softmax_loss_naive(W, X, y, reg):
    loss, dW = 0.0, np.zeros_like(W)
    N = X.shape[0]
    C = W.shape[1]

    for i in range(N):
        z = X[i].dot(W)
        m = max(z)
        denom = sum(np.exp(z[k] - m) for k in range(C))
        loss += m + np.log(denom) - z[y[i]]
        for k in range(C):
            pk = np.exp(z[k] - m) / denom
            dW[:, k] += pk * X[i]
            if k == y[i]:
                dW[:, k] += X[i]

    loss += 0.5 * reg * np.sum(W * W)
    dW += reg * W

    return loss / N, dW / N
