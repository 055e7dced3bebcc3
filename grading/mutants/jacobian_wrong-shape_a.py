# exercise: softmax_jacobian
# faults: wrong-shape

import numpy as np


def softmax_jacobian(y):
    n = y.shape[-1]
    flat = y.reshape(-1, n)
    J = -np.einsum("bi,bj->bij", flat, flat)
    J[:, np.arange(n), np.arange(n)] += flat
    return J
