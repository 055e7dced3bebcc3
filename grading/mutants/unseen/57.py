# exercise: svm_loss_naive
# faults: loss-not-averaged reg-not-squared
import numpy as np

def svm_loss_naive(W, X, y, reg):
    N, D = X.shape
    C = W.shape[1]
    loss = 0
    dW = np.zeros((D, C))
    for i in range(N):
        s = np.dot(X[i], W)
        for j in range(C):
            if j != y[i]:
                m = s[j] - s[y[i]] + 1
                if m > 0:
                    loss = loss + m
                    dW[:, j] = dW[:, j] + X[i] / N
                    dW[:, y[i]] = dW[:, y[i]] - X[i] / N
    loss = loss + 0.5 * reg * np.linalg.norm(W)
    dW = dW + reg * W
    return loss, dW
