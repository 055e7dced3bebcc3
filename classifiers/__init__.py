"""Linear classifiers, the loss they are trained on written in rungs from loops to compiled code."""

from .compiled import rows, softmax_loss_compiled
from .linear_classifier import LinearClassifier
from .linear_svm import LinearSVM, svm_loss_naive, svm_loss_vectorized
from .softmax import Softmax, softmax_loss_naive, softmax_loss_vectorized

__all__ = [
    "LinearClassifier",
    "LinearSVM",
    "Softmax",
    "rows",
    "softmax_loss_compiled",
    "softmax_loss_naive",
    "softmax_loss_vectorized",
    "svm_loss_naive",
    "svm_loss_vectorized",
]
