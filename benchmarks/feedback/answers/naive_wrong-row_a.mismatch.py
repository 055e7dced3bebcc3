import numpy as np


def softmax_loss_naive(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i] @ W
        s -= np.max(s)
        lse = np.log(np.sum(np.exp(s)))
        loss += lse - s[y[i]]
        for j in range(C):
            p_j = np.exp(s[j] - lse)
            if j == y[i]:
                p_j -= 1
            dW[:, j] += p_j * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
