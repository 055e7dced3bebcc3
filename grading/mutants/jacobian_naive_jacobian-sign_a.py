# exercise: softmax_jacobian_naive
# faults: jacobian-sign

import numpy as np


def softmax_jacobian_naive(y):
    n = len(y)
    jac = np.empty((n, n), dtype=y.dtype)
    for i in range(n):
        for j in range(n):
            if i == j:
                jac[i][j] = -y[i] * (1 - y[i])
            else:
                jac[i][j] = y[i] * y[j]
    return jac
