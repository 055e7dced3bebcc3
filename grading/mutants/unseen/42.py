# exercise: log_softmax
# faults: no-max-shift
import numpy as np

def log_softmax(z, axis=-1):
    # log(exp(z) / sum exp(z)) = z - log(sum exp(z))
    log_Z = np.log(np.sum(np.exp(z), axis=axis, keepdims=True))
    return z - log_Z
