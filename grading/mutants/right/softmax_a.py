# exercise: softmax
# faults:

import numpy as np


def softmax(z, axis=-1):
    z = np.moveaxis(z, axis, 0)
    z = z - z.max(axis=0)
    e = np.exp(z)
    e = e / e.sum(axis=0)
    return np.moveaxis(e, 0, axis)
