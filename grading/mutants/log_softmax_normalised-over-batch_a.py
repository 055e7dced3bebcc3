# exercise: log_softmax
# faults: normalised-over-batch

import numpy as np


def log_softmax(z, axis=-1):
    s = z - np.max(z)
    return s - np.log(np.sum(np.exp(s)))
