"""Softmax loss and gradient of a batch: by the kernel in one pass, else by numpy in blocks."""

import numpy as np

from .checks import check_arguments, check_finite, is_rows
from .kernel import by_numpy, count_threads, has_numpy, is_forced, kernel

# From here on the products are square enough for BLAS, in blocks of rows (measured in float32: the
# kernel is 1.2 times as fast at 100 classes, even at 300, and 0.83 to 0.93 times at 1000).
MANY_CLASSES = 400


def softmax_loss(W, X, y, reg):
    """Softmax loss and gradient.

    W   : (D, C) float32 or float64                weights, one column a class, C >= 2
    X   : (N, D) dtype of W, an array or `Rows`    examples, one row each, N >= 1
    y   : (N,) integers in [0, C)                  the right class of each example
    reg : float >= 0                               strength of the regularisation
    Returns (loss, dW): a float in nats per example, and (D, C) of W's dtype. Neither depends on
    the kernel's number of threads, in any bit. From 400 classes on the products are BLAS's, with
    threads of its own, unless SOFTMAX_ENGINE_ISA asks for the kernel.
    Raises ValueError where an argument is not as above.

    Arrays may be of any order and strides, read-only, or memory-mapped. W (C, D) with X (D, N) is
    understood too, and dW is then (C, D). The shapes and len(y) tell the layouts apart; where
    both fit (N = D and D = C), and always for Rows, it is rows.
    """
    W, X, y, reg, columns = check_arguments(W, X, y, reg)
    module, instructions = kernel()
    if module and (W.shape[1] < MANY_CLASSES or is_forced() or not has_numpy()):
        dW = np.empty(W.shape, W.dtype)
        view = (X.stored, X.index, X.shift, X.scale, X.bias) if is_rows(X) else (X, *[None] * 3, 0)
        loss = module.softmax_loss(instructions, count_threads(), W, *view, y, reg, dW)
    else:
        loss, dW = by_numpy().softmax_loss(W, X, y, reg)
    # W and X are searched only once something went wrong: beforehand, it would cost most of the
    # time. The sum of W * W enters the loss, also times 0: nothing in W hides.
    if not (np.isfinite(loss) and np.isfinite(dW).all()):
        check_finite("W", W.T if columns else W, "a smaller learning rate, if training made this W")
        check_finite("X", X, "leaving that example out")
    return loss, dW.T if columns else dW
