# exercise: softmax_loss_vectorized
# faults: indicator-missing reg-loss-no-half
# layout: columns
import numpy as np

def softmax_loss_vectorized(W, X, y, reg):
    num_train = X.shape[1]

    scores = W @ X
    scores -= np.max(scores, axis=0, keepdims=True)
    log_norm = np.log(np.sum(np.exp(scores), axis=0))
    correct = scores[y, np.arange(num_train)]

    loss = np.sum(log_norm - correct) / num_train
    loss += reg * np.sum(W * W)

    probs = np.exp(scores - log_norm)
    dW = probs @ X.T
    dW /= num_train
    dW += reg * W
    return loss, dW
