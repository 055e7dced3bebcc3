# exercise: log_softmax
# faults: max-added

import numpy as np


def log_softmax(z, axis=-1):
    s = z + np.max(z, axis=axis, keepdims=True)
    return s - np.log(np.sum(np.exp(s), axis=axis, keepdims=True))
