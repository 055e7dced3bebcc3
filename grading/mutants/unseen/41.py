# exercise: softmax
# faults: normalised-over-wrong-axis
import numpy as np


def softmax(z, axis=-1):
    z = np.asarray(z, dtype=float)
    m = z.max(0)
    e = np.exp(z - m)
    s = e.sum(0)
    return e / s
