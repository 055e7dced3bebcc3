"""The test points of the exercises, and the truth at each.

The truth is scipy's softmax and log_softmax, a hinge loss of its own, and finite differences of
these. None of the code that is judged has a part in it.

A point is to hide nothing: sizes differ, so that a transpose shows; the labels are unbalanced and
leave out a class; W is not near zero.
"""

import functools
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax, softmax

# How far a result may be from the truth, in units of its largest entry. float64: the truth is
# good to 1e-8 or better, and no wrong formula comes nearer than 1e-3. float32: a score of 1000
# is known to eps * 1000 = 1e-4, which goes straight into log p; right solutions round it thrice.
TOLERANCE = {"float64": 1e-7, "float32": 5e-4}


@dataclass(frozen=True)
class Case:
    """A test point: the arguments by name, in the order of the call, and what is to come back.

    A function returns the values of `expected` as a tuple; where there is one, it alone.
    """

    name: str
    arguments: dict
    expected: dict
    tolerance: float
    is_ordinary: bool = False  # nothing overflows there, and wrong formulas differ
    is_for_the_door: bool = False  # the body itself knows rows only


# The losses, (W, X, y, reg) -> (loss, dW).


def softmax_loss_cases():
    truth, (W, X, y) = softmax_loss_truth, _batch()
    # Scores of +1000 and -1000: by rows, all classes of a row alike; by classes, within a row.
    X_signs = X.copy()
    X_signs[:, 0] = [1, -1, 1, -1, -1, 1, 1]
    W_rows, W_classes = W.copy(), W.copy()
    W_rows[0] = 1000
    W_classes[0] = [1000, 0, -1000, 500]
    rows = "rows of scores near +1000 and near -1000"
    return [
        *_loss_cases(truth),
        _loss_case(truth, rows, W_rows, X_signs, y, 0.0),
        _loss_case(truth, "the same rows in float32", W_rows, X_signs, y, 0.0, "f4"),
        _loss_case(truth, "scores 1000 apart within a row", W_classes, X_signs, y, 0.0),
    ]


def svm_loss_cases():
    W, X, _ = _batch()
    # Each label the best class of its example, which leads the others by far: nothing is lost.
    W_leads, best = 100 * W, np.argmax(X @ W, axis=1)
    return [
        *_loss_cases(svm_loss_truth),
        _loss_case(svm_loss_truth, "every right class leads by 10", W_leads, X, best, 0.0),
    ]


def _loss_cases(truth):
    """The points that losses have in common."""
    W, X, y = _batch()
    reg = telling_reg(truth, W, X, y)
    return [
        _loss_case(truth, "reg = 0", W, X, y, 0.0),
        _loss_case(truth, f"reg = {reg}", W, X, y, reg),
        _loss_case(truth, "a single example", W, X[:1], y[:1], reg),
        _loss_case(truth, "float32", W, X, y, reg, "f4"),
        _loss_case(truth, "in Fortran order, one feature always 0", *_unusual(), reg),
        _loss_case(truth, "W (C, D) and X (D, N), which @door turns", W, X, y, reg, columns=True),
    ]


def telling_reg(truth, W, X, y):
    """The reg at which both parts of dW are of equal size: at 5e-6 a missing one hides."""
    data_part = truth(W, X, y, 0)["dW"]
    return float(f"{np.linalg.norm(data_part) / np.linalg.norm(W):.1g}")


def _unusual():
    W, X, y = _batch()
    X[:, 1] = 0
    return np.asfortranarray(W), np.asfortranarray(X), y


def _batch():
    rng = np.random.default_rng(2)
    W, X = rng.standard_normal((5, 4)), rng.standard_normal((7, 5))
    X[:, -1] = 1  # the bias
    return W, X, np.array([2, 2, 0, 2, 1, 2, 2])


