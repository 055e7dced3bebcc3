# exercise: log_softmax
# faults:

import numpy as np


def log_softmax(z, axis=-1):
    out = np.subtract(z, z.max(axis=axis, keepdims=True))
    norm = np.exp(out).sum(axis=axis, keepdims=True)
    return out - np.log(norm)
