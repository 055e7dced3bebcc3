"""scikit-learn: the loss that LogisticRegression minimises, and LogisticRegression itself."""

import warnings

import numpy as np
from sklearn._loss import HalfMultinomialLoss
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model._linear_loss import LinearModelLoss
from threadpoolctl import threadpool_limits

from ..works import REG
from .with_numpy import iterations_to


def start(threads):
    threadpool_limits(threads)


def prepare(contender, variant, case, arrays, threads):
    """Weights (C, D) in Fortran order and labels as floats, as LogisticRegression has them."""
    dtype = variant or case.dtype
    X, y = arrays["X"].astype(dtype, copy=False), arrays["y"].astype(dtype)
    loss = LinearModelLoss(HalfMultinomialLoss(n_classes=case.C), fit_intercept=False)

    def of_rows(coef, X, y):
        return loss.loss_gradient(coef, X, y, l2_reg_strength=REG, n_threads=threads)

    if case.kind == "optimum":
        return training(case, X, y, of_rows, arrays["goal"])
    coef = np.asfortranarray(arrays["W"].T)

    def plain(result):
        return result[0], result[1].T

    if case.kind == "batch":
        return lambda idx: of_rows(coef, X[idx], y[idx]), plain
    return lambda: of_rows(coef, X, y), plain


def training(case, X, y, of_rows, goal):
    """LogisticRegression by L-BFGS, for as many iterations as the goal takes.

    It runs scipy's L-BFGS-B on the loss above from zero with these options, so the iterations
    are counted there. Our reg is its 1 / (C N).
    """
    start = np.zeros(case.C * case.D, X.dtype)
    precision = 64 * np.finfo(float).eps
    count = iterations_to(
        goal, lambda w: of_rows(w, X, y), start, maxls=50, gtol=1e-10, ftol=precision
    )
    labels = y.astype(int)

    def call():
        model = LogisticRegression(
            C=1 / (REG * case.N), fit_intercept=False, solver="lbfgs", tol=1e-10, max_iter=count
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early, as asked
            return model.fit(X, labels).coef_

    return call, lambda coef: (0.0, coef.T)
