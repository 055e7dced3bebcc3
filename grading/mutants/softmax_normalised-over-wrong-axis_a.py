# exercise: softmax
# faults: normalised-over-wrong-axis

import numpy as np


def softmax(z, axis=-1):
    z = z - np.max(z, axis=0)
    e = np.exp(z)
    return e / np.sum(e, axis=0)
