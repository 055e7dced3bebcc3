# exercise: softmax_backward
# faults: vjp-without-sum
import numpy as np


def softmax_backward(dy, y):
    """Backward pass through the softmax (y is the cached output)."""
    dsoftmax = y * (1.0 - y)
    dz = dy * dsoftmax
    return dz
