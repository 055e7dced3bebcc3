"""Softmax, its logarithm and its derivative: values by hand, digits, every length, axis and dtype.

`tests/test_engine.py` of the assignment holds them to the functions of its own `layers`.
"""

import itertools

import numpy as np
import pytest
from softmax_engine import log_softmax, softmax, softmax_backward

FUNCTIONS = [softmax, log_softmax]
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
LENGTHS = range(1, 71)  # every tail of every vector
# Of eps: of the exponential, of the sum, of one over it, and of the product; and as many of what
# they are compared with, where no float is longer than float64.
UNITS = 4 if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else 8


def exactly(function, z):
    """softmax or log_softmax along the last axis in the longest float, but z - max in its own."""
    s = (z - z.max(axis=-1, keepdims=True)).astype(np.longdouble)
    sums = np.exp(s).sum(axis=-1, keepdims=True)
    return np.exp(s) / sums if function is softmax else s - np.log(sums)


def units(result, expected, at=None):
    """How far a result is off, in eps of `at`, or else of what is expected; denormals in theirs."""
    info = np.finfo(result.dtype)
    at = np.maximum(np.abs(expected if at is None else at), info.tiny)
    return np.max(np.abs(result.astype(np.longdouble) - expected) / (info.eps * at))


def test_two_scores_by_hand(instructions):
    """Scores 1 and 2 have probabilities 0.26894142 and 0.73105858."""
    p = 0.2689414213699951
    np.testing.assert_allclose(softmax([1.0, 2.0]), [p, 1 - p], rtol=1e-15)
    np.testing.assert_allclose(log_softmax([1.0, 2.0]), np.log([p, 1 - p]), rtol=1e-15)
    # Column 0 of the Jacobian: p (1 - p) and -p (1 - p).
    dz = softmax_backward(np.array([1.0, 0.0]), np.array([p, 1 - p]))
    np.testing.assert_allclose(dz, [0.19661193324148185, -0.19661193324148185], rtol=1e-15)


@each_function
@each_dtype
@pytest.mark.parametrize("spread", [1e-3, 1, 20, 200])
def test_digits_at_every_length(instructions, function, dtype, spread):
    """Four eps at most, against longdouble, down to the least probability."""
    rng = np.random.default_rng(0)
    for n in LENGTHS:
        z = (spread * rng.standard_normal((40, n))).astype(dtype)
        expected = exactly(function, z)
        # z - max - log(sum) cancels near 0, in numpy as well.
        at = None if function is softmax else np.maximum(np.abs(expected), 1)
        assert units(function(z), expected, at) <= UNITS, n


@each_function
@each_dtype
@pytest.mark.parametrize("spread", [1, 20])
def test_digits_of_a_thousand_scores(instructions, function, dtype, spread):
    """The roundings of a long sum, half a unit each, walk about: sqrt(n) of them come on top."""
    z = (spread * np.random.default_rng(0).standard_normal((40, 1000))).astype(dtype)
    expected = exactly(function, z)
    at = None if function is softmax else np.maximum(np.abs(expected), 1)
    assert units(function(z), expected, at) <= UNITS + 0.5 * np.sqrt(1000)


@each_dtype
def test_digits_of_the_derivative_at_every_length(instructions, dtype):
    """Four eps of the terms y dy and y sum(|y dy|), which may cancel."""
    rng = np.random.default_rng(0)
    for n in LENGTHS:
        y = exactly(softmax, 3 * rng.standard_normal((40, n))).astype(dtype)
        dy = rng.standard_normal((40, n)).astype(dtype)
        wide, dwide = y.astype(np.longdouble), dy.astype(np.longdouble)
        expected = wide * (dwide - np.sum(wide * dwide, axis=-1, keepdims=True))
        terms = np.sum(np.abs(wide * dwide), axis=-1, keepdims=True)
        at = np.abs(wide * dwide) + wide * terms
        assert units(softmax_backward(dy, y), expected, at) <= UNITS, n


@each_function
@each_dtype
def test_every_axis_of_any_memory(instructions, function, dtype):
    """Up to four axes, counted from either end, in C or Fortran order, backwards, read-only."""
    rng = np.random.default_rng(1)
    for shape in [(7,), (3, 7), (2, 3, 5), (2, 1, 3, 4)]:
        z = rng.standard_normal(shape).astype(dtype)
        memories = {
            "C": z,
            "Fortran": np.asfortranarray(z),
            "backwards": z[tuple(slice(None, None, -1) for _ in shape)].copy()[
                tuple(slice(None, None, -1) for _ in shape)
            ],
            "every other": np.repeat(z, 2, axis=-1)[..., ::2],
            "read-only": z.copy(),
        }
        memories["read-only"].setflags(write=False)
        for axis in range(-len(shape), len(shape)):
            expected = np.moveaxis(exactly(function, np.moveaxis(z, axis, -1)), -1, axis)
            for how, memory in memories.items():
                result = function(memory, axis=axis)
                assert (result.dtype, result.shape) == (dtype, shape), how
                at = np.maximum(np.abs(expected), 1)
                assert units(result, expected, at) <= UNITS, how
                assert not np.shares_memory(result, memory)
            np.testing.assert_array_equal(memories["C"], z)


@each_function
@each_dtype
def test_equal_scores_give_equal_shares(instructions, function, dtype):
    """1/n each, at every length, however high the scores are."""
    for n, level in itertools.product(LENGTHS, (0, -1e30, 1e30)):
        z = np.full((2, n), level, dtype)
        expected = 1 / n if function is softmax else -np.log(n)
        np.testing.assert_allclose(function(z), expected, rtol=4 * np.finfo(dtype).eps)


