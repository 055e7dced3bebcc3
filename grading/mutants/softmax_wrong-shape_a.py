# exercise: softmax
# faults: wrong-shape

import numpy as np


def softmax(z, axis=-1):
    # work on the last axis
    z = np.moveaxis(z, axis, -1)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
