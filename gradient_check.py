"""Numerical gradients: what a derivative is, computed, to hold an analytic gradient against.

    df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h + O(h^2)          central difference

The function f is called on copies: x is never touched, also when f raises. So f must use the
array it is given, and not one it knows from elsewhere.

Sources: Stanford CS231n, https://cs231n.github.io/neural-networks-3/#gradcheck
         noise of f: More and Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011)
"""

from dataclasses import dataclass

import numpy as np


def eval_numerical_gradient(f, x, verbose=False, h=None):
    """Gradient at x of a function f that returns one number, entry by entry.

    f       : callable               takes an array like x, returns a number
    x       : float array            of any shape, order and strides
    verbose : bool                   whether to print each entry
    h       : float > 0, or None     step; None is eps(dtype)^(1/3) * max(1, |x_i|)
    Returns an array of x's shape and dtype.
    Raises ValueError where x is not of floats, h does not move x, or f returns no number.
    """
    x = _float_array("x", x)
    # BEGIN SOLUTION
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        # Round-off costs about eps/h and the formula h^2: the sum is smallest where they are
        # near equal. A smaller h sees worse: at 1e-5, float32 has a digit left, or none.
        step = np.finfo(x.dtype).eps ** (1 / 3) * max(1.0, abs(float(x[index])))
        above, below = x.copy(), x.copy()
        above[index] += step if h is None else h
        below[index] -= step if h is None else h
        width = float(above[index]) - float(below[index])  # what the dtype made of 2h
        if not width > 0:
            raise ValueError(f"h must be a step that moves x{list(index)}; got {h}; try None")
        gradient[index] = (_number(f(above)) - _number(f(below))) / width
        if verbose:
            print(index, gradient[index])
    return gradient
    # END SOLUTION


def eval_numerical_gradient_array(f, x, df, h=None):
    """Gradient at x of sum(df * f(x)), where f returns an array: df passed back through f.

    f  : callable               takes an array like x, returns an array
    x  : float array            of any shape, order and strides
    df : array of f(x)'s shape  gradient of some loss with respect to f(x)
    h  : float > 0, or None     step, as in `eval_numerical_gradient`
    Returns an array of x's shape and dtype.
    Raises ValueError where x is not of floats or df has not the shape of f(x).
    """
    x = _float_array("x", x)
    df = np.asarray(df)
    shape = np.shape(f(x.copy()))
    if shape != df.shape:
        raise ValueError(f"df must have the shape of f(x), {shape}; got {df.shape}; try another df")
    # The difference is taken before the sum: two large sums would cancel to few digits.
    slopes = [np.sum(_slope(lambda x: np.array(f(x)), x, axis, h) * df) for axis in _axes(x)]
    return np.array(slopes, dtype=x.dtype).reshape(x.shape)


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=None, rng=None):
    """Compare an analytic gradient with the numerical one at a few random entries, and print.

    The arguments and errors are those of `gradient_check`, which gives a verdict; besides
    num_checks : int                  number of entries, drawn with replacement
    h          : float > 0, or None   step, as in `eval_numerical_gradient`
    Returns the list of relative errors it prints. In float64, above 1e-2 is wrong, 1e-7 and
    below is fine; float32 resolves about 1e-3, and less where an entry is small.
    """
    x, analytic_grad = _float_array("x", x), np.asarray(analytic_grad)
    if analytic_grad.shape != x.shape:
        raise _wrong_shape(analytic_grad, x)
    rng = np.random.default_rng(rng)
    errors = []
    for _ in range(num_checks if x.size else 0):
        index = tuple(int(rng.integers(n)) for n in x.shape)
        numerical = float(_slope(lambda x: _number(f(x)), x, _axis(x, index), h))
        analytic = float(analytic_grad[index])
        errors.append(rel_error(numerical, analytic))
        print(
            f"numerical: {numerical: f} analytic: {analytic: f}, relative error: {errors[-1]:.2e}"
        )
    return errors


