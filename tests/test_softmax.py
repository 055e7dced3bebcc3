"""The softmax loss: laws that hold for every rung, and values worked out by hand."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize._numdiff import approx_derivative
from scipy.special import log_softmax

from classifiers import Softmax, softmax_loss_compiled, softmax_loss_naive, softmax_loss_vectorized

from .conftest import RUNGS

DTYPES = [np.float64, np.float32]
# Sums of a hundred terms lose about ten units of the last place.
CLOSE = {np.float64: 1e-13, np.float32: 1e-5}


def reference_loss(W, X, y, reg):
    """The loss in scipy's words, in float64."""
    W, X = W.astype(np.float64), X.astype(np.float64)
    log_P = log_softmax(X @ W, axis=1)
    return -np.mean(log_P[np.arange(len(y)), y]) + 0.5 * reg * np.sum(W * W)


def test_one_example_by_hand(rung):
    """Scores 1 and 2 have probabilities 0.26894142 and 0.73105858; the first class is right."""
    W, X, y = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[1.0, 3.0]]), np.array([0])
    loss, dW = rung(W, X, y, 0.0)
    assert loss == pytest.approx(1.3132616875182228, abs=1e-14)  # log(1 + e)
    expected = [
        [-0.7310585786300049, 0.7310585786300049],
        [-2.1931757358900147, 2.1931757358900147],
    ]
    np.testing.assert_allclose(dW, expected, rtol=1e-14)


def test_regularisation_by_hand(rung):
    """At reg 0.2, weights 1 and 2 add 0.5 * 0.2 * 5 to the loss and 0.2 * W to the gradient."""
    W, X, y = np.array([[1.0, 2.0]]), np.array([[0.0]]), np.array([1])
    loss, dW = rung(W, X, y, 0.2)
    assert loss == pytest.approx(np.log(2) + 0.5, abs=1e-14)
    np.testing.assert_allclose(dW, [[0.2, 0.4]], rtol=1e-14)


@pytest.mark.parametrize("C", [2, 3, 10])
def test_zero_weights_give_log_C(rung, C):
    """Where every class is as probable as any other, the loss is log C."""
    X = np.random.default_rng(0).standard_normal((6, 3))
    loss, _ = rung(np.zeros((3, C)), X, np.arange(6) % C, 1.0)
    assert loss == pytest.approx(np.log(C), abs=1e-14)


def test_a_constant_added_to_all_scores_moves_nothing(rung, batch):
    """Probabilities depend on differences of scores only."""
    W, X, y = batch
    shifted = W.copy()
    shifted[-1] += 300.0  # the weights of the column of ones
    loss, dW = rung(W, X, y, 0.0)
    loss_shifted, dW_shifted = rung(shifted, X, y, 0.0)
    assert loss_shifted == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(dW_shifted, dW, atol=1e-13)


def test_without_regularisation_each_row_of_dW_sums_to_zero(rung, batch):
    """What one class gains the others lose."""
    W, X, y = batch
    _, dW = rung(W, X, y, 0.0)
    assert np.abs(dW).max() > 0.1
    np.testing.assert_allclose(dW.sum(axis=1), 0, atol=1e-15)


def test_permuting_classes_permutes_columns(rung, batch):
    """No class is special."""
    W, X, y = batch
    order = np.array([2, 0, 3, 1])
    loss, dW = rung(W, X, y, 0.3)
    loss_permuted, dW_permuted = rung(W[:, order], X, np.argsort(order)[y], 0.3)
    assert loss_permuted == pytest.approx(loss, rel=1e-14)
    np.testing.assert_allclose(dW_permuted, dW[:, order], rtol=1e-12)


