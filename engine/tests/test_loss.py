"""The loss and its gradient: values by hand, extremes, accuracy, and what is never read."""

import functools

import numpy as np
import pytest
import softmax_engine
from softmax_engine import Rows, softmax_loss
from truth import EPS, LABELS, PROMISED, excess, truth

DTYPES = [np.float32, np.float64]
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture
def batch():
    """Eleven examples of five features and four classes, the last feature a 1."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((11, 5))
    X[:, -1] = 1
    return rng.standard_normal((5, 4)), X, np.array([0, 1, 1, 1, 2, 3, 3, 1, 1, 0, 1])


# ---- by hand ---------------------------------------------------------------------------------


def test_one_example_by_hand(instructions):
    """Scores 1 and 2 have probabilities 0.26894142 and 0.73105858; the first class is right."""
    W, X, y = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[1.0, 3.0]]), np.array([0])
    loss, dW = softmax_loss(W, X, y, 0.0)
    assert loss == pytest.approx(1.3132616875182228, abs=1e-14)  # log(1 + e)
    p = 0.7310585786300049
    np.testing.assert_allclose(dW, [[-p, p], [-3 * p, 3 * p]], rtol=1e-14)


def test_regularisation_by_hand(instructions):
    """At reg 0.2, weights 1 and 2 add 0.5 * 0.2 * 5 to the loss and 0.2 * W to the gradient."""
    loss, dW = softmax_loss(np.array([[1.0, 2.0]]), np.array([[0.0]]), np.array([1]), 0.2)
    assert loss == pytest.approx(np.log(2) + 0.5, abs=1e-14)
    np.testing.assert_allclose(dW, [[0.2, 0.4]], rtol=1e-14)


@each_dtype
@pytest.mark.parametrize("C", [2, 3, 10, 1025, 5000])
@pytest.mark.parametrize("N", [1, 6])
def test_zero_weights_give_log_C(instructions, dtype, C, N):
    """Where every class is as probable as any other, the loss is log C and a gradient follows."""
    X = np.random.default_rng(0).standard_normal((N, 3)).astype(dtype)
    y = np.arange(N) * 7 % C
    loss, dW = softmax_loss(np.zeros((3, C), dtype), X, y, 1.0)
    assert loss == pytest.approx(np.log(C), rel=4 * float(np.finfo(dtype).eps))
    P_less_Y = np.full((N, C), 1 / C)
    P_less_Y[np.arange(N), y] -= 1
    np.testing.assert_allclose(dW, X.T @ P_less_Y / N, atol=8 * np.finfo(dtype).eps)


def test_bytes_by_hand(instructions):
    """Bytes 0 and 255 at shift 127.5 and scale 1/127.5 are -1 and 1, and score -2 and 2."""
    x = np.array([[0], [255]], np.uint8)
    W = np.array([[0, 2.0]], np.float32)
    loss, dW = softmax_loss(W, Rows(x, 127.5, 1 / 127.5), np.array([0, 1]), 0.0)
    q = 0.11920292202211755  # 1 / (1 + e^2)
    assert loss == pytest.approx(-np.log(1 - q), rel=1e-6)
    np.testing.assert_allclose(dW, [[q, -q]], rtol=1e-6)


# ---- extremes --------------------------------------------------------------------------------


@each_dtype
def test_scores_far_apart_in_different_rows(instructions, dtype):
    """Rows of scores near +1000 and near -1000, 745 and more apart, are each right."""
    W = np.eye(2, dtype=dtype)
    X = np.array([[1000.0, 999.0], [-1000.0, -1001.0], [1000.0, -1000.0], [0, 746]], dtype)
    loss, dW = softmax_loss(W, X, np.array([1, 0, 1, 0]), 0.0)
    assert loss == pytest.approx((1.3132616875 + 0.3132616875 + 2000 + 746) / 4, rel=1e-6)
    p = 0.7310585786300049
    by_example = [p * X[0], (p - 1) * X[1], X[2], -X[3]]  # column 0 of the gradient, times N
    round_off = 10 * np.finfo(dtype).eps * 1000
    np.testing.assert_allclose(dW[:, 0], np.sum(by_example, axis=0) / 4, atol=round_off)


@each_dtype
def test_one_class_far_ahead_of_all(instructions, dtype):
    """Right, it has loss 0 and gradient 0 to the last bit; wrong, a loss of the distance."""
    W = np.zeros((3, 7), dtype)
    W[:, 4] = 1e6
    X = np.ones((50, 3), dtype)
    loss, dW = softmax_loss(W, X, np.full(50, 4), 0.0)
    assert loss == 0
    assert not dW.any()
    loss, dW = softmax_loss(W, X, np.full(50, 2), 0.0)
    assert loss == 3e6
    np.testing.assert_array_equal(dW[:, [2, 4]], np.full((3, 2), [-1, 1]))


@pytest.mark.parametrize(("dtype", "gap"), [(np.float32, 100), (np.float64, 740)])
def test_probabilities_too_small_for_a_normal_number(instructions, dtype, gap):
    """exp(-100) in float32 and exp(-740) in float64 are denormal, and reach the gradient."""
    X, W = np.ones((1, 1), dtype), np.array([[0, -gap]], dtype)
    loss, dW = softmax_loss(W, X, np.array([0]), 0.0)
    least = np.finfo(dtype).smallest_subnormal
    assert abs(dW[0, 1] - np.exp(-float(gap))) <= 2 * least
    assert dW[0, 1] > 0
    assert loss == 0


def test_minus_zero_is_zero(instructions):
    """Scores, features and weights of -0 are those of 0."""
    X, W, y = np.zeros((5, 3)), np.zeros((3, 4)), np.arange(5) % 4
    X[:, 0] = 1
    expected = softmax_loss(W, X, y, 0.0)
    loss, dW = softmax_loss(-W, np.where(X == 0, -0.0, X), y, 0.0)
    assert loss == expected[0]
    np.testing.assert_array_equal(dW, expected[1])


@each_dtype
@pytest.mark.parametrize(
    ("N", "D", "C"), [(1, 1, 2), (1, 3073, 10), (3000, 1, 2), (41, 17, 3), (5, 2, 2311)]
)
def test_the_least_and_the_longest(instructions, dtype, N, D, C):
    """One example, one feature, two classes; many of one of them."""
    rng = np.random.default_rng(N + D + C)
    W, X = rng.standard_normal((D, C)).astype(dtype), rng.standard_normal((N, D)).astype(dtype)
    y = rng.integers(C, size=N)
    result = softmax_loss(W, X, y, 0.1)
    expected = truth(W, X, y, 0.1)
    assert excess(result, expected, np.dtype(dtype).name, np.sqrt(min(N, 2000) + D + C)) <= 1


@each_dtype
@pytest.mark.parametrize("C", [399, 400, 401, 1111])
def test_many_classes_in_either_way(compiled, monkeypatch, dtype, C):
    """On both sides of the number from which BLAS is faster, and where a set is asked for."""
    rng = np.random.default_rng(C)
    for N, D in [(1, 1), (83, 37), (1100, 20)]:
        W = (rng.standard_normal((D, C)) / np.sqrt(D)).astype(dtype)
        X, y = rng.standard_normal((N, D)).astype(dtype), rng.integers(C, size=N)
        n = min(N, 2000) + D + C
        expected = truth(W, X, y, 0.1)
        forced = softmax_loss(W, X, y, 0.1)
        with monkeypatch.context() as patch:
            patch.delenv("SOFTMAX_ENGINE_ISA")
            chosen = softmax_loss(W, X, y, 0.1)
        for result in (forced, chosen):
            assert excess(result, expected, np.dtype(dtype).name, np.sqrt(n)) <= 1


@pytest.mark.parametrize("C", [399, 400])
def test_from_many_classes_on_blas_works_unless_a_set_is_asked_for(compiled, monkeypatch, C):
    """What is asked for is what runs."""
    used = []
    by_numpy = softmax_engine.loss.by_numpy
    monkeypatch.setattr(softmax_engine.loss, "by_numpy", lambda: used.append(C) or by_numpy())
    args = np.ones((2, C)), np.ones((3, 2)), np.zeros(3, int), 0.1
    softmax_loss(*args)
    assert used == []
    monkeypatch.delenv("SOFTMAX_ENGINE_ISA")
    softmax_loss(*args)
    assert used == [400] * (C == 400)


# ---- laws ------------------------------------------------------------------------------------


def test_without_regularisation_each_row_of_dW_sums_to_zero(instructions, batch):
    """What one class gains the others lose."""
    W, X, y = batch
    _, dW = softmax_loss(W, X, y, 0.0)
    assert np.abs(dW).max() > 0.1
    np.testing.assert_allclose(dW.sum(axis=1), 0, atol=1e-15)


def test_the_gradient_is_the_derivative_of_the_loss(instructions, batch):
    """Central differences give dW."""
    W, X, y = batch
    _, dW = softmax_loss(W, X, y, 0.7)
    h = 6e-6  # the third root of eps
    for index in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[index] = h
        above, below = (softmax_loss(W + s, X, y, 0.7)[0] for s in (step, -step))
        assert dW[index] == pytest.approx((above - below) / (2 * h), rel=1e-8, abs=1e-9)


def test_the_loss_is_a_mean_over_any_number_of_rows(instructions):
    """A batch written forty times over, past every chunk, has the loss and gradient it has once."""
    rng = np.random.default_rng(1)
    W, X, y = (
        rng.standard_normal((9, 5)),
        rng.standard_normal((1001, 9)),
        rng.integers(5, size=1001),
    )
    loss, dW = softmax_loss(W, X, y, 0.3)
    where = np.tile(np.arange(1001), 40)
    loss_often, dW_often = softmax_loss(W, Rows(X)[where], y[where], 0.3)
    assert loss_often == pytest.approx(loss, rel=1e-13)
    np.testing.assert_allclose(dW_often, dW, rtol=1e-12, atol=1e-15)


def test_columns_give_columns(instructions, batch):
    """W (C, D) with X (D, N) is the same problem, and dW is (C, D); where both fit it is rows."""
    W, X, y = batch
    loss, dW = softmax_loss(W, X, y, 0.3)
    loss_columns, dW_columns = softmax_loss(W.T, X.T, y, 0.3)
    assert loss_columns == loss
    np.testing.assert_array_equal(dW_columns, dW.T)
    square = W[:4], X[:4, :4], y[:4]
    assert softmax_loss(*square, 0.3)[0] == pytest.approx(truth(*square, 0.3).loss, rel=1e-13)


@pytest.mark.parametrize("dtype", LABELS, ids=str)
def test_labels_of_any_whole_dtype(instructions, batch, dtype):
    """Eight to sixty-four bits, signed or not, or a list."""
    W, X, y = batch
    expected = softmax_loss(W, X, y, 0.3)[0]
    assert softmax_loss(W, X, y.astype(dtype), 0.3)[0] == expected
    assert softmax_loss(W, X, y.tolist(), 0.3)[0] == expected


def test_labels_in_the_other_order_of_bytes(instructions, batch):
    """As a file written on another machine has them."""
    W, X, y = batch
    expected = softmax_loss(W, X, y, 0.3)[0]
    for dtype in LABELS:
        assert softmax_loss(W, X, y.astype(dtype.newbyteorder()), 0.3)[0] == expected


def test_arguments_are_left_as_they_were(instructions, batch):
    """W, X, y and what Rows hold are read, never written."""
    before = [array.copy() for array in batch]
    W, X, y = batch
    softmax_loss(W, X, y, 0.3)
    softmax_loss(W, Rows(X, X.mean(axis=0), 2.0)[::-1], y, 0.3)
    for array, copy in zip(batch, before, strict=True):
        np.testing.assert_array_equal(array, copy)


# ---- what is refused -------------------------------------------------------------------------


def message(*arguments):
    with pytest.raises(ValueError) as error:
        softmax_loss(*arguments)
    assert type(error.value) is ValueError
    return str(error.value)


@pytest.mark.parametrize("label", [4, -1, 2**31, 2**32, 2**63 - 1, -(2**63)])
def test_a_label_out_of_range_is_named(instructions, batch, label):
    """With the label and where it is, whatever its low digits look like."""
    W, X, y = batch
    y[6] = label
    for view in (X, Rows(X), Rows(X)[np.arange(11)]):
        assert message(W, view, y, 0.1) == (
            f"y must lie in [0, 4), one index for each class of W; got {label} at y[6]; "
            "try labels that count classes from 0"
        )


def test_a_label_past_all_signed_numbers_is_named(instructions, batch):
    """2^63 and 2^64 - 1 are not taken for negative ones, nor -1 for a class from the end."""
    W, X, y = batch
    for label in (2**63, 2**64 - 1):
        y = y.astype(np.uint64)
        y[9] = label
        assert f"got {label} at y[9]" in message(W, X, y, 0.1)


@pytest.mark.filterwarnings("ignore:invalid value")  # numpy's, on the way to the clear error
@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 39, 8191, 8192, 9000, 20_000])
def test_what_is_not_finite_in_X_is_named(instructions, value, row):
    """By row and column, of the array or of the view, in each part of a long batch."""
    X = np.random.default_rng(0).standard_normal((20_001, 6))
    W, y = np.ones((6, 3)), np.zeros(20_001, int)
    W[:, 0] = 2
    X[row, 4] = value
    expected = f"X must be finite; got {value} in row {row}, column 4; try leaving that example out"
    assert message(W, X, y, 0.1) == expected
    assert message(W.T, X.T, y, 0.1) == expected
    assert message(W.astype("f4"), X.astype("f4"), y, 0.1) == expected
    assert message(W, Rows(X), y, 0.1) == expected
    backwards = Rows(X)[::-1][np.arange(20_001)]
    assert f"got {value} in row {20_000 - row}, column 4;" in message(W, backwards, y, 0.1)
    W = np.vstack([W, W[:1]])
    shifted = Rows(X, shift=1.0, scale=-2.0, bias=True)
    assert f"got {-2.0 * value} in row {row}, column 4;" in message(W, shifted, y, 0.1)


def test_what_is_not_finite_in_rows_left_out_does_no_harm(instructions):
    """An example no index names is not looked at."""
    X = np.ones((9, 3))
    X[4] = np.nan
    W, y = np.zeros((3, 2)), np.zeros(9, int)
    others = np.array([0, 1, 2, 3, 5, 6, 7, 8])
    assert softmax_loss(W, Rows(X)[others], y[others], 0.0)[0] == pytest.approx(np.log(2))


@each_dtype
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_in_W_is_named(instructions, dtype, value):
    """Before X is looked at, in a W of many rows as well."""
    W = np.zeros((10_000, 2), dtype)
    W[9_999, 1] = value
    got = message(W, np.full((1, 10_000), np.nan, dtype), np.array([0]), 0.1)
    assert got.startswith(f"W must be finite; got {value} in row 9999, column 1; try ")


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.filterwarnings("ignore:overflow")
def test_scores_too_large_for_a_float_are_not_blamed_on_X(instructions):
    """Finite arguments whose scores overflow give a result that is not finite, as in numpy."""
    X, W = np.full((3, 2), 1e30, np.float32), np.full((2, 2), 1e30, np.float32)
    loss, _ = softmax_loss(W, X, np.zeros(3, int), 0.0)
    assert np.isnan(loss)


@each_dtype
def test_a_call_that_went_wrong_leaves_nothing_behind(instructions, dtype):
    """After nan in all of a larger batch, the next one has the bits it had before."""
    rng = np.random.default_rng(0)
    for N, D, C in [(1, 1, 2), (41, 33, 7), (300, 70, 11), (3000, 100, 20)]:
        W, X = rng.standard_normal((D, C)).astype(dtype), rng.standard_normal((N, D)).astype(dtype)
        y = rng.integers(C, size=N)
        loss, dW = softmax_loss(W, X, y, 0.1)
        assert "X must be finite" in message(np.ones((130, 23), dtype), *all_nan(dtype), 0.1)
        loss_again, dW_again = softmax_loss(W, X, y, 0.1)
        assert loss_again == loss
        np.testing.assert_array_equal(dW_again, dW)


def all_nan(dtype, N=4000, D=130):
    return np.full((N, D), np.nan, dtype), np.zeros(N, int)


# ---- nothing outside an array is read or written ---------------------------------------------


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"])
def test_what_lies_beside_a_row_is_not_part_of_it(instructions, kind):
    """With nan or 255 right behind the last feature and behind the last row, nothing changes."""
    rng = np.random.default_rng(0)
    for D in range(1, 70):
        N, C = 1 + D % 7, 2 + D % 9
        around = np.full((N + 2, D + 66), 255 if kind == "uint8" else np.nan, kind)
        around[1 : N + 1, :D] = rng.integers(256, size=(N, D))
        W = rng.standard_normal((D, C)).astype("float64" if kind == "float64" else "float32")
        y = rng.integers(C, size=N)
        inside, alone = around[1 : N + 1, :D], around[1 : N + 1, :D].copy()
        if kind == "uint8":
            inside, alone = Rows(inside, 120.0, 1 / 64), Rows(alone, 120.0, 1 / 64)
        loss, dW = softmax_loss(W, inside, y, 0.1)
        loss_alone, dW_alone = softmax_loss(W, alone, y, 0.1)
        assert loss == loss_alone
        np.testing.assert_array_equal(dW, dW_alone)


# ---- accuracy --------------------------------------------------------------------------------


def windows(numbers, N, D, step):
    """N rows of D numbers, each begun `step` numbers after the last: they share their memory."""
    assert len(numbers) >= (N - 1) * step + D
    size = numbers.itemsize
    return np.lib.stride_tricks.as_strided(numbers, (N, D), (step * size, size), writeable=False)


@functools.lru_cache(maxsize=1)  # one for all sets of instructions
def large_batch(kind, centred, N, D, C=10, step=7):
    """(W, X, y) of images, or what is like them, and the truth at reg 0.1."""
    rng = np.random.default_rng(0)
    stored = rng.integers(256, size=(N - 1) * step + D - 1).astype(np.uint8)
    shift, scale = (127.5 if centred else 0.0), 1 / 64
    W = 0.02 * rng.standard_normal((D, C))
    W = W.astype("float64" if kind == "float64" else "float32")
    y = rng.integers(C, size=N)
    if kind == "uint8":
        X = Rows(windows(stored, N, D - 1, step), shift, scale, bias=True)
        exact = Rows(windows(stored.astype("f8"), N, D - 1, step), shift, scale, bias=True)
    else:
        X = exact = windows(((np.append(stored, 0) - shift) * scale).astype(kind), N, D, step)
    return W, X, y, truth(W, exact, y, 0.1)


SIZES = [(5000, 257), pytest.param((50_000, 3073), marks=pytest.mark.proof)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}", scope="module")
@pytest.mark.parametrize("centred", [True, False], ids=["centred", "as stored"], scope="module")
@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"], scope="module")
def test_digits_of_a_large_batch(kind, centred, size, instructions):
    """Against float64: 1e-13, 1e-6 for float32 and 3e-6 for bytes, of the largest entry of dW."""
    W, X, y, expected = large_batch(kind, centred, *size)
    loss, dW = softmax_loss(W, X, y, 0.1)
    assert np.max(np.abs(dW - expected.dW)) <= PROMISED[kind] * np.max(np.abs(expected.dW))
    # Each loss has lost digits with its scores; their mean has more than any of them.
    assert loss == pytest.approx(expected.loss, rel=10 * EPS[kind])
