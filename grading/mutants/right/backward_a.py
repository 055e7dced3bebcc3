# exercise: softmax_backward
# faults:


def softmax_backward(dy, y):
    dx = y * dy
    s = dx.sum(-1, keepdims=True)
    dx -= y * s
    return dx
