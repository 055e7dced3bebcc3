# exercise: softmax_jacobian
# faults: python-loop

import numpy as np


def softmax_jacobian(y):
    n = y.shape[-1]
    J = np.zeros((*y.shape, n), dtype=y.dtype)
    for index in np.ndindex(y.shape[:-1]):
        J[index] = np.diag(y[index]) - np.outer(y[index], y[index])
    return J
