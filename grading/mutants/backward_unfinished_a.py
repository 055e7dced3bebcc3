# exercise: softmax_backward
# faults: unfinished


def softmax_backward(dy, y):
    raise NotImplementedError("softmax_backward")
