# exercise: softmax_jacobian_naive
# faults: jacobian-missing-diagonal

import numpy as np


def softmax_jacobian_naive(y):
    size = y.size
    J = np.zeros((size, size), dtype=y.dtype)
    for i, yi in enumerate(y):
        for j, yj in enumerate(y):
            J[i, j] -= yi * yj
    return J
