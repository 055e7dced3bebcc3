# exercise: softmax_backward
# faults: vjp-without-sum

import numpy as np


def softmax_backward(dy, y):
    diagonal = y[..., None] * np.eye(y.shape[-1], dtype=y.dtype)
    return np.einsum("...ij,...j->...i", diagonal, dy)
