# exercise: softmax_backward
# faults: jacobian-missing-diagonal


def softmax_backward(dy, y):
    weighted = (dy * y).sum(axis=-1, keepdims=True)
    return -weighted * y
