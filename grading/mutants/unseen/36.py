# exercise: softmax_loss_vectorized
# faults: whole-batch-max
import numpy as np

def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    rows = np.arange(num_train)

    scores = X.dot(W)
    scores -= np.max(scores)
    exp_scores = np.exp(scores)
    denom = exp_scores.sum(axis=1)

    loss = np.sum(np.log(denom) - scores[rows, y]) / num_train
    loss += 0.5 * reg * np.sum(W * W)

    dscores = exp_scores / denom[:, None]
    dscores[rows, y] -= 1
    dscores /= num_train
    dW = X.T.dot(dscores)
    dW += reg * W

    return loss, dW
