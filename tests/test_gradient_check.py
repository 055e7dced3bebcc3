"""Numerical gradients: right by hand, in both dtypes, and without touching what they are given."""

import numpy as np
import pytest

from classifiers import softmax_loss_naive, svm_loss_naive
from gradient_check import (
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    grad_check_sparse,
    gradient_check,
    rel_error,
)

from .check_table import ROWS


def cubes(x):
    return float(np.sum(x**3))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-8), (np.float32, 5e-3)])
@pytest.mark.parametrize("scale", [0.5, 1.0, 100.0])
def test_the_gradient_of_cubes(dtype, rtol, scale):
    """The gradient of sum(x^3) is 3 x^2, in either dtype, at any size of x from 1 up."""
    x = (scale * np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])).astype(dtype)
    gradient = eval_numerical_gradient(lambda x: np.sum(x.astype(np.float64) ** 3), x)
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=rtol)
    assert gradient.dtype == dtype


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 2), (0,)])
def test_any_shape(shape):
    """Numbers, vectors, boxes and empty arrays have gradients of their own shape."""
    x = np.asarray(np.random.default_rng(0).standard_normal(shape))
    gradient = eval_numerical_gradient(cubes, x)
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-7, atol=1e-9)


def test_any_strides():
    """A strided view or a Fortran array is as good as any."""
    x = np.asfortranarray(np.arange(1.0, 25).reshape(4, 6))[::2, ::3]
    np.testing.assert_allclose(eval_numerical_gradient(cubes, x), 3 * x**2, rtol=1e-7)


@pytest.mark.parametrize("raises", [False, True])
def test_x_is_never_touched(raises):
    """x holds the same bits during and after, also where f raises or writes into its argument."""
    x = np.array([0.1, 0.2, 0.3])
    before = x.copy()

    def f(argument):
        np.testing.assert_array_equal(x, before)
        argument += 1
        if raises:
            raise ZeroDivisionError
        return argument.sum()

    if raises:
        for check in (
            lambda: eval_numerical_gradient(f, x),
            lambda: eval_numerical_gradient_array(f, x, 1.0),
            lambda: grad_check_sparse(f, x, x),
        ):
            with pytest.raises(ZeroDivisionError):
                check()
    else:
        eval_numerical_gradient(f, x)
        eval_numerical_gradient_array(f, x, 1.0)
        grad_check_sparse(f, x, x)
    np.testing.assert_array_equal(x, before)


def test_integers_are_refused():
    """A step of h is lost in an integer, so x must be of floats."""
    x = np.array([1, 2])
    expected = (
        r"^x must be of floats, since a step of h is lost in others; got int64; "
        r"try x\.astype\(np\.float64\)$"
    )
    for check in (
        lambda: eval_numerical_gradient(cubes, x),
        lambda: eval_numerical_gradient_array(np.square, x, x),
        lambda: grad_check_sparse(cubes, x, x),
    ):
        with pytest.raises(ValueError, match=expected):
            check()


def test_f_must_return_one_number():
    """A pair (loss, dW) is the usual slip, and the message says what to do."""
    with pytest.raises(ValueError, match=r"f must return one number; got tuple.*f\(x\)\[0\]"):
        eval_numerical_gradient(lambda x: (1.0, x), np.ones(2))


@pytest.mark.parametrize("h", [0.0, 1e-30, float("nan")])
def test_a_step_that_moves_nothing_is_refused(h):
    """h must change x, or the quotient is 0/0."""
    with pytest.raises(ValueError, match="h must be a step that moves"):
        eval_numerical_gradient(cubes, np.ones(2), h=h)


def test_array_gradient_is_the_vector_jacobian_product():
    """For f(x) = A x the gradient passed back is A^T df."""
    A = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]])
    df = np.array([0.3, -0.7])
    gradient = eval_numerical_gradient_array(lambda x: A @ x, np.ones(3), df)
    np.testing.assert_allclose(gradient, A.T @ df, rtol=1e-9)


def test_array_gradient_refuses_a_df_of_another_shape():
    """df (3,) cannot come from a loss above f(x) of shape (2,)."""
    with pytest.raises(ValueError, match=r"df must have the shape of f\(x\), \(2,\); got \(3,\)"):
        eval_numerical_gradient_array(lambda x: x[:2], np.ones(3), np.ones(3))


def test_sparse_check_returns_what_it_prints(capsys):
    """As many errors as checks, each on a line as printed."""
    x = np.linspace(1, 2, 6).reshape(2, 3)
    errors = grad_check_sparse(cubes, x, 3 * x**2, num_checks=4, rng=np.random.default_rng(0))
    lines = capsys.readouterr().out.splitlines()
    assert len(errors) == len(lines) == 4
    assert [line.split()[-1] for line in lines] == [f"{error:.2e}" for error in errors]
    assert max(errors) < 1e-9


