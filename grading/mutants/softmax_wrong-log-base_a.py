# exercise: softmax
# faults: wrong-log-base

import numpy as np


def softmax(z, axis=-1):
    shifted = z - z.max(axis=axis, keepdims=True)
    p = np.exp2(shifted)
    return p / p.sum(axis=axis, keepdims=True)
