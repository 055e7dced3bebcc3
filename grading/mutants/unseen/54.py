# exercise: softmax_loss_vectorized
# faults: averaged-over-classes reg-no-half
import numpy as np

def softmax_loss_vectorized(W, X, y, reg):
    f = np.dot(X, W)
    f -= np.max(f, axis=1, keepdims=True)
    n_rows, n = f.shape
    ef = np.exp(f)
    sums = np.sum(ef, axis=1, keepdims=True)

    L = np.log(sums).ravel() - f[np.arange(n_rows), y]
    loss = np.sum(L) / n + reg * np.sum(W * W)

    df = ef / sums
    df[np.arange(n_rows), y] -= 1
    dW = np.dot(X.T, df) / n + 2 * reg * W
    return loss, dW