def test_sparse_check_draws_by_the_generator_it_is_given(capsys):
    """The same generator draws the same entries; another draws others."""
    x = np.linspace(1, 2, 100)
    draws = []
    for seed in (1, 1, 2):
        grad_check_sparse(cubes, x, 3 * x**2, rng=np.random.default_rng(seed))
        draws.append(capsys.readouterr().out)
    assert draws[0] == draws[1] != draws[2]


def test_a_gradient_wrong_by_a_thousandth_is_seen():
    """The check of the check: x 1.001 reads as 5e-4, where a right one reads below 1e-7."""
    x = np.linspace(1, 2, 6)
    assert max(grad_check_sparse(cubes, x, 3 * x**2 * 1.001)) == pytest.approx(5e-4, rel=1e-2)


def test_sparse_check_refuses_another_shape():
    """A transposed gradient is refused, not read at the wrong entries."""
    with pytest.raises(ValueError, match=r"analytic_grad must have the shape of x, \(2, 3\)"):
        grad_check_sparse(cubes, np.ones((2, 3)), np.ones((3, 2)))


def test_float32_reads_right():
    """The gradient of a float32 loss, right to six digits, reads as right: below 1e-2."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((50, 20)).astype(np.float32)
    W = rng.standard_normal((20, 10)).astype(np.float32)
    y = rng.integers(10, size=50)
    _, dW = softmax_loss_naive(W, X, y, 0.1)
    errors = grad_check_sparse(
        lambda W: softmax_loss_naive(W, X, y, 0.1)[0], W, dW, 40, rng=np.random.default_rng(0)
    )
    assert np.median(errors) < 2e-3
    assert max(errors) < 3e-2  # the smallest entries have the fewest digits


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 0.0, 0.0),
        ([0.0, 1.0], [0.0, 1.0], 0.0),
        (1.0, -1.0, 1.0),
        (1.0, 0.0, 1.0),
        ([1.0, 2.0], [1.0, 2.2], 0.2 / 4.2),
        (1e-9, 0.0, 0.1),
        ([], [], 0.0),
    ],
)
def test_rel_error_by_hand(x, y, expected):
    """|x - y| over |x| + |y|, or over 1e-8 where that is more; the largest of an array."""
    error = rel_error(x, y)
    assert type(error) is float
    assert error == pytest.approx(expected, rel=1e-12)


def test_rel_error_shows_nan():
    """A nan on either side is a nan, not a pass."""
    assert np.isnan(rel_error([1.0, np.nan], [1.0, 2.0]))


def held_against(row, seed):
    """The verdict on a row, or the exception raised, and its text."""
    try:
        check = gradient_check(row.f, row.x, row.gradient, np.random.default_rng(seed))
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)
    return check.ok, str(check)


SLOW = 10000  # entries: rows on images take seconds, and are left to `make proof`


@pytest.fixture(
    params=[
        pytest.param(row, id=row.name, marks=[pytest.mark.proof] * (row.x.size > SLOW))
        for row in ROWS
    ]
)
def row(request):
    return request.param


@pytest.mark.parametrize("seed", range(3))
def test_each_row_has_its_verdict_and_its_word(row, seed):
    """Right is right and wrong is wrong, whatever is drawn, and the text names the fault."""
    verdict, text = held_against(row, seed)
    assert verdict == row.ok, text
    assert row.word in text


@pytest.mark.proof
def test_each_row_has_its_verdict_for_200_seeds(row):
    """Verdicts do not hang on the draw. Of images, which take a second, five; of wrong, twenty."""
    for seed in range(5 if row.x.size > SLOW else 200 if row.ok is True else 20):
        verdict, text = held_against(row, seed)
        assert verdict == row.ok, f"seed {seed}: {text}"


def test_the_table_is_long_and_its_names_differ():
    """Forty rows at the least, and each can be told from the others."""
    assert len(ROWS) == len({row.name for row in ROWS}) >= 40


def test_the_check_leaves_x_and_the_gradient_alone(row):
    """Not a bit of either changes, also where f raises or writes into what it is given."""
    kept = row.x.copy(), np.array(row.gradient, copy=True)
    held_against(row, 0)
    np.testing.assert_array_equal(row.x, kept[0])
    np.testing.assert_array_equal(row.gradient, kept[1])


def test_each_call_gets_an_array_of_its_own_in_the_shape_and_dtype_of_x():
    """f may keep what it was given: no two calls share it."""
    x, given = np.ones((2, 3), np.float32), []

    def f(argument):
        given.append(argument)
        return np.sum(argument**2)

    assert gradient_check(f, x, 2 * x, np.random.default_rng(0)).ok
    assert {(type(a), a.shape, a.dtype) for a in given} == {(np.ndarray, x.shape, x.dtype)}
    assert not any(np.shares_memory(a, x) for a in given)
    assert len({id(a) for a in given}) == len(given)


def test_an_exception_passes_through_as_it_is():
    """The very object that f raised, at the first call or at a later one."""
    error, calls = ZeroDivisionError("late"), []

    def f(x):
        calls.append(x)
        if len(calls) == 30:
            raise error
        return np.sum(x**2)

    with pytest.raises(ZeroDivisionError) as caught:
        gradient_check(f, np.ones(3), 2 * np.ones(3))
    assert caught.value is error


def test_a_value_error_on_all_sides_passes_through():
    """Where no step is short enough, what f said is what is said."""

    def f(x):
        if np.any(x != 1):
            raise ValueError("only at one")
        return 0.0

    with pytest.raises(ValueError, match="only at one"):
        gradient_check(f, np.ones(3), np.ones(3))


def test_the_record_holds_what_it_says():
    """Entries by index, directions by None; worst and max_error are those of the worst entry."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    wrong = 3 * x**2 + np.array([[0, 0], [0.5, 0]])
    record = gradient_check(cubes, x, wrong, np.random.default_rng(0))
    entries = {check.index: check for check in record.checks if check.index is not None}
    assert not record.ok
    assert set(entries) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert entries[1, 0].numerical == pytest.approx(27, rel=1e-9)
    assert entries[1, 0].analytic == 27.5
    assert sum(check.index is None for check in record.checks) >= 5
    assert record.worst.excess == max(check.excess for check in record.checks)
    assert record.max_error == pytest.approx(record.worst.error / record.worst.size)
    assert "x[1, 0]" in str(record)
    with pytest.raises(AttributeError):
        record.ok = True


