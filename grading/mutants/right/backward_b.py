# exercise: softmax_backward
# faults:

import numpy as np


def softmax_backward(dy, y):
    dots = np.matmul(dy[..., None, :], y[..., :, None])
    return y * (dy - dots[..., 0])
