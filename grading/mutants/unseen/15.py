# exercise: softmax_loss_naive
# faults: keeps-state
import numpy as np

loss = 0.0


def softmax_loss_naive(W, X, y, reg):
    global loss
    dW = np.zeros_like(W)
    for i in range(X.shape[0]):
        z = X[i].dot(W)
        z = z - np.max(z)
        e = np.exp(z)
        s = np.sum(e)
        loss += np.log(s) - z[y[i]]
        for j in range(W.shape[1]):
            if j == y[i]:
                dW[:, j] += (e[j] / s - 1) * X[i]
            else:
                dW[:, j] += e[j] / s * X[i]
    loss = loss / X.shape[0] + 0.5 * reg * np.sum(W * W)
    dW = dW / X.shape[0] + reg * W
    return loss, dW
