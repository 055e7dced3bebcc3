# exercise: softmax_backward
# faults: jacobian-diagonal-only

import numpy as np


def softmax_backward(dy, y):
    local = y - np.square(y)
    dz = np.multiply(local, dy)
    return dz
