"""Public answers about the softmax derivative: the right ones agree with ours to their printed
digits, the wrong ones are wrong in exactly the way stated. Each is written anew."""

import warnings

import numpy as np
import pytest

import layers
from classifiers import softmax_loss_naive
from gradient_check import eval_numerical_gradient, rel_error


@pytest.fixture
def z():
    return np.array([0.3, -1.2, 2.0, 0.7])


def test_two_scores():
    """softmax([1, 2]) = [0.26894142, 0.73105858]; its Jacobian is 0.19661193, signs + - - +."""
    y = layers.softmax([1, 2])
    np.testing.assert_allclose(y, [0.26894142, 0.73105858], atol=5e-9)
    expected = 0.19661193 * np.array([[1, -1], [-1, 1]])
    np.testing.assert_allclose(layers.softmax_jacobian(y), expected, atol=5e-9)


def test_three_lines_for_the_product(z):
    """dx = y dy; dx -= y sum(dx): right, and O(n)."""
    y, dy = layers.softmax(np.stack([z, 2 * z])), np.arange(8.0).reshape(2, 4)
    dx = y * dy
    total = dx.sum(axis=-1, keepdims=True)
    dx -= y * total
    np.testing.assert_allclose(layers.softmax_backward(dy, y), dx, atol=1e-15)


def test_three_ways_to_the_jacobian(z):
    """Two loops, diagflat minus outer, and a batched einsum: right, all three."""
    y = layers.softmax(z)
    loops = [[y[i] * (1 - y[i]) if i == j else -y[i] * y[j] for j in range(4)] for i in range(4)]
    column = y.reshape(-1, 1)
    outer = np.diagflat(y) - column @ column.T
    batch = np.stack([y, y[::-1]])
    einsum = np.einsum("bi,ij->bij", batch, np.eye(4)) - np.einsum("bi,bj->bij", batch, batch)
    np.testing.assert_allclose(layers.softmax_jacobian_naive(y), loops, atol=1e-15)
    np.testing.assert_allclose(layers.softmax_jacobian(y), outer, atol=1e-15)
    np.testing.assert_allclose(layers.softmax_jacobian(batch), einsum, atol=1e-15)


def test_the_derivative_said_to_be_off_by_one_per_cent(z):
    """1 / (2 + e/others + others/e) is exactly p (1 - p): the diagonal, and nothing else."""
    e = np.exp(z)
    others = e.sum() - e
    answer = 1 / (2 + e / others + others / e)
    p = layers.softmax(z)
    J = layers.softmax_jacobian(p)
    np.testing.assert_allclose(answer, p * (1 - p), rtol=1e-14)
    np.testing.assert_allclose(answer, np.diag(J), rtol=1e-14)
    dy = np.array([1.0, 2.0, -1.0, 0.5])
    assert rel_error(answer * dy, layers.softmax_backward(dy, p)) > 0.1


def loops_over_the_others(z):
    """-exp(x) / denom^2 times the sum of the others, the others being those of another value."""
    denominator = np.exp(z).sum()
    return np.array(
        [-np.exp(x) / denominator**2 * sum(np.exp(other) for other in z if other != x) for x in z]
    )


def test_loops_with_the_sign_wrong(z):
    """Exactly -p (1 - p): the diagonal with its sign turned; equal scores skip each other."""
    p = layers.softmax(z)
    np.testing.assert_allclose(loops_over_the_others(z), -p * (1 - p), rtol=1e-14)
    equal = np.array([1.0, 1.0, 0.0])
    p = layers.softmax(equal)
    answer = loops_over_the_others(equal)
    np.testing.assert_allclose(answer[:2], -p[:2] * p[2], rtol=1e-14)  # of 1 - p only p[2] is left
    np.testing.assert_allclose(answer[2], -p[2] * (1 - p[2]), rtol=1e-14)


