# exercise: softmax_loss_vectorized
# faults: grad-not-averaged reg-loss-no-half
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    S = X.dot(W)
    S -= np.max(S, axis=1, keepdims=True)
    E = np.exp(S)
    E_sum = E.sum(axis=1, keepdims=True)

    L = -S[np.arange(num_train), y] + np.log(E_sum[:, 0])
    loss = np.mean(L) + reg * np.sum(W * W)

    ind = np.zeros_like(S)
    ind[np.arange(num_train), y] = 1
    dW = X.T.dot(E / E_sum - ind) + reg * W

    return loss, dW
