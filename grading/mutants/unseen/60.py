# exercise: softmax_loss_naive
# faults: probability-missing reg-times-n
import numpy as np

def softmax_loss_naive(W, X, y, reg):
    num_train = X.shape[0]
    num_classes = W.shape[1]
    loss = 0.0
    dW = np.zeros_like(W)
    for i in range(num_train):
        scores = X[i].dot(W)
        scores = scores - np.max(scores)
        denom = 0.0
        for j in range(num_classes):
            denom += np.exp(scores[j])
        # L_i = -s_y + log(sum_j exp(s_j))
        loss += (-scores[y[i]] + np.log(denom)) / num_train
        dW[:, y[i]] += -X[i] / num_train
        # regularization
        loss += 0.5 * reg * np.sum(W * W)
        dW += reg * W
    return loss, dW