def _loss_case(truth, name, W, X, y, reg, dtype="f8", columns=False):
    W, X = W.astype(dtype), X.astype(dtype)
    expected = truth(W, X, y, reg)
    if columns:
        W, X, expected["dW"] = W.T, X.T, expected["dW"].T
    arguments = {"W": W, "X": X, "y": y, "reg": reg}
    return Case(name, arguments, expected, TOLERANCE[W.dtype.name], is_for_the_door=columns)


def softmax_loss_truth(W, X, y, reg):
    """{"loss", "dW"} in float64, from scipy's log_softmax and finite differences."""

    def data_loss(S):
        return -np.take_along_axis(log_softmax(S, axis=1), y[:, None], axis=1).mean()

    return _loss_truth(data_loss, W, X, reg)


def svm_loss_truth(W, X, y, reg):
    """The same for the hinge loss; no margin is within a hundredth of its kink at 0."""

    def data_loss(S):
        lead = np.take_along_axis(S, y[:, None], axis=1) - S
        # The right class itself, of lead 0, counts 1 too much in every row.
        return (1 - lead).clip(min=0).sum(axis=1).mean() - 1

    return _loss_truth(data_loss, W, X, reg)


def _loss_truth(data_loss, W, X, reg):
    W, X = W.astype(np.float64), X.astype(np.float64)

    def loss(W):
        return reg / 2 * np.vdot(W, W) + data_loss(X @ W)

    return {"loss": loss(W), "dW": numerical_gradient(loss, W)}


# Softmax and its logarithm, (z, axis=-1) -> array of z's shape.


def softmax_cases():
    return _activation_cases("y", softmax)


def log_softmax_cases():
    return _activation_cases("log_y", log_softmax)


def _activation_cases(result, truth):
    z = np.random.default_rng(3).standard_normal((2, 3, 4))
    rows = z[0] + [[1000], [0], [-1000]]
    apart = np.array([[1000, -1000, 0.5], [-1000, -1002, 999]])

    def case(name, z, **axis):
        expected = {result: truth(z.astype(np.float64), **(axis or {"axis": -1}))}
        return Case(name, {"z": z, **axis}, expected, TOLERANCE[z.dtype.name], _is_ordinary(z))

    return [
        case("one vector of 4 scores", z[0, 0]),
        case("z (2, 3, 4)", z),
        case("z (3, 4), axis = 0", z[1], axis=0),
        case("z (2, 3, 4), axis = 1", z, axis=1),
        case("rows of scores near +1000, 0 and -1000", rows),
        case("columns of such scores, axis = 0", rows.T.copy(), axis=0),
        case("the same rows in float32", rows.astype(np.float32)),
        case("scores 1000 apart within a row", apart),
        case("z (3, 4), with gaps in memory", with_gaps(z[0])),
        case("z (3, 1), a single class", z[0, :, :1]),
        case("z (0, 3), an empty batch", np.zeros((0, 3))),
    ]


# The derivatives of softmax, which take y = softmax(z).


def jacobian_naive_cases():
    """Test points of (y) -> J for one vector."""
    return [_jacobian_case(name, z) for name, z in _vectors().items()]


def jacobian_cases():
    """Test points of (y) -> J for batches as well."""
    return [_jacobian_case(name, z) for name, z in {**_vectors(), **_batches()}.items()]


def backward_cases():
    """Test points of (dy, y) -> dz."""
    return [_backward_case(name, z) for name, z in {**_vectors(), **_batches()}.items()]


def _vectors():
    """Scores z by the name of their point."""
    z = np.random.default_rng(4).standard_normal(5)
    return {
        "y = softmax([1, 2])": np.array([1.0, 2.0]),
        "one vector of 5": z,
        "two entries of y alike": z[[0, 1, 2, 1]],
        "entries of y of 1e-9, 1e-174 and 0": np.array([0, -20, 1, -400, -1000.0]),
        "one vector in float32": z.astype(np.float32),
        # More than a block of 8, and no multiple of it: code in blocks is right at 8 and below.
        "a vector of 19 with gaps in memory": with_gaps(np.tile(z, 4)[:19] + np.arange(19) / 9),
        "y = [1], n = 1": z[:1],
    }


