# exercise: svm_loss_vectorized
# faults: grad-not-averaged reg-scalar-in-grad
import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    scores = X @ W
    Y = np.eye(C)[y]
    true = (scores * Y).sum(axis=1, keepdims=True)
    hinge = (scores - true + 1) * (1 - Y)
    hinge[hinge < 0] = 0

    penalty = 0.5 * reg * np.sum(W * W)

    loss = hinge.sum() / N
    B = np.where(hinge > 0, 1.0, 0.0)
    B -= Y * B.sum(axis=1, keepdims=True)
    dW = X.T @ B

    loss += penalty
    dW += penalty
    return loss, dW
