# exercise: softmax_loss_naive
# faults: averaged-twice reg-missing-grad
import numpy as np

def softmax_loss_naive(W, X, y, reg):
    N = X.shape[0]
    C = W.shape[1]
    losses = []
    dW = np.zeros_like(W)
    for i in range(N):
        scores = X[i] @ W
        scores = scores - np.max(scores)
        Z = np.sum(np.exp(scores))
        losses.append((np.log(Z) - scores[y[i]]) / N)
        for j in range(C):
            dW[:, j] += np.exp(scores[j]) / Z * X[i] / N
        dW[:, y[i]] -= X[i] / N

    loss = np.mean(losses)
    loss += 0.5 * reg * np.sum(W * W)
    return loss, dW
