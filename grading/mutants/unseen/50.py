# exercise: softmax_backward
# faults: vjp-wrong-axis
import numpy as np


def softmax_backward(dy, y):
    g = dy * y
    return g - y * g.sum(0)
