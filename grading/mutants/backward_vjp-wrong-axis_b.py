# exercise: softmax_backward
# faults: vjp-wrong-axis

import numpy as np


def softmax_backward(dy, y):
    inner = np.sum(dy * y)
    dz = (dy - inner) * y
    return dz
