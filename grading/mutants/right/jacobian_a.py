# exercise: softmax_jacobian
# faults:

import numpy as np


def softmax_jacobian(y):
    n = y.shape[-1]
    J = np.einsum("...i,...j->...ij", -y, y)
    k = np.arange(n)
    J[..., k, k] += y
    return J
