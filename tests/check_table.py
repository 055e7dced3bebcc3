"""Right and wrong gradients of all kinds, each with the verdict and the word a check owes it.

The losses are written out here, in plain numpy: no part of this project vouches for another.
"""

from dataclasses import dataclass

import numpy as np

RNG = np.random.default_rng(2024)
F32 = np.float32


@dataclass(frozen=True)
class Row:
    name: str
    f: object  # of a copy of x; returns a number, or (number, gradient) where gradient is None
    x: np.ndarray
    gradient: object  # an array, a callable of x, or None
    ok: object  # True, False, or the exception that is due
    word: str = ""  # stands in the text, or in the exception's


def softmax_loss(W, X, y, reg):
    """Mean cross-entropy in nats + 0.5 reg |W|^2, and its gradient, in the dtype of W."""
    N = len(X)
    S = X @ W
    S = S - S.max(axis=1, keepdims=True)
    log_P = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
    P = np.exp(log_P)
    P[np.arange(N), y] -= 1
    loss = -log_P[np.arange(N), y].mean() + W.dtype.type(0.5 * reg) * np.sum(W * W)
    return loss, X.T @ P / N + W.dtype.type(reg) * W


def svm_loss(W, X, y, reg):
    """Mean hinge loss with margin 1 + 0.5 reg |W|^2, and its gradient, in the dtype of W."""
    N = len(X)
    S = X @ W
    margins = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0
    G = (margins > 0).astype(W.dtype)
    G[np.arange(N), y] = -G.sum(axis=1)
    loss = margins.sum() / N + W.dtype.type(0.5 * reg) * np.sum(W * W)
    return loss, X.T @ G / N + W.dtype.type(reg) * W


def batch(N, D, C):
    return 0.1 * RNG.standard_normal((D, C)), RNG.standard_normal((N, D)), RNG.integers(C, size=N)


def loss_row(title, loss, name, data, reg, change, ok, word):
    """The row of a loss, its gradient changed."""
    W, X, y = data
    dW = loss(W, X, y, reg)[1]
    gradient = dW if change is None else change(dW)
    return Row(title + name, lambda W: loss(W, X, y, reg)[0], W, gradient, ok, word)


def wrong_at(index, by):
    """The change of a gradient in one entry."""

    def change(gradient):
        wrong = np.array(gradient)
        wrong[index] += by
        return wrong

    return change


def cubes(x):
    return np.sum(x**3)


def sines(x):
    return np.sum(np.sin(x))


def hinge(x):
    return np.sum(np.maximum(0, x))


def noisy(x):
    return np.sum(x**2) + 1e-3 * RNG.standard_normal()


def dropout(x):
    return np.sum(LINE * x * RNG.integers(2, size=x.shape))


def mutating(x):
    x -= x.max()
    return np.sum(x**2)


def raising(x):
    raise ZeroDivisionError("by f")


def log_by_math(x):
    if np.any(x <= 0):
        raise ValueError("math domain error")
    return float(np.sum(np.log(x)))


def overflowing(x):
    return np.exp(1000 * x[0]) / np.sum(np.exp(1000 * x))


def roots(x):
    return np.sum(np.sqrt(x))


def absolute(x):
    return np.sum(np.abs(x))


def of_size_1e_12(x):
    return 1e-12 * cubes(x)


def at_size_1e_12(x):
    return cubes(1e12 * x)


def at_each_size(x):
    return cubes(x / MIXED)


def cancelling(x):
    return (1e8 + np.sum(x**2)) - 1e8


def sloped_sines(x):
    return np.sum(SLOPES * np.sin(x))


def sine_and_log(x):
    return np.sin(x[0]) + 1e-6 * log_by_math(x[1:])


def first_only(x):
    return x[0] ** 2


LINE = np.linspace(1.0, 2.0, 6)
BOX = RNG.standard_normal((4, 3)) + 3
SQUARE = RNG.standard_normal((5, 5))
MIXED = np.array([1e-12, 2e-6, 1.0, 3e6, 1e12])
WEIGHTS = np.arange(1.0, 26).reshape(5, 5)
STRIDED = np.asfortranarray(np.arange(1.0, 25).reshape(4, 6))[::2, ::3]
KINKED = np.array([1.0, 0.0, -2.0])

SMALL = batch(50, 20, 10)
HINGES = batch(500, 30, 10)
# Images as a linear classifier of the course has them: 3073 features, the mean taken off.
PIXELS = np.c_[RNG.integers(0, 256, (40, 3072)) - 128.0, np.ones(40)]
BIG = 1e-4 * RNG.standard_normal((3073, 10)), PIXELS, RNG.integers(10, size=40)
SMALL_32, HINGES_32, BIG_32 = (
    (W.astype(F32), X.astype(F32), y) for W, X, y in (SMALL, HINGES, BIG)
)

