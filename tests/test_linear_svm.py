"""The hinge loss: laws and hand values on both rungs, and its kinks."""

import numpy as np
import pytest

from classifiers import LinearSVM, svm_loss_naive, svm_loss_vectorized
from gradient_check import eval_numerical_gradient

each_rung = pytest.mark.parametrize("rung", [svm_loss_naive, svm_loss_vectorized])


@each_rung
def test_one_example_by_hand(rung):
    """Scores 3, 2.5, -1, the second right: 3 - 2.5 + 1 counts, -1 - 2.5 + 1 does not."""
    W, X = np.array([[3.0, 2.5, -1.0]]), np.array([[1.0]])
    loss, dW = rung(W, X, np.array([1]), 0.0)
    assert loss == pytest.approx(1.5)
    np.testing.assert_array_equal(dW, [[1, -1, 0]])
    loss, dW = rung(W, X, np.array([1]), 0.2)
    assert loss == pytest.approx(1.5 + 0.1 * (9 + 6.25 + 1))
    np.testing.assert_allclose(dW, [[1.6, -0.5, -0.2]])


@each_rung
@pytest.mark.parametrize("C", [2, 5])
def test_zero_weights_give_the_number_of_wrong_classes(rung, C):
    """Every wrong class is exactly the margin short."""
    X = np.random.default_rng(0).standard_normal((6, 3))
    assert rung(np.zeros((3, C)), X, np.arange(6) % C, 1.0)[0] == pytest.approx(C - 1)


@each_rung
def test_a_lead_beyond_the_margin_costs_nothing(rung):
    """Where the right class leads by more than 1, loss and gradient are 0."""
    W = np.array([[2.0, 0.5]])
    loss, dW = rung(W, np.array([[1.0], [3.0]]), np.array([0, 0]), 0.0)
    assert loss == 0
    np.testing.assert_array_equal(dW, 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_rungs_agree(dtype):
    """On random batches, in both layouts, with the dtype of W."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        N, D, C = rng.integers(1, 9), rng.integers(1, 9), rng.integers(2, 6)
        W, X = (rng.standard_normal(shape).astype(dtype) for shape in ((D, C), (N, D)))
        y, tolerance = rng.integers(C, size=N), 100 * float(np.finfo(dtype).eps)
        loss, dW = svm_loss_naive(W, X, y, 0.3)
        assert dW.dtype == dtype
        for arguments, turn in (((W, X), False), ((W.T, X.T), not (N == D == C))):
            other_loss, other_dW = svm_loss_vectorized(*arguments, y, 0.3)
            if turn or arguments[0] is W:
                assert other_loss == pytest.approx(loss, rel=tolerance, abs=tolerance)
                np.testing.assert_allclose(other_dW.T if turn else other_dW, dW, atol=tolerance)


@each_rung
@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_the_gradient_is_the_derivative_away_from_kinks(rung, batch, reg):
    """No margin of this batch lies within a step of 0, and central differences give dW."""
    W, X, y = batch
    S = X @ W
    margins = S - S[np.arange(11), y][:, None] + 1
    margins[np.arange(11), y] = 1
    assert np.abs(margins).min() > 1e-3
    numerical = eval_numerical_gradient(lambda W: rung(W, X, y, reg)[0], W)
    np.testing.assert_allclose(rung(W, X, y, reg)[1], numerical, atol=1e-9)


@each_rung
def test_at_a_kink_a_numerical_gradient_is_between_the_sides(rung):
    """A margin of exactly 0: the slope is 0 on one side and 1 on the other, the difference 1/2."""
    W, X, y = np.array([[0.0, 1.0]]), np.array([[1.0]]), np.array([1])
    numerical = eval_numerical_gradient(lambda W: rung(W, X, y, 0.0)[0], W)
    np.testing.assert_allclose(numerical, [[0.5, -0.5]], atol=1e-9)
    np.testing.assert_array_equal(rung(W, X, y, 0.0)[1], 0)


@each_rung
def test_the_door_is_the_same(rung, batch):
    """A label out of range is refused as by the softmax loss."""
    W, X, y = batch
    with pytest.raises(ValueError, match=r"y must lie in \[0, 4\), one index for each class of W"):
        rung(W, X, y + 1, 0.1)


def test_the_classifier_learns():
    """Three clouds are told apart by SGD and by L-BFGS."""
    rng = np.random.default_rng(1)
    y = rng.integers(3, size=300)
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    X = np.hstack([centres[y] + rng.standard_normal((300, 2)), np.ones((300, 1))])
    for rung in (None, svm_loss_naive):
        model = LinearSVM(rung)
        model.train(X, y, learning_rate=0.05, num_iters=100, rng=np.random.default_rng(0))
        assert model.accuracy(X, y) > 0.85
