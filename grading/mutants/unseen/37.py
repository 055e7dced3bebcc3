# exercise: softmax_loss_vectorized
# faults: grad-transposed
# layout: columns
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    # W is C x D, X is D x N (one example per column)
    N = X.shape[1]
    S = W.dot(X)                                # C x N
    S = S - S.max(axis=0)
    logP = S - np.log(np.exp(S).sum(axis=0))
    loss = -logP[y, np.arange(N)].mean() + 0.5 * reg * np.sum(W ** 2)

    G = np.exp(logP)
    G[y, np.arange(N)] -= 1
    dW = X.dot(G.T) / N + reg * W.T
    return loss, dW
