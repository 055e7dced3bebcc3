# exercise: softmax
# faults: normalised-over-wrong-axis

import numpy as np


def softmax(z, axis=-1):
    """Softmax of the scores z."""
    biggest = np.max(z, axis=-1, keepdims=True)
    powers = np.exp(z - biggest)
    return powers / np.sum(powers, axis=-1, keepdims=True)
