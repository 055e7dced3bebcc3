# exercise: softmax_backward
# faults: vjp-wrong-axis

import numpy as np


def softmax_backward(dy, y):
    s = np.sum(dy * y, axis=0, keepdims=True)
    return y * (dy - s)
