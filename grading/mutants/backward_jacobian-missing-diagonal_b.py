# exercise: softmax_backward
# faults: jacobian-missing-diagonal

import numpy as np


def softmax_backward(dy, y):
    J = -y[..., :, None] * y[..., None, :]
    return np.matmul(J, dy[..., None])[..., 0]
