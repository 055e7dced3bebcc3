# exercise: softmax_jacobian
# faults: jacobian-missing-diagonal
import numpy as np


def softmax_jacobian(y):
    # batched outer product over the last axis
    outer = np.einsum("...i,...j->...ij", y, y)
    return -outer
