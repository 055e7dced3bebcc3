"""The rungs of this project: naive, vectorized, compiled."""

import os
import warnings

import numpy as np

import layers
from classifiers import (
    Softmax,
    softmax_loss_compiled,
    softmax_loss_naive,
    softmax_loss_vectorized,
)

from ..data import SCALE
from ..works import FORCED, REG

RUNGS = {
    "naive": softmax_loss_naive,
    "vectorized": softmax_loss_vectorized,
    "compiled": softmax_loss_compiled,
    FORCED: softmax_loss_compiled,
}


def start(threads):
    """The threads of the engine, and of the BLAS it calls, come from the environment."""


def prepare(contender, variant, case, arrays, threads):
    loss = RUNGS[contender]
    if loss is softmax_loss_compiled:
        check_kernel()
    if contender == FORCED:
        return forced(loss, arrays)
    if case.kind == "vjp":
        backward = (
            layers.softmax_backward if contender == "vectorized" else engine("softmax_backward")
        )
        dy, p = arrays["dy"], arrays["p"]
        return lambda: backward(dy, p), lambda dz: (0.0, dz)
    if case.kind == "optimum":
        return training(loss, arrays)
    W, y = arrays["W"], arrays["y"]
    if case.kind == "bytes":
        Rows = engine("Rows")
        rows = Rows(arrays["stored"], arrays["shift"], SCALE[case.source], True)
        return lambda: loss(W, rows, y, REG), tuple
    X = arrays["X"]
    if case.kind == "batch":
        if contender == "compiled":
            X = engine("Rows")(X)
        return lambda idx: loss(W, X[idx], y[idx], REG), tuple
    return lambda: loss(W, X, y, REG), tuple


def engine(name):
    """A name of the compiled engine; ImportError where that is not installed."""
    import softmax_engine

    return getattr(softmax_engine, name)


def check_kernel():
    """Raise ImportError where the engine is there and its kernel is not: it runs on numpy then."""
    status = engine("status")()
    if status.instructions == "numpy":
        raise ImportError(status.reason)


def forced(loss, arrays):
    """The compiled rung held to AVX2; the environment is read at every call."""
    W, X, y = arrays["W"], arrays["X"], arrays["y"]

    def call():
        os.environ["SOFTMAX_ENGINE_ISA"] = "avx2"
        try:
            return loss(W, X, y, REG)
        finally:
            del os.environ["SOFTMAX_ENGINE_ISA"]

    return call, tuple


def training(loss, arrays):
    """Softmax.solve, for as many iterations as the goal takes."""
    X, y, goal = arrays["X"], arrays["y"], arrays["goal"]

    def solve(iterations):
        model = Softmax(loss)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it is stopped early, as asked
            model.solve(X, y, REG, max_iters=iterations)
        return model

    iterations, losses = 64, [np.inf]
    while min(losses) > goal and iterations < 2000:
        iterations *= 2
        losses = solve(iterations).loss_history
    iterations = max(1, int(np.argmax(np.array(losses) <= goal)))
    return lambda: solve(iterations).W, lambda W: (0.0, W)
