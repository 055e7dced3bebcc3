# exercise: log_softmax
# faults: wrong-log-base
import numpy as np
from math import e


def log_softmax(z, axis=-1):
    zmax = np.expand_dims(np.max(z, axis=axis), axis)
    total = np.expand_dims(np.sum(np.power(e, z - zmax), axis=axis), axis)
    return z - zmax - np.log10(total)