@each_dtype
def test_one_of_two_thousand_scores_is_right_by_itself(instructions, dtype):
    """Rows near +1000, near -1000 and of both are each right; the logarithm keeps the distance."""
    z = np.array([[1000.0, 999.0], [-1000.0, -1001.0], [0.0, 1000.0]], dtype)
    p = 0.7310585786300049
    expected = [[p, 1 - p], [p, 1 - p], [0, 1]]
    np.testing.assert_allclose(softmax(z), expected, rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(log_softmax(z)[2], [-1000, 0])


@pytest.mark.parametrize(("dtype", "gap"), [(np.float32, 100), (np.float64, 740)])
def test_results_too_small_for_a_normal_number(instructions, dtype, gap):
    """exp(-100) in float32 and exp(-740) in float64 are denormal, below them is 0, never less."""
    least = np.finfo(dtype).smallest_subnormal
    for n in (2, 3, 33):
        z = np.full((1, n), -gap, dtype)
        z[0, n // 2] = 0
        y = softmax(z)
        assert y[0, n // 2] == 1
        assert np.abs(np.delete(y, n // 2) - np.exp(-np.float64(gap))).max() <= least
        assert y.min() > 0
        assert softmax(10 * z).min() == 0
        np.testing.assert_array_equal(log_softmax(10 * z), 10 * z)


@pytest.mark.filterwarnings("ignore:invalid value")
@each_dtype
def test_scores_that_are_not_finite(instructions, dtype):
    """inf leaves nan in its row alone, as inf - inf does; -inf is a class that cannot be."""
    inf, nan = np.inf, np.nan
    for n in (2, 5, 16, 40):
        z = np.zeros((5, n), dtype)
        z[0, 0], z[1, -1], z[2] = inf, -inf, -inf
        z[3, n // 2] = nan
        y, log_y = softmax(z), log_softmax(z)
        for row in (0, 2, 3):
            assert np.isnan(y[row]).all(), (n, row)
            assert np.isnan(log_y[row]).all(), (n, row)
        np.testing.assert_allclose(y[1], [*[1 / (n - 1)] * (n - 1), 0], rtol=1e-6)
        assert log_y[1, -1] == -inf
        np.testing.assert_allclose(y[4], 1 / n, rtol=1e-6)


@each_function
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, ">f4", ">f8"])
def test_other_floats_keep_their_dtype(instructions, function, dtype):
    """What the kernel does not know numpy does, in that float."""
    z = np.random.default_rng(0).standard_normal((3, 5)).astype(dtype)
    result = function(z)
    assert result.dtype.newbyteorder("=") == z.dtype.newbyteorder("=")
    rtol = 20 * float(np.finfo(z.dtype).eps)
    np.testing.assert_allclose(
        result, exactly(function, z).astype(np.float64), rtol=max(rtol, 1e-13)
    )


@each_function
@pytest.mark.parametrize("z", [[1, 2], np.array([1, 2], np.uint8), [True, False]], ids=repr)
def test_whole_numbers_are_taken_as_floats(instructions, function, z):
    """1 - 2 is 255 in uint8; the softmax of [1, 2] is what it is."""
    result = function(z)
    assert result.dtype == np.float64
    expected = exactly(function, np.asarray(z, float)).astype(float)
    np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("dy", "y", "wider"),
    [
        ("f4", "f4", "f4"),
        ("f4", "f8", "f8"),
        ("f8", "f4", "f8"),
        ("f2", "f4", "f4"),
        ("i4", "f4", "f8"),
    ],
)
def test_the_derivative_has_the_wider_dtype(instructions, dy, y, wider):
    """Of float32 and float64 float64, and whole numbers are float64."""
    y = np.array([[0.25, 0.75]], y)
    dz = softmax_backward(np.array([[2, 1]], dy), y)
    assert dz.dtype == wider
    np.testing.assert_array_equal(dz, [[0.1875, -0.1875]])


@each_function
@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (0,), (3, 0)])
def test_arrays_of_nothing(instructions, function, shape):
    """No rows give no rows; rows of nothing have no highest score, and numpy says so."""
    z = np.empty(shape)
    if shape[-1]:
        assert function(z).shape == shape
    else:
        with pytest.raises(ValueError, match="zero-size array to reduction operation maximum"):
            function(z)
    assert softmax_backward(z, z).shape == shape


@each_function
def test_a_single_number_is_sure(instructions, function):
    """Without other scores the probability is 1."""
    assert function(3.0) == (1 if function is softmax else 0)
    assert softmax_backward(2.0, 1.0) == 0


@pytest.mark.parametrize("z", [None, ["a", "b"], np.array([1 + 1j])], ids=repr)
def test_what_is_no_number_is_refused(z):
    """None would become nan, and a complex score lose its half."""
    expected = "an argument must be an array of real numbers; got "
    for call in (softmax, log_softmax, lambda z: softmax_backward(z, z)):
        with pytest.raises(ValueError, match=expected):
            call(z)


def test_shapes_that_differ_are_refused():
    """dy of another shape than y is not broadcast."""
    with pytest.raises(ValueError) as error:
        softmax_backward(np.ones(3), np.ones((2, 3)))
    assert str(error.value) == (
        "dy must have the shape of y, (2, 3); got (3,); try an entry for each of y"
    )


def test_rows_of_the_jacobian_sum_to_zero(instructions):
    """Probabilities sum to 1 whatever the scores, so what one gains the others lose."""
    for n in LENGTHS:
        y = softmax(np.random.default_rng(n).standard_normal((6, n)))
        np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-15)
        np.testing.assert_allclose(softmax_backward(np.ones((6, n)), y), 0, atol=1e-15)
