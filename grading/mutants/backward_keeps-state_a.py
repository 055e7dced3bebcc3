# exercise: softmax_backward
# faults: keeps-state

import numpy as np

sums = {}


def softmax_backward(dy, y):
    if y.shape not in sums:
        sums[y.shape] = np.sum(dy * y, axis=-1, keepdims=True)
    return y * (dy - sums[y.shape])
