# exercise: softmax
# faults: mutates-input
import numpy as np

def softmax(z, axis=-1):
    z -= z.max(axis=axis, keepdims=True)
    p = np.exp(z)
    p /= p.sum(axis=axis, keepdims=True)
    return p
