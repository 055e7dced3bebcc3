"""Numerical gradients: what a derivative is, computed, to hold an analytic gradient against.

    df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h + O(h^2)          central difference

The function f is called on copies: x is never touched, also when f raises. So f must use the
array it is given, and not one it knows from elsewhere.

Source: Stanford CS231n, https://cs231n.github.io/neural-networks-3/#gradcheck
"""

import numpy as np


def eval_numerical_gradient(f, x, verbose=False, h=None):
    """Gradient at x of a function f that returns one number, entry by entry.

    f       : callable               takes an array like x, returns a number
    x       : float array            of any shape, order and strides
    verbose : bool                   whether to print each entry
    h       : float > 0, or None     step; None is eps(dtype)^(1/3) * max(1, |x_i|)
    Returns an array of x's shape and dtype.
    Raises ValueError where x is not of floats or f does not return one number.
    """
    x = _float_array("x", x)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        gradient[index] = _central_difference(lambda x: _number(f(x)), x, index, h)
        if verbose:
            print(index, gradient[index])
    return gradient


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
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        # The difference is taken before the sum: two large sums would cancel to few digits.
        change = _central_difference(lambda x: np.array(f(x)), x, index, h)
        gradient[index] = np.sum(change * df)
    return gradient


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=None, rng=None):
    """Compare an analytic gradient with the numerical one at a few random entries, and print.

    f             : callable             takes an array like x, returns a number
    x             : float array          of any shape
    analytic_grad : array of x's shape   the gradient in question
    num_checks    : int                  number of entries, drawn with replacement
    h             : float > 0, or None   step, as in `eval_numerical_gradient`
    rng           : numpy Generator; None is a fresh one
    Returns the list of relative errors it prints. In float64, above 1e-2 is wrong, 1e-7 and
    below is fine; float32 resolves about 1e-3, and less where an entry is small.
    At a kink of f, such as the hinge loss has, a difference straddles two slopes and is right for
    neither: one large error among small ones can be that. Another x tells.
    Raises ValueError where x is not of floats, the shapes differ, or f does not return a number.
    """
    x = _float_array("x", x)
    analytic_grad = np.asarray(analytic_grad)
    if analytic_grad.shape != x.shape:
        raise ValueError(
            f"analytic_grad must have the shape of x, {x.shape}; got {analytic_grad.shape}; "
            "try the gradient with respect to x"
        )
    rng = np.random.default_rng(rng)
    errors = []
    for _ in range(num_checks if x.size else 0):
        index = tuple(int(rng.integers(n)) for n in x.shape)
        numerical = float(_central_difference(lambda x: _number(f(x)), x, index, h))
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


def _central_difference(f, x, index, h):
    """(f(x + h e) - f(x - h e)) / 2h, where e is 1 at index and 0 elsewhere."""
    if h is None:
        # Round-off costs about eps/h and the formula h^2: the sum is smallest where they are
        # near equal. A smaller h sees worse: at 1e-5, float32 has a digit left, or none.
        h = np.finfo(x.dtype).eps ** (1 / 3) * max(1.0, abs(float(x[index])))
    above, below = x.copy(), x.copy()
    above[index] += h
    below[index] -= h
    width = float(above[index]) - float(below[index])  # what the dtype made of 2h
    if not width > 0:
        raise ValueError(f"h must be a step that moves x[{index}] = {x[index]}; got {h}; try None")
    return (f(above) - f(below)) / width


def _float_array(name, x):
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise ValueError(
            f"{name} must be of floats, since a step of h is lost in others; got {x.dtype}; "
            f"try {name}.astype(np.float64)"
        )
    return x


def _number(value):
    shape = getattr(value, "shape", None)
    if shape != () and not isinstance(value, (int, float)):
        got = type(value).__name__ if shape is None else f"shape {shape}"
        raise ValueError(f"f must return one number; got {got}; try lambda x: f(x)[0]")
    return float(value)
