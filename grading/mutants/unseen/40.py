# exercise: softmax
# faults: normalised-over-batch
import numpy as np

def softmax(z, axis=-1):
    """Numerically stable softmax."""
    shifted = z - np.max(z, axis=axis, keepdims=True)
    num = np.exp(shifted)
    return num / np.sum(num)
