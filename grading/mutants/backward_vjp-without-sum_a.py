# exercise: softmax_backward
# faults: vjp-without-sum


def softmax_backward(dy, y):
    dz = y * dy
    return dz
