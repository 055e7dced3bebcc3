# exercise: softmax
# faults: softmax-twice

import numpy as np


def softmax(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    p = e / np.sum(e, axis=axis, keepdims=True)
    # normalise so that every row sums to one
    p = np.exp(p)
    p /= np.sum(p, axis=axis, keepdims=True)
    return p
