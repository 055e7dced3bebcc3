# exercise: softmax_backward
# faults: mutates-input

import numpy as np


def softmax_backward(dy, y):
    dy -= np.sum(dy * y, axis=-1, keepdims=True)
    return dy * y
