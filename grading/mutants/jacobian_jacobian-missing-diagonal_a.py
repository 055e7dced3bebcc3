# exercise: softmax_jacobian
# faults: jacobian-missing-diagonal

import numpy as np


def softmax_jacobian(y):
    column = np.expand_dims(y, -1)
    J = -np.matmul(column, np.swapaxes(column, -1, -2))
    return J
