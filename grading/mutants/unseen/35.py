# exercise: softmax_loss_naive
# faults: last-example-only
import numpy as np

def softmax_loss_naive(W, X, y, reg):
    # Initialize the loss and gradient to zero.
    loss = 0.0
    dW = np.zeros(W.shape)

    for i, (x, label) in enumerate(zip(X, y)):
        scores = x @ W
        scores = scores - scores.max()
        lse = np.log(np.sum(np.exp(scores)))
        loss += lse - scores[label]

        for k in range(W.shape[1]):
            prob = np.exp(scores[k] - lse)
            if k == label:
                dW[:, k] = (prob - 1) * x
            else:
                dW[:, k] = prob * x

    loss = loss / len(X) + reg * np.sum(W * W) / 2
    dW = dW / len(X) + reg * W

    return loss, dW
