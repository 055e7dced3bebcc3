# exercise: softmax
# faults: no-normaliser

import numpy as np


def softmax(z, axis=-1):
    top = np.amax(z, axis=axis, keepdims=True)
    return np.exp(z - top)
