# exercise: softmax_jacobian
# faults: raises

import numpy as np


def softmax_jacobian(y):
    J = -np.outer(y, y)
    J[np.diag_indices(len(y))] += y
    return J
