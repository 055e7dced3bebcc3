# exercise: log_softmax
# faults: epsilon-in-log

import numpy as np


def log_softmax(z, axis=-1):
    z = z - z.max(axis=axis, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)
    p = np.clip(p, 1e-12, 1.0)
    return np.log(p)