def _batches():
    z = np.random.default_rng(5).standard_normal((2, 3, 4))
    return {
        "a batch (2, 3, 4)": z,
        "a batch (3, 4) in float32": z[0].astype(np.float32),
        "a batch (3, 4) with gaps in memory": with_gaps(z[1]),
        "a batch (3, 1), n = 1": z[0, :, :1],
        "an empty batch (0, 3)": np.zeros((0, 3)),
    }


def _jacobian_case(name, z):
    # Row i of the Jacobian is what comes back of a gradient that is 1 at y_i.
    J = np.stack([backward_truth(e, z) for e in np.eye(z.shape[-1])], axis=-2)
    tolerance = TOLERANCE[z.dtype.name]
    return Case(name, {"y": _softmax_like(z)}, {"J": J}, tolerance, _is_ordinary(z))


def _backward_case(name, z):
    dy = np.random.default_rng(6).standard_normal(z.shape).astype(z.dtype)
    dy = with_gaps(dy) if has_gaps(z) else dy
    arguments = {"dy": dy, "y": _softmax_like(z)}
    expected, tolerance = {"dz": backward_truth(dy, z)}, TOLERANCE[z.dtype.name]
    return Case(name, arguments, expected, tolerance, _is_ordinary(z))


def _is_ordinary(z):
    return z.dtype == np.float64 and z.size > 3 and bool(np.max(np.abs(z)) < 10)


def _softmax_like(z):
    """y = softmax(z), lying in memory as z does."""
    y = softmax(z, axis=-1).astype(z.dtype)
    return with_gaps(y) if has_gaps(z) else y


def backward_truth(dy, z):
    """The gradient of sum(dy * softmax(z)) with respect to z, by finite differences."""
    return numerical_gradient(lambda z: np.sum(dy * softmax(z, axis=-1)), z.astype(np.float64))


# A gradient by differences, (f, x, verbose=False, h=None) -> array of x's shape.

# The best h of a central difference leaves 1e-10 of the largest entry; one-sided ones 1e-8.
DIFFERENCES = {"float64": 2e-9, "float32": 5e-3}


def numerical_cases():
    x = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -3.5]])

    def case(name, f, x, gradient, **more):
        x = np.asarray(x)
        arguments, tolerance = {"f": f, "x": x, **more}, DIFFERENCES[x.dtype.name]
        ordinary = x.size > 3 and x.dtype == np.float64 and f is not squares_in_place
        return Case(name, arguments, {"gradient": gradient(x)}, tolerance, ordinary)

    def cubes(x):
        return np.sum(x.astype(np.float64) ** 3)

    def squares_in_place(x):
        x *= x
        return np.sum(x)

    def of_cubes(x):
        return 3 * x.astype(np.float64) ** 2

    return [
        case("sum of x^3, x (2, 3)", cubes, x, of_cubes),
        case("sum of x^3 + 2 x_0, x (6,)", lambda x: cubes(x) + 2 * x[0], x.ravel(),
             lambda x: of_cubes(x) + 2 * np.eye(6)[0]),
        case("the step h = 0.01, which a central difference shows", cubes, x,
             lambda x: of_cubes(x) + 1e-4, verbose=False, h=0.01),
        case("a single number, x ()", cubes, np.array(2.0), of_cubes),
        case("x in float32", cubes, x.astype(np.float32), of_cubes),
        case("x near a million", lambda x: np.sum(x * x), 1e6 * x, lambda x: 2 * x),
        case("an f that writes into what it gets", squares_in_place, x, lambda x: 2 * x),
        case("x with gaps in memory", cubes, with_gaps(x), of_cubes),
        case("an empty x (0, 3)", cubes, np.zeros((0, 3)), of_cubes),
    ]  # fmt: skip


