# exercise: svm_loss_vectorized
# faults: loss-over-all-classes
import numpy as np

def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    idx = np.arange(N)

    S = X @ W
    margins = np.maximum(0, S - S[idx, y][:, np.newaxis] + 1.0)
    loss = margins.sum() / N + 0.5 * reg * (W * W).sum()

    active = (margins > 0).astype(float)
    active[idx, y] = 0
    active[idx, y] = -active.sum(axis=1)
    dW = X.T @ active / N + reg * W

    return loss, dW
