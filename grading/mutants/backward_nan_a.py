# exercise: softmax_backward
# faults: nan

import numpy as np


def softmax_backward(dy, y):
    # work with logarithms so that small probabilities are not lost
    weighted = np.exp(np.log(dy) + np.log(y))
    return weighted - y * weighted.sum(axis=-1, keepdims=True)
