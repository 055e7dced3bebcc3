# exercise: softmax
# faults: whole-batch-max

import numpy as np


def softmax(z, axis=-1):
    # shift for numerical stability
    shifted = z - np.max(z)
    exps = np.exp(shifted)
    probs = exps / exps.sum(axis=axis, keepdims=True)
    return probs
