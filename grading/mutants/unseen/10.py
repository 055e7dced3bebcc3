# exercise: softmax_loss_vectorized
# faults: grad-transposed
# layout: columns
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[1]

    scores = W.dot(X)
    scores -= np.max(scores, axis=0)
    sums = np.sum(np.exp(scores), axis=0)
    loss = np.sum(np.log(sums) - scores[y, np.arange(num_train)])
    loss /= num_train
    loss += 0.5 * reg * np.sum(W * W)

    d = np.exp(scores) / sums
    d[y, np.arange(num_train)] -= 1
    dW = X.dot(d.T)
    dW /= num_train
    dW += reg * W.T

    return loss, dW
