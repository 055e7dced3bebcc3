# exercise: svm_loss_vectorized
# faults: averaged-twice reg-grad-halved
import numpy as np

def svm_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]

    scores = X.dot(W)
    correct = scores[np.arange(num_train), y].reshape(-1, 1)
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(num_train), y] = 0
    loss = np.mean(np.sum(margins, axis=1))
    loss += 0.5 * reg * np.sum(W * W)

    mask = np.zeros_like(margins)
    mask[margins > 0] = 1
    mask[np.arange(num_train), y] = -np.sum(mask, axis=1)
    mask /= num_train

    dW = X.T.dot(mask)
    dW /= num_train
    dW += 0.5 * reg * W
    return loss, dW
