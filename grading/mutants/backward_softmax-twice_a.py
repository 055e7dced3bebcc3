# exercise: softmax_backward
# faults: softmax-twice

import numpy as np


def softmax_backward(dy, y):
    # forward pass
    e = np.exp(y - np.max(y, axis=-1, keepdims=True))
    p = e / np.sum(e, axis=-1, keepdims=True)
    # backward pass
    return p * (dy - np.sum(p * dy, axis=-1, keepdims=True))
