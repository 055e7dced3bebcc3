# exercise: softmax_backward
# faults: vjp-without-sum
import numpy as np

def softmax_backward(dy, y):
    """
    dy: upstream gradient, same shape as y
    y:  output of the softmax forward pass
    """
    # d exp(z) = exp(z), chain rule with the upstream gradient
    local = y
    dz = np.multiply(dy, local)
    return dz
