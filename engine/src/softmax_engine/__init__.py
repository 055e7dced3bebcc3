"""The softmax loss of a linear classifier, for large batches, at the limit of the machine.

    loss = -(1/N) sum_i log softmax(X_i W)[y_i] + 0.5 * reg * sum(W * W)        nats per example
    dW   =  (1/N) X^T (P - Y) + reg * W

    softmax_loss(W, X, y, reg)            loss and gradient in one pass over X, float32 or float64
    Rows(X, shift, scale, bias)           stored rows, bytes too, seen as features; never expanded
    softmax, log_softmax, softmax_backward    along the last axis
    threads(n), status()                  how many threads work; what runs here, and why

The environment: SOFTMAX_ENGINE_THREADS, and SOFTMAX_ENGINE_ISA (avx512, avx2, neon, plain, or
numpy) to force a set of instructions. Where the kernel was not built, numpy does the work.
"""

from .kernel import status, threads
from .last_axis import log_softmax, softmax, softmax_backward
from .loss import softmax_loss
from .rows import Rows

__all__ = [
    "Rows",
    "log_softmax",
    "softmax",
    "softmax_backward",
    "softmax_loss",
    "status",
    "threads",
]
__version__ = "1.0.0"
