# exercise: softmax
# faults: normalised-over-batch

import numpy as np


def softmax(z, axis=-1):
    e_x = np.exp(z - np.max(z))
    return e_x / e_x.sum()
