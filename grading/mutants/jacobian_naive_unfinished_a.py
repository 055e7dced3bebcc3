# exercise: softmax_jacobian_naive
# faults: unfinished

import numpy as np


def softmax_jacobian_naive(y):
    n = len(y)
    J = np.zeros((n, n), dtype=y.dtype)
    for i in range(n):
        for j in range(n):
            if i == j:
                J[i, j] = y[i] * (1 - y[j])
            else:
                J[i, j] = -y[i] * y[j]
