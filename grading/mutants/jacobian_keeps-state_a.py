# exercise: softmax_jacobian
# faults: keeps-state

import numpy as np

identities = {}


def softmax_jacobian(y):
    key = (y.shape, y.dtype)
    if key not in identities:
        eye = np.eye(y.shape[-1], dtype=y.dtype)
        identities[key] = np.broadcast_to(eye, (*y.shape, y.shape[-1])).copy()
    J = identities[key]
    J -= y[..., None, :]
    J *= y[..., :, None]
    return J.copy()
