"""The compiled rung: the only file here that knows of the package `softmax_engine`."""

import importlib

from .door import door


@door
def softmax_loss_compiled(W, X, y, reg):
    """Softmax loss and gradient by the compiled engine, for large batches.

    Arguments, results and errors are those of `softmax_loss_naive`.
    Raises ImportError where the package softmax_engine is not installed.
    """
    return _engine().softmax_loss(W, X, y, reg)


def _engine():
    # Looked up at the first call: the classifiers must import, and teach, without it. Only its
    # absence is caught: an engine that is there and broken must not look like no engine.
    try:
        return importlib.import_module("softmax_engine")
    except ModuleNotFoundError as error:
        if error.name != "softmax_engine":
            raise
        raise ImportError(
            "softmax_loss_compiled must have the package softmax_engine; "
            "got no such package; try softmax_loss_vectorized"
        ) from None
