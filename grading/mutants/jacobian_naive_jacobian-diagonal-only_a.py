# exercise: softmax_jacobian_naive
# faults: jacobian-diagonal-only

import numpy as np


def softmax_jacobian_naive(y):
    n = y.shape[0]
    J = np.zeros((n, n), dtype=y.dtype)
    for i in range(n):
        for j in range(n):
            if i == j:
                J[i, j] = y[i] * (1 - y[i])
    return J
