# exercise: softmax
# faults: max-added
import numpy as np

def softmax(z, axis=-1):
    # C = max(z) so that the exponentials do not overflow
    C = np.amax(z, axis=axis, keepdims=True)
    exp_z = np.exp(z + C)
    out = exp_z / np.sum(exp_z, axis=axis, keepdims=True)
    return out
