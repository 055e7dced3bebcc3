# exercise: softmax_loss_vectorized
# faults: log-of-underflow
import numpy as np


def softmax_loss_vectorized(W, X, y, reg):
    """
    Softmax loss function, vectorized version.
    Inputs and outputs are the same as softmax_loss_naive.
    """
    num_train = X.shape[0]

    scores = X.dot(W)
    scores -= scores.max(axis=1, keepdims=True)  # numeric stability
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

    correct_logprobs = -np.log(probs[range(num_train), y])
    data_loss = np.sum(correct_logprobs) / num_train
    reg_loss = 0.5 * reg * np.sum(W * W)
    loss = data_loss + reg_loss

    dscores = probs.copy()
    dscores[range(num_train), y] -= 1
    dscores /= num_train

    dW = np.dot(X.T, dscores)
    dW += reg * W

    return loss, dW
