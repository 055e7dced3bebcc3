# exercise: softmax_jacobian_naive
# faults: softmax-twice

import numpy as np


def softmax_jacobian_naive(y):
    e = np.exp(y - np.max(y))
    p = e / np.sum(e)
    n = len(p)
    J = np.zeros((n, n), p.dtype)
    for i in range(n):
        for j in range(n):
            delta = 1 if i == j else 0
            J[i, j] = p[i] * (delta - p[j])
    return J
