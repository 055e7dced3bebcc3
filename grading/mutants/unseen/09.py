# exercise: softmax_loss_vectorized
# faults: epsilon-in-log
import numpy as np

EPS = 1e-8


def softmax_loss_vectorized(W, X, y, reg):
    num_samples, num_classes = X.shape[0], W.shape[1]

    logits = X @ W
    logits = logits - np.max(logits, axis=1, keepdims=True)
    probs = np.exp(logits)
    probs = probs / probs.sum(axis=1, keepdims=True)

    one_hot = np.eye(num_classes)[y]

    loss = -np.sum(one_hot * np.log(probs + EPS)) / num_samples
    loss += 0.5 * reg * np.sum(W**2)

    dW = X.T @ (probs - one_hot) / num_samples
    dW += reg * W
    return loss, dW