def rel_error(x, y):
    """The largest relative error |x - y| / max(1e-8, |x| + |y|) of two arrays, a float.

    0 where both are zero or empty, and nan where either has a nan. An error of 1 means that
    somewhere one of the two is zero, or that the signs are opposite.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    # 1e-8, as in the course: a central difference of a loss near 1 is good to about 1e-10.
    return float(np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)), initial=0))


def gradient_check(f, x, analytic_grad=None, rng=None):
    """Is the analytic gradient that of f? A verdict, its reasons, and how fine the check is.

        check = gradient_check(lambda W: softmax_loss_naive(W, X, y, 0.1), W)
        print(check)      # or assert check.ok, check

    f             : callable                  takes an array like x, returns a number, or
                                              (number, gradient) where analytic_grad is None
    x             : float array               of any shape, order and strides
    analytic_grad : array, callable of x, or None
    rng           : numpy Generator, seed, or None; None is a fresh one
    Returns a GradientCheck. No threshold is to be chosen: each difference is held against its own
    error budget, of round-off, formula and kinks. All entries are tried where they are few, else
    a sample; random directions through all entries see what the sample misses.
    Raises ValueError where x is not of floats, f returns no number, or the gradient has neither
    the shape of x nor that of its transpose; what f raises passes through.
    """
    probe = _Probe(f, _float_array("x", x), analytic_grad)
    trouble = probe.trouble()
    if trouble:
        return GradientCheck(False, np.nan, None, np.inf, (), (trouble,))
    pairs = probe.compare(np.random.default_rng(rng))
    checks = tuple(check for check, _ in pairs)
    worst = max(checks, key=lambda check: check.excess, default=None)
    resolution = min((c.budget / c.size for c in checks if c.size and not c.kink), default=np.inf)
    ok = not probe.transposed and not any(check.excess > 1 for check in checks)
    max_error = abs(worst.numerical - worst.analytic) / (worst.size or 1) if worst else 0.0
    lines = tuple(_report(probe, pairs, ok, worst, resolution))
    return GradientCheck(ok, max_error, worst, resolution, checks, lines)


@dataclass(frozen=True)
class Check:
    """One slope of f: along an entry of x, or, where index is None, along a direction."""

    index: tuple | None
    numerical: float
    analytic: float
    budget: float  # how far apart the two may be
    kink: bool  # the slope of f jumps at x: all slopes between the two are right
    dead: bool  # f did not change at all

    @property
    def size(self):
        return max(abs(self.numerical), abs(self.analytic))

    @property
    def excess(self):
        """The error over the budget: above 1 is wrong, and so is a slope that is not finite."""
        error = abs(self.numerical - self.analytic)
        return 0.0 if error == 0 else error / self.budget if self.budget > 0 else np.inf


@dataclass(frozen=True)
class GradientCheck:
    """What `gradient_check` found; as text, it is said in plain English."""

    ok: bool
    max_error: float  # relative error of the worst check
    worst: Check | None  # the check with the largest error over budget
    resolution: float  # the smallest relative error of the whole gradient that would be seen
    checks: tuple
    lines: tuple

    def __str__(self):
        return "\n".join(self.lines)


class _Probe:
    """f around x, along directions, beside its analytic gradient g."""

    def __init__(self, f, x, gradient):
        self.f, self.x, self.pair = f, x, gradient is None
        self.writes, self.error = False, None
        self.eps = max(float(np.finfo(x.dtype).eps), np.finfo(np.float64).eps)
        self.here = self.value(x)
        if not self.pair:
            self.gradient = gradient(x.copy()) if callable(gradient) else gradient
        g = np.array(self.gradient, dtype=np.float64)
        self.transposed = g.shape != x.shape and g.shape == x.shape[::-1]
        self.g = g.T if self.transposed else g
        if self.g.shape != x.shape:
            raise _wrong_shape(g, x)

    def value(self, point):
        """f at a copy of the point."""
        copy = np.array(point, dtype=self.x.dtype)
        result = self.f(copy)
        self.writes |= not np.array_equal(copy, point, equal_nan=True)
        if self.pair:
            if not isinstance(result, tuple) or len(result) != 2:
                raise ValueError(
                    "f must return (number, gradient) where analytic_grad is None; got "
                    f"{type(result).__name__}; try gradient_check(f, x, analytic_grad)"
                )
            if not hasattr(self, "gradient"):
                self.gradient = np.array(result[1])
            result = result[0]
        return _number(result)