def test_the_same_generator_gives_the_same_record():
    """Directions are drawn from rng, and from nowhere else."""
    x = np.linspace(1, 2, 100)
    one, same, other = (
        gradient_check(cubes, x, 3 * x**2, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one.checks == same.checks
    assert one.checks != other.checks


@pytest.mark.parametrize(("dtype", "limit"), [(np.float64, 1e-9), (np.float32, 1e-3)])
def test_the_resolution_is_what_it_sees(dtype, limit):
    """A factor ten times beyond the resolution fails, one ten times below it passes."""
    x = np.linspace(1, 2, 6).astype(dtype)
    resolution = gradient_check(cubes, x, 3 * x.astype(float) ** 2, 0).resolution
    assert resolution < limit
    for beyond, ok in (10, False), (0.1, True):
        gradient = 3 * x.astype(float) ** 2 * (1 + beyond * resolution)
        assert gradient_check(cubes, x, gradient, 0).ok is ok


def test_one_wrong_entry_of_many_is_found_without_being_sampled():
    """Wherever it is, and named."""
    x = np.random.default_rng(0).standard_normal((60, 50))
    for index in (0, 0), (59, 49), (17, 31):
        wrong = 3 * x**2
        wrong[index] += 1e-4
        record = gradient_check(cubes, x, wrong, np.random.default_rng(1))
        assert f"One entry is wrong, x[{index[0]}, {index[1]}]" in str(record)


def test_the_check_does_without_the_exercise(monkeypatch):
    """The student's own eval_numerical_gradient is not what the check rests on."""
    monkeypatch.delattr("gradient_check.eval_numerical_gradient")
    x = np.linspace(1, 2, 6)
    assert gradient_check(cubes, x, 3 * x**2).ok
    np.testing.assert_allclose(
        eval_numerical_gradient_array(np.square, x, np.ones(6)), 2 * x, rtol=1e-8
    )
    assert max(grad_check_sparse(cubes, x, 3 * x**2)) < 1e-8


@pytest.mark.parametrize("loss", [softmax_loss_naive, svm_loss_naive])
def test_the_losses_of_this_project_are_right(loss):
    """As a student writes it: f gives the pair, and the record speaks in an assert."""
    rng = np.random.default_rng(3)
    X, W = rng.standard_normal((20, 5)), rng.standard_normal((5, 3))
    y = rng.integers(3, size=20)
    check = gradient_check(lambda W: loss(W, X, y, 0.1), W, rng=rng)
    assert check.ok, check


def test_a_verdict_is_true_or_false():
    """`assert gradient_check(...)` fails where the gradient is wrong."""
    x = np.ones(3)
    assert gradient_check(cubes, x, 3 * x**2)
    assert not gradient_check(cubes, x, 2 * x**2)


def test_one_number_is_one_entry():
    """A function of a single number is seen along one entry and no further direction."""
    text = str(gradient_check(lambda x: x**3, np.array(2.0), np.array(12.0)))
    assert "along 1 of 1 entries and 0 directions" in text
