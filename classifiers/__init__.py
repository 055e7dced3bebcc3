"""Linear classifiers, the loss they are trained on written in rungs from loops to compiled code."""

from .compiled import softmax_loss_compiled
from .linear_classifier import LinearClassifier
from .softmax import Softmax, softmax_loss_naive, softmax_loss_vectorized

__all__ = [
    "LinearClassifier",
    "Softmax",
    "softmax_loss_compiled",
    "softmax_loss_naive",
    "softmax_loss_vectorized",
]