NAN_AT_5 = np.array([3.0, 3.0, 3.0, 3.0, 3.0, np.nan])
BESIDE_KINK = np.array([1.0, 1e-4, -2e-6])
ALL_SIZES = np.array([1e-9, 1e-3, 1.0, 5.0])
SLOPES = np.linspace(1.0, 2.0, 300)
TWO_SCALES = np.array([1e9, 1e-4])
THOUSANDS = (1000 * LINE).astype(F32)

SOFTMAX = [
    ("", SMALL, 0.1, None, True, "right"),
    (", float32", SMALL_32, 0.1, None, True, "float32"),
    (" on images", BIG, 5e-6, None, True, ""),
    (" on images, float32", BIG_32, 5e-6, None, True, ""),
    (", x 1.001", SMALL, 0.1, lambda g: 1.001 * g, False, "factor"),
    (" on images, x 1.001", BIG, 5e-6, lambda g: 1.001 * g, False, "factor"),
    (", float32, x 1.01", SMALL_32, 0.1, lambda g: 1.01 * g, False, "factor"),
    (", not averaged", SMALL, 0.0, lambda g: 50 * g, False, "times 0.02 "),
    (", sign", SMALL, 0.1, np.negative, False, "sign"),
    (", zero", SMALL, 0.1, np.zeros_like, False, "zero"),
    (", one entry of 200", SMALL, 0.1, wrong_at((7, 3), 1e-5), False, "x[7, 3]"),
    (" on images, one entry of 30730", BIG, 5e-6, wrong_at((2345, 6), 1e-2), False, "x[2345, 6]"),
    # No comparison of the course sees this at reg 5e-6.
    (", not regularised", SMALL, 0.1, lambda g: g - 0.1 * SMALL[0], False, "0.1 * x"),
    (", not regularised at 5e-6", BIG, 5e-6, lambda g: g - 5e-6 * BIG[0], False, "5e-06 * x"),
    (
        ", regularised twice",
        SMALL,
        5e-6,
        lambda g: g + 5e-6 * SMALL[0],
        False,
        "too much of 5e-06 * x",
    ),
]
HINGE = [
    (" of 4500 margins", HINGES, 0.1, None, True, ""),
    (" of 4500 margins, float32", HINGES_32, 0.1, None, True, ""),
    (" on images", BIG, 5e-6, None, True, ""),
    (", x 1.001", HINGES, 0.1, lambda g: 1.001 * g, False, "factor"),
    (", one entry of 300", HINGES, 0.1, wrong_at((20, 4), 1e-4), False, "x[20, 4]"),
]
RIGHT = [
    Row("cubes", cubes, LINE, 3 * LINE**2, True, "right"),
    Row("a callable gradient", cubes, LINE, lambda x: 3 * x**2, True),
    Row("value and gradient at once", lambda x: (cubes(x), 3 * x**2), LINE, None, True),
    Row("a number, not an array", lambda x: float(x) ** 3, np.array(2.0), np.array(12.0), True),
    Row("empty", cubes, np.zeros((0, 3)), np.zeros((0, 3)), True, "empty"),
    Row("a box", cubes, BOX.reshape(2, 2, 3), 3 * BOX.reshape(2, 2, 3) ** 2, True),
    Row("strided", cubes, STRIDED, 3 * STRIDED**2, True),
    Row("Fortran order", cubes, np.asfortranarray(BOX), 3 * BOX**2, True),
    Row("at a minimum", lambda x: np.sum((x - 1) ** 2), np.ones(4), np.zeros(4), True, "flat"),
    Row("constant", lambda x: 2.3, np.ones(4), np.zeros(4), True, "flat"),
    Row("one entry lives", first_only, LINE, 2 * LINE * (LINE == 1), True, "not depend on 5"),
    Row("f of size 1e-12", of_size_1e_12, LINE, 3e-12 * LINE**2, True, "scales"),
    Row("f of size 1e12", lambda x: 1e12 * cubes(x), LINE, 3e12 * LINE**2, True, "scales"),
    Row("x of size 1e-12", at_size_1e_12, 1e-12 * LINE, 3e12 * LINE**2, True, "scales"),
    Row("x of size 1e-12, f on scale 1", sines, 1e-12 * LINE, np.cos(1e-12 * LINE), True),
    Row("x of size 1e-4, f on scale 1", sines, 1e-4 * LINE, np.cos(1e-4 * LINE), True),
    Row("x of size 1e12", lambda x: cubes(1e-12 * x), 1e12 * LINE, 3e-12 * LINE**2, True),
    Row("x of size 1e12, f on scale 1", sines, 1e12 * LINE, np.cos(1e12 * LINE), True),
    Row("x of size 1e3, float32", sines, THOUSANDS, np.cos(THOUSANDS), True),
    Row("entries from 1e-12 to 1e12", at_each_size, MIXED, 3 / MIXED, True),
    Row("exp(30 x)", lambda x: np.sum(np.exp(30 * x)), LINE, 30 * np.exp(30 * LINE), True),
    Row("cancelling", cancelling, LINE, 2 * LINE, True),
    Row("cancelling at 1e-12", lambda x: (1e8 + sines(x)) - 1e8, 1e-12 * LINE, np.ones(6), True),
    Row("float32 in a loop", lambda x: sum(x**2, F32(0)), LINE.astype(F32), 2 * LINE, True),
    Row("near where log ends", log_by_math, 1e-3 * LINE, 1e3 / LINE, True),
    Row("log of all sizes", log_by_math, ALL_SIZES, 1 / ALL_SIZES, True),
    Row("two scales", sine_and_log, TWO_SCALES, np.array([np.cos(1e9), 1e-2]), True),
    Row("beside a kink", absolute, BESIDE_KINK, np.sign(BESIDE_KINK), True),
    Row("on a kink, half", hinge, KINKED, np.array([1.0, 0.5, 0.0]), True, "kink of f at x[1]"),
    Row("on a kink, one side", hinge, KINKED, np.array([1.0, 1.0, 0.0]), True, "kink"),
]
WRONG = [
    Row("on a kink, outside", hinge, KINKED, np.array([1.0, 1.5, 0.0]), False, "Worst is x[1]"),
    Row("on a kink, another", hinge, KINKED, np.array([1.001, 0.5, 0.0]), False, "Worst is x[0]"),
    Row("cubes, x 1.001", cubes, LINE, 3.003 * LINE**2, False, "factor"),
    Row("cubes, x 1.000001", cubes, LINE, 3.000003 * LINE**2, False, "factor"),
    Row("cubes, float32, x 1.001", cubes, LINE.astype(F32), 3.003 * LINE**2, False, "factor"),
    Row("f of size 1e-12, x 1.001", of_size_1e_12, LINE, 3.003e-12 * LINE**2, False, "factor"),
    Row("x of size 1e-12, x 1.001", at_size_1e_12, 1e-12 * LINE, 3.003e12 * LINE**2, False, "fac"),
    Row("x of size 1e12, x 1.001", sines, 1e12 * LINE, 1.001 * np.cos(1e12 * LINE), False),
    Row("entries of all sizes, x 1.001", at_each_size, MIXED, 3.003 / MIXED, False, "factor"),
    Row("cancelling, x 1.001", cancelling, LINE, 2.002 * LINE, False, "factor"),
    Row("value and gradient, x 2/3", lambda x: (cubes(x), 2 * x**2), LINE, None, False, "1.5 "),
    Row("one entry of 6", cubes, LINE, wrong_at(4, 1e-6)(3 * LINE**2), False, "x[4]"),
    Row(
        "one of 300, x = 0", sloped_sines, 0 * SLOPES, wrong_at(222, 1e-3)(SLOPES), False, "x[222]"
    ),
    Row("one dead entry", first_only, LINE, wrong_at(3, 0.1)(2.0 * (LINE == 1)), False, "x[3]"),
    Row("transposed", lambda x: np.sum(WEIGHTS * x), SQUARE, WEIGHTS.T, False, "transposed"),
    Row("of the transposed shape", cubes, BOX, 3 * BOX.T**2, False, "transpose is right"),
    Row("of that shape and wrong", cubes, BOX, 2 * BOX.T**2, False, "transpose is wrong"),
    Row("f knows its own x", lambda x: cubes(LINE), LINE, 3 * LINE**2, False, "must use the array"),
    Row("noisy", noisy, LINE, 2 * LINE, False, "deterministic"),
    Row("dropout at zero", dropout, np.zeros(6), LINE / 2, False, "deterministic"),
    Row("mutating", mutating, LINE, wrong_at(5, 6.0)(2 * (LINE - 2)), False, "changes the array"),
    Row("f is not finite", overflowing, LINE, np.zeros(6), False, "f(x) is nan"),
    Row(
        "where f ends",
        roots,
        np.array([0.0, 4.0]),
        np.array([0, 0.25]),
        False,
        "near x, along x[0]",
    ),
    Row("x is not finite", cubes, np.array([1.0, np.inf]), np.ones(2), False, "x is inf at [1]"),
    Row("gradient is not finite", cubes, LINE, NAN_AT_5, False, "nan at [5]"),
    Row("raising", raising, LINE, LINE, ZeroDivisionError, "by f"),
    Row("x of integers", cubes, np.arange(3), np.arange(3), ValueError, "x must be of floats"),
    Row("another shape", cubes, LINE, np.ones(5), ValueError, "must have the shape of x"),
    Row("f gives an array", np.square, LINE, LINE, ValueError, "must return one number"),
    Row("no gradient at all", cubes, LINE, None, ValueError, "(number, gradient)"),
]
ROWS = [
    *(loss_row("softmax loss", softmax_loss, *row) for row in SOFTMAX),
    *(loss_row("hinge loss", svm_loss, *row) for row in HINGE),
    *RIGHT,
    *WRONG,
]
