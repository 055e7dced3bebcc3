# exercise: log_softmax
# faults: wrong-log-base

import numpy as np


def log_softmax(z, axis=-1):
    s = z - np.max(z, axis=axis, keepdims=True)
    log_p = s - np.log(np.sum(np.exp(s), axis=axis, keepdims=True))
    return log_p / float(np.log(2))
