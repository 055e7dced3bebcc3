# exercise: softmax_backward
# faults: jacobian-sign

import numpy as np


def softmax_backward(dy, y):
    dot = np.einsum("...k,...k->...", dy, y)[..., np.newaxis]
    dz = dy * y
    dz += dot * y
    return dz
