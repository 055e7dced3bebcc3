# exercise: softmax_loss_vectorized
# faults: epsilon-in-log
import numpy as np

def softmax_loss_vectorized(W, X, y, reg):
    EPS = np.finfo(np.float32).eps
    N = X.shape[0]
    C = W.shape[1]

    Z = np.matmul(X, W)
    Z = Z - np.amax(Z, axis=1).reshape(N, 1)
    P = np.exp(Z)
    P = P / np.sum(P, axis=1).reshape(N, 1)

    Y = np.zeros((N, C))
    Y[range(N), y] = 1

    picked = np.sum(P * Y, axis=1)
    data_loss = np.mean(-np.log(picked + EPS))
    reg_loss = 0.5 * reg * np.sum(np.square(W))

    dW = np.matmul(X.T, P - Y) / N + reg * W

    return data_loss + reg_loss, dW
