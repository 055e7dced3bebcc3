"""The linear support vector machine: the hinge loss in loops and in matrices, and its classifier.

    loss = (1/N) sum_i sum_{j != y_i} max(0, s_ij - s_iy + 1) + 0.5 * reg * sum(W * W)
    s_ij = X_i W_j, the score of class j; s_iy that of the right class y_i; 1 is the margin

The right class has to lead every other by 1; where it does, that class costs nothing and moves
nothing. So the gradient jumps where a class leads by exactly 1: the loss has a kink there, and a
numerical gradient across it is right for neither side. That is no error of yours.

The letters, the layouts and the half are those of softmax.py.
Source: Stanford CS231n, https://cs231n.github.io/linear-classify/#svm
"""

import numpy as np

from .door import door
from .linear_classifier import LinearClassifier


@door
def svm_loss_naive(W, X, y, reg):
    """Hinge loss and gradient, with loops over the examples and the classes.

    Arguments, results, layouts and errors are those of `softmax_loss_naive`; the loss is in
    units of the margin.
    """
    # BEGIN SOLUTION
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i] @ W
        for j in range(C):
            margin = s[j] - s[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
    # END SOLUTION


@door
def svm_loss_vectorized(W, X, y, reg):
    """Hinge loss and gradient, without a loop.

    Arguments, results and errors are those of `svm_loss_naive`.
    """
    # BEGIN SOLUTION
    N = X.shape[0]
    rows = np.arange(N)
    S = X @ W
    margins = np.maximum(0, S - S[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    loss = np.sum(margins) / N + 0.5 * reg * np.sum(W * W)
    G = (margins > 0).astype(W.dtype)
    G[rows, y] = -np.sum(G, axis=1)  # each class that counts pulls the right one along
    dW = X.T @ G / N + reg * W
    return loss, dW
    # END SOLUTION


class LinearSVM(LinearClassifier):
    """A linear classifier trained on the hinge loss.

    loss : a function (W, X, y, reg) -> (loss, dW), such as the two above; None is the second
    """

    def __init__(self, loss=None):
        super().__init__(svm_loss_vectorized if loss is None else loss)
