# exercise: softmax_backward
# faults: jacobian-diagonal-only


def softmax_backward(dy, y):
    # derivative of softmax times the upstream gradient
    return dy * y * (1 - y)
