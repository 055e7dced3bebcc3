# exercise: softmax_jacobian
# faults: softmax-twice
import numpy as np

def softmax_jacobian(y):
    # probabilities
    e = np.exp(y - np.max(y, axis=-1, keepdims=True))
    s = e / np.sum(e, axis=-1, keepdims=True)
    # diag(s) - s s^T for every item of the batch
    outer = np.einsum('...i,...j->...ij', s, s)
    diag = np.einsum('...i,ij->...ij', s, np.eye(s.shape[-1]))
    return diag - outer