def numerical_gradient(f, x):
    """Gradient of f, a number, at x, float64 of order 1: Richardson on central differences."""
    # A central difference is off by h^2 and by eps / h, 1e-10 at its best h, and that only
    # where f is near 1: at scores of 1000 round-off is 1000 times more. Of the differences at h
    # and 2h the h^2 cancels; at the best h for what is left, h^4, round-off counts 100 times
    # less: 1e-12 here, and 4e-10 at scores of 1000.
    h = np.finfo(np.float64).eps ** (1 / 5)
    moves = h * np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [(8 * _rise(f, x, move) - _rise(f, x, 2 * move)) / (12 * h) for move in moves]
    return np.reshape(slopes, x.shape)


def _rise(f, x, move):
    return f(x + move) - f(x - move)


def with_gaps(a):
    """A copy of which every second number in memory is another's."""
    wide = np.full((*a.shape, 2), np.nan, a.dtype)
    wide[..., 0] = a
    return wide[..., 0]


def has_gaps(a):
    return not (a.flags.c_contiguous or a.flags.f_contiguous)


TRUTHS = {"softmax": softmax_loss_truth, "svm": svm_loss_truth}


# What the diagnosis looks at, beyond the test points.


def loss_batches():
    """Two batches (W, X, y): N, D and C differ within them and between, and N > C.

    No example is free of loss, the last neither, so that each counts.
    """
    rng = np.random.default_rng(9)
    y = np.array([1, 0, 1, 1, 2, 1, 0, 1, 1, 2, 1])
    other = rng.standard_normal((6, 3)), rng.standard_normal((11, 6)), y
    other[1][:, 2] = 0
    other[1][:, -1] = 1
    return [tuple(_with_losses(*batch)) for batch in (_batch(), other)]


def _with_losses(W, X, y):
    """The batch, its features turned round where the right class leads."""
    scores = X @ W
    lead = scores[np.arange(len(y)), y] - np.sort(scores, axis=1)[:, -2]
    X = X.copy()
    X[lead > 0, :-1] *= -1
    return W, X, y


def extreme_batches():
    """Batches (W, X, y) by name whose scores only a shift of each row by its maximum survives."""
    W, X, y = loss_batches()[0]
    W, X = 0.1 * W, X.copy()
    X[:, 0] = 1
    batches = {}
    for score in (400, -400, 1000, -1000):
        W_rows = W.copy()
        W_rows[0] = score
        batches[f"all {score:+}"] = W_rows, X, y
    X_signs, W_rows = X.copy(), W.copy()
    X_signs[::2, 0], W_rows[0] = -1, 400
    batches["rows 800 apart"] = W_rows, X_signs, y
    W_classes = W.copy()
    W_classes[0] = [500, 500, -500, 500]  # the most frequent label, 2, is the least probable
    batches["classes 1000 apart"] = W_classes, X, y
    return batches


def rows_of(exercise, N, seed=8):
    """Ordinary arguments of an exercise with N rows, a tuple."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((N, 5))
    if exercise in ("softmax", "log_softmax"):
        return (z,)
    if exercise == "softmax_backward":
        return rng.standard_normal((N, 5)), softmax(z, axis=-1)
    if exercise in ("softmax_jacobian", "softmax_jacobian_naive"):
        return (softmax(z, axis=-1),)
    return rng.standard_normal((5, 4)), z, rng.integers(4, size=N), 0.1


# Of each exercise a function that makes its test points, once.
CASES = {
    "softmax_loss_naive": functools.cache(softmax_loss_cases),
    "softmax_loss_vectorized": functools.cache(softmax_loss_cases),
    "softmax": functools.cache(softmax_cases),
    "log_softmax": functools.cache(log_softmax_cases),
    "softmax_jacobian_naive": functools.cache(jacobian_naive_cases),
    "softmax_jacobian": functools.cache(jacobian_cases),
    "softmax_backward": functools.cache(backward_cases),
    "eval_numerical_gradient": functools.cache(numerical_cases),
    "svm_loss_naive": functools.cache(svm_loss_cases),
    "svm_loss_vectorized": functools.cache(svm_loss_cases),
}
