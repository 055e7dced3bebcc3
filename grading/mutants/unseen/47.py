# exercise: softmax_jacobian
# faults: jacobian-diagonal-only
import numpy as np


def softmax_jacobian(y):
    n = y.shape[-1]
    d = y * (1 - y)  # derivative
    return d[..., :, None] * np.eye(n)
