# exercise: log_softmax
# faults: epsilon-in-log

import numpy as np


def log_softmax(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    probs = e / np.sum(e, axis=axis, keepdims=True)
    return np.log(probs + 1e-8)