def test_softmax_without_a_shift_overflows():
    """exp(x) / sum(exp(x)) is nan from a score of 710 up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        e = np.exp(np.array([710.0, 0.0]))
        assert np.isnan(e / e.sum()).any()
    np.testing.assert_allclose(layers.softmax([710.0, 0.0]), [1, 0], atol=1e-300)


def test_a_whole_batch_maximum_loses_rows():
    """A row 746 below the maximum of the batch becomes 0/0; one 744 below does not."""
    for below, lost in ((744.0, False), (746.0, True)):
        z = np.array([[0.0, -1.0], [-below, -below - 1]])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            e = np.exp(z - z.max())
            answer = e / e.sum(axis=1, keepdims=True)
        assert np.isnan(answer[1]).any() == lost
        np.testing.assert_allclose(layers.softmax(z)[1], layers.softmax([0.0, -1.0]), rtol=1e-12)


def test_the_loss_in_columns():
    """W (C, D), X (D, N), a half before reg, and a maximum for each example: right, our columns."""
    rng = np.random.default_rng(0)
    W, X, y, reg = (
        rng.standard_normal((3, 5)),
        rng.standard_normal((5, 7)),
        rng.integers(3, size=7),
        0.4,
    )
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(7):
        scores = W.dot(X[:, i])
        scores -= np.max(scores)
        p = np.exp(scores) / np.sum(np.exp(scores))
        loss += -np.log(p[y[i]])
        for j in range(3):
            dW[j, :] += (p[j] - (j == y[i])) * X[:, i]
    loss = loss / 7 + 0.5 * reg * np.sum(W * W)
    dW = dW / 7 + reg * W
    ours, our_dW = softmax_loss_naive(W, X, y, reg)
    assert ours == pytest.approx(loss, rel=1e-14)
    np.testing.assert_allclose(our_dW, dW, rtol=1e-12, atol=1e-15)


class ForwardBackward:
    """A softmax layer with other names, its backward(x, probs, err) column by column."""

    def forward(self, x):
        return np.exp(x - x.max(axis=1, keepdims=True)) / np.exp(
            x - x.max(axis=1, keepdims=True)
        ).sum(axis=1, keepdims=True)

    def backward(self, x, probs, err):
        result = np.zeros_like(x)
        for j in range(x.shape[1]):
            indicator = np.zeros(x.shape[1])
            indicator[j] = 1
            result[:, j] = np.sum(err * probs * (indicator - probs[:, [j]]), axis=1)
        return result


@pytest.mark.parametrize("loss", [layers.SquaredError(), layers.CrossEntropy()])
def test_forward_and_backward_by_other_names(loss):
    """backward(x, probs, err) is delta(x, dy): right, and so is delta over a cost's delta."""
    rng = np.random.default_rng(1)
    x, labels = rng.standard_normal((4, 3)), np.array([0, 2, 1, 2])
    theirs, ours = ForwardBackward(), layers.Softmax()
    probs = theirs.forward(x)
    np.testing.assert_allclose(probs, ours.compute(x), atol=1e-15)
    err = loss.delta(probs, labels)
    np.testing.assert_allclose(theirs.backward(x, probs, err), ours.delta(x, err), atol=1e-15)


def test_error_on_the_true_class_alone():
    """sum((p_y - 1)^2) / N by the chain rule, and cross-entropy, both by numerical check."""
    rng = np.random.default_rng(2)
    z, labels, rows = rng.standard_normal((5, 3)), np.array([0, 2, 1, 2, 2]), np.arange(5)

    def true_class(z):
        return np.sum((layers.softmax(z)[rows, labels] - 1) ** 2) / 5

    def cross_entropy(z):
        return layers.CrossEntropy().compute(layers.softmax(z), labels)

    P = layers.softmax(z)
    dP = np.zeros_like(P)
    dP[rows, labels] = 2 * (P[rows, labels] - 1) / 5
    for loss, dP_of_loss in (
        (true_class, dP),
        (cross_entropy, layers.CrossEntropy().delta(P, labels)),
    ):
        numerical = eval_numerical_gradient(loss, z)
        np.testing.assert_allclose(layers.softmax_backward(dP_of_loss, P), numerical, atol=1e-9)


def product_in_blocks_of_eight(dy, y, advance):
    """The O(n^2) product as eight lanes do it: for each i, blocks of eight j.

    The public text reads the incoming gradient of its first block in every block: without
    `advance` this does too.
    """
    dx = np.zeros_like(y)
    for i in range(len(y)):
        lanes = np.zeros(8, y.dtype)
        for start in range(0, len(y), 8):
            j = np.arange(start, start + 8)
            incoming = dy[j] if advance else dy[:8]
            lanes += y[i] * ((i == j) - y[j]).astype(y.dtype) * incoming
        dx[i] = lanes.sum()
    return dx


@pytest.mark.parametrize("n", [8, 16, 64])
def test_the_simd_loop_that_does_not_advance(n):
    """Right at 8 entries, to 1e-6; wrong by more than a tenth at 16 and 64; right once repaired."""
    rng = np.random.default_rng(n)
    y = layers.softmax(rng.standard_normal(n).astype(np.float32))
    dy = rng.standard_normal(n).astype(np.float32)
    right = layers.softmax_backward(dy, y)

    def error(answer):
        return np.linalg.norm(answer - right) / np.linalg.norm(right)

    public = error(product_in_blocks_of_eight(dy, y, advance=False))
    assert public < 1e-6 if n == 8 else public > 0.1
    assert error(product_in_blocks_of_eight(dy, y, advance=True)) < 1e-6
