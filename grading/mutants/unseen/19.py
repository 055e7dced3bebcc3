# exercise: softmax_jacobian_naive
# faults: jacobian-diagonal-only
import numpy as np


def softmax_jacobian_naive(y):
    n = y.shape[0]
    J = np.zeros((n, n))
    for i in range(n):
        J[i, i] = y[i] * (1 - y[i])
    return J
