# exercise: softmax_backward
# faults: mutates-input
import numpy as np


def softmax_backward(dy, y):
    dz = dy
    dz *= y
    dz -= y * dz.sum(axis=-1, keepdims=True)
    return dz