def test_the_loss_is_a_mean(rung, batch):
    """A batch written twice has the loss and the gradient it has once."""
    W, X, y = batch
    loss, dW = rung(W, X, y, 0.3)
    loss_twice, dW_twice = rung(W, np.vstack([X, X]), np.concatenate([y, y]), 0.3)
    assert loss_twice == pytest.approx(loss, rel=1e-14)
    np.testing.assert_allclose(dW_twice, dW, rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scores_a_thousand_apart_in_different_rows(rung, dtype):
    """Rows of scores near +1000 and near -1000 in one batch are each right by themselves."""
    W = np.array([[1.0, 0.0], [0.0, 1.0]], dtype)
    X = np.array([[1000.0, 999.0], [-1000.0, -1001.0], [1000.0, -1000.0]], dtype)
    loss, dW = rung(W, X, np.array([1, 0, 1]), 0.0)
    assert loss == pytest.approx((1.3132616875 + 0.3132616875 + 2000) / 3, rel=1e-6)
    p = 0.7310585786300049
    by_example = [p * X[0], (p - 1) * X[1], X[2]]  # column 0 of the gradient, times N
    round_off = 10 * np.finfo(dtype).eps * 1000  # terms near 1000 cancel
    np.testing.assert_allclose(dW[:, 0], np.sum(by_example, axis=0) / 3, atol=round_off)


@given(data=st.data())
def test_agrees_with_scipy(rung, data):
    """On any shape, dtype and layout, loss and gradient are scipy's within round-off."""
    N, D, C = (
        data.draw(st.integers(low, 9), label) for low, label in ((1, "N"), (1, "D"), (2, "C"))
    )
    dtype = data.draw(st.sampled_from(DTYPES))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    reg = data.draw(st.floats(0, 10))
    W = (data.draw(st.sampled_from([1e-3, 1, 30])) * rng.standard_normal((D, C))).astype(dtype)
    X, y = rng.standard_normal((N, D)).astype(dtype), rng.integers(C, size=N)
    expected = reference_loss(W, X, y, reg)

    loss, dW = rung(W, X, y, reg)
    assert loss == pytest.approx(expected, rel=10 * CLOSE[dtype], abs=10 * CLOSE[dtype])
    P = np.exp(log_softmax(X.astype(float) @ W.astype(float), axis=1))
    P[np.arange(N), y] -= 1
    expected_dW = X.T.astype(float) @ P / N + reg * W.astype(float)
    np.testing.assert_allclose(dW, expected_dW, rtol=1e-4, atol=100 * CLOSE[dtype] * (1 + reg))
    assert dW.dtype == dtype

    loss_columns, dW_columns = rung(W.T, X.T, y, reg)
    if not (N == D == C):  # there both layouts fit, and rows are meant
        assert loss_columns == loss
        np.testing.assert_array_equal(dW_columns, dW.T)


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_the_gradient_is_the_derivative_of_the_loss(rung, batch, reg):
    """scipy's three-point differences of scipy's loss give dW."""
    W, X, y = batch
    numerical = approx_derivative(
        lambda w: reference_loss(w.reshape(W.shape), X, y, reg), W.ravel(), method="3-point"
    )
    _, dW = rung(W, X, y, reg)
    np.testing.assert_allclose(dW.ravel(), numerical, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_are_a_float_and_an_array_like_W(rung, batch, dtype):
    """The loss is a Python float; dW has W's shape and dtype, also where reg is a numpy number."""
    W, X, y = batch
    loss, dW = rung(W.astype(dtype), X.astype(dtype), y, np.float64(0.1))
    assert type(loss) is float
    assert dW.shape == W.shape
    assert dW.dtype == dtype


def test_any_memory_order_will_do(rung, batch):
    """Fortran order, strides, read-only arrays and lists of labels give the same numbers."""
    W, X, y = batch
    loss, dW = rung(W, X, y, 0.3)
    every_other = np.zeros((22, 10))[::2, ::2]
    every_other[:] = X
    for other_X in (np.asfortranarray(X), every_other):
        other_X.setflags(write=False)
        other_loss, other_dW = rung(np.asfortranarray(W), other_X, y.tolist(), 0.3)
        assert other_loss == pytest.approx(loss, rel=1e-14)
        np.testing.assert_allclose(other_dW, dW, rtol=1e-12)


def test_arguments_are_left_as_they_were(rung, batch):
    """W, X and y are read, never written."""
    before = [array.copy() for array in batch]
    rung(*batch, 0.3)
    for array, copy in zip(batch, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_columns_give_columns(rung, batch):
    """W (C, D) with X (D, N) is the same problem, and dW is (C, D)."""
    W, X, y = batch
    loss, dW = rung(W, X, y, 0.3)
    loss_columns, dW_columns = rung(W.T, X.T, y, 0.3)
    assert loss_columns == loss
    np.testing.assert_array_equal(dW_columns, dW.T)


def test_where_both_layouts_fit_it_is_rows(rung):
    """With N = D = C nothing tells the layouts apart, and rows are meant."""
    rng = np.random.default_rng(3)
    W, X, y = rng.standard_normal((3, 3)), rng.standard_normal((3, 3)), np.array([0, 2, 1])
    assert rung(W, X, y, 0.1)[0] == pytest.approx(reference_loss(W, X, y, 0.1), rel=1e-13)


def test_which_rungs_run():
    """Loops and matrices are always there, and no two rungs are the same function."""
    assert RUNGS[:2] == [softmax_loss_naive, softmax_loss_vectorized]
    ladder = [*RUNGS[:2], softmax_loss_compiled]
    assert len({rung.__wrapped__.__code__ for rung in ladder}) == 3


def test_the_compiled_rung_runs():
    """Where the engine is, every law above was held to each of its sets of instructions."""
    engine = pytest.importorskip(
        "softmax_engine", reason="the package softmax_engine is not installed"
    )
    names = [f"softmax_loss_compiled_{name}" for name in engine.status().available]
    assert [rung.__name__ for rung in RUNGS[2:]] == names


def test_without_the_engine_the_compiled_rung_says_so(batch, monkeypatch):
    """The ImportError names the package and a rung that is there."""
    monkeypatch.setitem(sys.modules, "softmax_engine", None)
    message = r"must have the package softmax_engine; got no such package; try `make engine`, or "
    with pytest.raises(ImportError, match=message):
        softmax_loss_compiled(*batch, 0.1)


def test_a_broken_engine_does_not_look_like_none(batch, monkeypatch, tmp_path):
    """An engine whose own import fails says what it lacks."""
    (tmp_path / "softmax_engine.py").write_text("import a_library_that_is_not_here")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "softmax_engine", raising=False)
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_here"):
        softmax_loss_compiled(*batch, 0.1)


def test_the_classifier_takes_any_rung(rung, batch):
    """A rung is an argument of the classifier, and the one it then calls."""
    W, X, y = batch
    model = Softmax(rung)
    model.W = W
    assert model.loss_function is rung
    assert model.loss(X, y, 0.3)[0] == rung(W, X, y, 0.3)[0]
