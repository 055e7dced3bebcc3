# exercise: softmax_backward
# faults: python-loop

import numpy as np


def softmax_backward(dy, y):
    n = y.shape[-1]
    upstream = dy.reshape(-1, n)
    probs = y.reshape(-1, n)
    dz = np.empty(probs.shape, dtype=np.result_type(dy, y))
    for i in range(len(probs)):
        p = probs[i]
        dz[i] = p * (upstream[i] - np.dot(p, upstream[i]))
    return dz.reshape(y.shape)
