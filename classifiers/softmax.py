"""The softmax loss and its gradient, in loops and in matrices, and the classifier trained on it.

    loss = -(1/N) sum_i log p_i[y_i] + 0.5 * reg * sum(W * W)        nats per example
    dW   =  (1/N) X^T (P - Y) + reg * W

    p_i  = softmax(X_i W)    the probabilities of the C classes for example i; row i of P
    Y_ij = 1[j == y_i]       one 1 in each row, at the right class

Mind the half. The course's handouts since 2016 write reg * sum(W * W), with gradient
2 * reg * W: their reg r is our reg 2r.

Source: Stanford CS231n, https://cs231n.github.io/linear-classify/#softmax
"""

import numpy as np

from .compiled import compiled_or
from .door import door
from .linear_classifier import LinearClassifier


@door
def softmax_loss_naive(W, X, y, reg):
    """Softmax loss and gradient, with loops over the examples and the classes.

    This is the specification: every faster form is tested against it.

    W   : (D, C) float32 or float64    weights, one column a class, C >= 2
    X   : (N, D) dtype of W            examples, one row each, N >= 1
    y   : (N,) integers in [0, C)      the right class of each example
    reg : float >= 0                   strength of the regularisation
    Returns (loss, dW): a float in nats per example, and (D, C) of W's dtype.
    Raises ValueError where an argument is not as above.

    W (C, D) with X (D, N) is understood too, and dW is then (C, D). The shapes and len(y)
    tell the layouts apart; where both fit (N = D and D = C) it is rows.
    """
    # BEGIN SOLUTION
    N, C = X.shape[0], W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(N):
        s = X[i] @ W  # the C scores of example i
        s -= s.max()  # changes no p; now exp cannot overflow, nor its sum be 0
        log_p = s - np.log(np.sum(np.exp(s)))
        loss -= log_p[y[i]]
        for j in range(C):
            p = np.exp(log_p[j])
            dW[:, j] += (p - (j == y[i])) * X[i]
    loss = loss / N + 0.5 * reg * np.sum(W * W)
    dW = dW / N + reg * W
    return loss, dW
    # END SOLUTION


@door
def softmax_loss_vectorized(W, X, y, reg):
    """Softmax loss and gradient, without a loop.

    Arguments, results and errors are those of `softmax_loss_naive`.
    """
    # BEGIN SOLUTION
    N = X.shape[0]
    rows = np.arange(N)
    S = X @ W
    S -= S.max(axis=1, keepdims=True)  # of each row: a whole-batch one leaves sums of 0 behind
    log_P = S - np.log(np.sum(np.exp(S), axis=1, keepdims=True))
    loss = -np.mean(log_P[rows, y]) + 0.5 * reg * np.sum(W * W)
    P = np.exp(log_P)
    P[rows, y] -= 1  # now P - Y
    dW = X.T @ P / N + reg * W
    return loss, dW
    # END SOLUTION


class Softmax(LinearClassifier):
    """A linear classifier trained on the softmax loss.

    loss : a function (W, X, y, reg) -> (loss, dW), such as the two above; None is the second,
           and the compiled one for large batches where it is installed

        model = Softmax()
        model.solve(X, y, reg=0.1)
        model.predict(X_new)
    """

    def __init__(self, loss=None):
        super().__init__(compiled_or(softmax_loss_vectorized) if loss is None else loss)
