# exercise: log_softmax
# faults: log-of-underflow

import numpy as np


def log_softmax(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    p = e / np.sum(e, axis=axis, keepdims=True)
    return np.log(p)
