"""The softmax derivative, and every activation below every loss, against scipy and differences."""

import itertools

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import layers
from gradient_check import eval_numerical_gradient

ACTIVATIONS = [layers.Identity(), layers.Sigmoid(), layers.Tanh(), layers.ReLU(), layers.Softmax()]
PROBABILITIES = [layers.Sigmoid(), layers.Softmax()]  # values in (0, 1)
PAIRS = [
    *itertools.product(ACTIVATIONS, [layers.SquaredError()]),
    *itertools.product(PROBABILITIES, [layers.CrossEntropy()]),
]
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: type(a).__name__)
each_loss = pytest.mark.parametrize(
    "loss", [layers.SquaredError(), layers.CrossEntropy()], ids=lambda loss: type(loss).__name__
)


def pair_name(pair):
    return "-".join(type(part).__name__ for part in pair)


def numerical_jacobian(f, z):
    """The Jacobian of f at a vector, by central differences."""
    return np.array(
        [eval_numerical_gradient(lambda z, i=i: f(z)[i], z) for i in range(len(f(z)))]
    ).reshape(len(f(z)), len(z))


@given(data=st.data())
def test_softmax_and_log_softmax_are_scipys(data):
    """On any shape, axis and dtype, and scores of any size."""
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    z = (data.draw(st.sampled_from([1e-30, 1, 1000])) * rng.standard_normal(shape)).astype(dtype)
    rtol = 20 * np.finfo(dtype).eps
    for ours, scipys in (
        (layers.softmax, scipy.special.softmax),
        (layers.log_softmax, scipy.special.log_softmax),
    ):
        result = ours(z, axis=axis)
        assert result.dtype == dtype
        expected = scipys(z.astype(np.float64), axis=axis)
        np.testing.assert_allclose(result, expected, rtol=rtol, atol=1000 * rtol)
    np.testing.assert_allclose(layers.softmax(z, axis).sum(axis), 1, rtol=rtol)


@pytest.mark.parametrize("z", [None, ["a", "b"], np.array([1 + 1j])], ids=repr)
def test_what_is_no_number_is_refused(z):
    """None would become nan, and a complex score lose its half."""
    with pytest.raises(ValueError, match="an argument must be an array of real numbers; got "):
        layers.softmax(z)


def test_scores_a_thousand_apart():
    """Rows near +1000 and near -1000 are each right, and the logarithm keeps what underflows."""
    z = np.array([[1000.0, 999.0], [-1000.0, -1001.0], [0.0, 1000.0]])
    p = 0.7310585786300049
    np.testing.assert_allclose(layers.softmax(z), [[p, 1 - p], [p, 1 - p], [0, 1]], rtol=1e-12)
    assert layers.log_softmax(z)[2, 0] == -1000


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_integers_are_taken_as_floats(dtype):
    """1 - 2 is 255 in uint8; the softmax of [1, 2] is what it is."""
    y = layers.softmax(np.array([1, 2], dtype))
    np.testing.assert_allclose(y, [0.26894142, 0.73105858], atol=5e-9)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_jacobians_are_the_derivative(n):
    """Both forms are what central differences of scipy's softmax give."""
    z = np.random.default_rng(n).standard_normal(n)
    y = scipy.special.softmax(z)
    expected = numerical_jacobian(scipy.special.softmax, z)
    np.testing.assert_allclose(layers.softmax_jacobian_naive(y), expected, atol=1e-9)
    np.testing.assert_allclose(layers.softmax_jacobian(y), expected, atol=1e-9)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3), (0, 3), (2, 0, 3), (4, 1)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_batch_is_its_vectors(shape, dtype):
    """Jacobians of any batch are those of its vectors; the product is J^T dy, row by row."""
    rng = np.random.default_rng(0)
    y = scipy.special.softmax(rng.standard_normal(shape).astype(dtype), axis=-1)
    dy = rng.standard_normal(shape).astype(dtype)
    J, dz = layers.softmax_jacobian(y), layers.softmax_backward(dy, y)
    assert J.shape == (*shape, shape[-1])
    assert (J.dtype, dz.dtype, dz.shape) == (dtype, dtype, shape)
    rtol = 100 * np.finfo(dtype).eps
    for index in np.ndindex(shape[:-1]):
        np.testing.assert_allclose(J[index], layers.softmax_jacobian_naive(y[index]), atol=rtol)
        np.testing.assert_allclose(dz[index], J[index].T @ dy[index], atol=rtol)


def test_rows_of_the_jacobian_sum_to_zero():
    """Probabilities sum to 1 whatever the scores, so what one gains the others lose."""
    y = layers.softmax(np.random.default_rng(0).standard_normal((6, 4)))
    np.testing.assert_allclose(layers.softmax_jacobian(y).sum(axis=-1), 0, atol=1e-15)
    np.testing.assert_allclose(layers.softmax_backward(np.ones((6, 4)), y), 0, atol=1e-15)


def test_shapes_that_differ_are_refused():
    """dy of another shape than y, and a batch given to the naive form."""
    y = np.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match=r"dy must have the shape of y, \(2, 3\); got \(3,\); try"):
        layers.softmax_backward(np.ones(3), y)
    with pytest.raises(
        ValueError, match=r"y must have shape \(n,\), one vector; got \(2, 3\); try"
    ):
        layers.softmax_jacobian_naive(y)
    with pytest.raises(ValueError, match=r"y must have shape \(\.\.\., n\); got a single number"):
        layers.softmax_jacobian(1.0)
    for activation in ACTIVATIONS:
        with pytest.raises(ValueError, match=r"dy must have the shape of"):
            activation.delta(y, np.ones(3))


@pytest.mark.parametrize("pair", PAIRS, ids=pair_name)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("targets", ["labels", "rows"])
@pytest.mark.parametrize("C", [1, 4])
def test_every_activation_below_every_loss(pair, dtype, targets, C):
    """The gradient passed down is the derivative of the loss with respect to x."""
    activation, loss = pair
    rng = np.random.default_rng(3)
    x = rng.standard_normal((5, C))
    x[np.abs(x) < 0.1] = 0.5  # away from the kink of ReLU
    x = x.astype(dtype)
    target = rng.integers(C, size=5)
    if targets == "rows":
        target = scipy.special.softmax(rng.standard_normal((5, C)), axis=1)

    def value(x):
        return loss.compute(activation.compute(x.astype(np.float64)), target)

    y = activation.compute(x)
    dx = activation.delta(x, loss.delta(y, target))
    assert (y.dtype, dx.dtype) == (dtype, dtype)
    expected = eval_numerical_gradient(value, x.astype(np.float64))
    np.testing.assert_allclose(dx, expected, atol=1e-8 if dtype is np.float64 else 1e-6)


class LogCosh:
    """A loss a reader might write: sum of log(cosh(y - t)) over the batch."""

    def compute(self, y_pred, y_true):
        return float(np.sum(np.log(np.cosh(y_pred - y_true))))

    def delta(self, y_pred, y_true):
        return np.tanh(y_pred - y_true)


@each_activation
def test_a_loss_of_the_readers_own(activation):
    """Anything with compute and delta goes above any activation."""
    rng = np.random.default_rng(1)
    x, target, loss = rng.standard_normal((4, 3)), rng.standard_normal((4, 3)), LogCosh()
    dx = activation.delta(x, loss.delta(activation.compute(x), target))
    expected = eval_numerical_gradient(lambda x: loss.compute(activation.compute(x), target), x)
    np.testing.assert_allclose(dx, expected, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 30.0, 700.0, 1e300])
@each_activation
def test_large_and_tiny_inputs(activation, scale):
    """Nothing overflows, and derivatives of saturated units are small, not nan."""
    x = scale * np.array([[1.0, -1.0, 0.5], [-0.5, 0.25, 1.0]])
    with np.errstate(over="raise", invalid="raise"):
        y = activation.compute(x)
        dx = activation.delta(x, np.ones((2, 3)))
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_a_saturated_derivative_keeps_its_digits():
    """At 40 the sigmoid's derivative is e^-40, where y (1 - y) would be 0; so for tanh at 20."""
    one = np.ones((1, 1))
    assert layers.Sigmoid().delta(40 * one, one)[0, 0] == pytest.approx(
        np.exp(-40), rel=1e-12, abs=0
    )
    assert layers.Tanh().delta(20 * one, one)[0, 0] == pytest.approx(
        4 * np.exp(-40), rel=1e-12, abs=0
    )


@each_activation
def test_any_memory_order_and_no_writing(activation):
    """Strided and read-only arrays give the same numbers, and results are arrays of their own."""
    rng = np.random.default_rng(2)
    x, dy = rng.standard_normal((4, 6)), rng.standard_normal((4, 6))
    strided = np.asfortranarray(np.repeat(x, 2, axis=0))[::2]
    strided.setflags(write=False)
    np.testing.assert_array_equal(activation.compute(strided), activation.compute(x))
    np.testing.assert_array_equal(activation.delta(strided, dy), activation.delta(x, dy))
    for result in (activation.compute(x), activation.delta(x, dy)):
        assert not np.shares_memory(result, x)
        assert not np.shares_memory(result, dy)


@each_activation
def test_an_empty_batch_through_an_activation_is_empty(activation):
    """No examples in, no examples out."""
    empty = np.zeros((0, 3))
    assert activation.compute(empty).shape == (0, 3)
    assert activation.delta(empty, empty).shape == (0, 3)


@each_loss
@pytest.mark.parametrize(
    ("y_pred", "y_true", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), "y_pred must have shape (N, C), at least one example"),
        (np.full(3, 0.5), np.zeros(3, int), "y_pred must have shape (N, C), at least one example"),
        (np.full((2, 3), 0.5), np.array([0, 3]), "y_true must lie in [0, 3); got 0 to 3"),
        (np.full((2, 3), 0.5), np.array([0.0, 1.0]), "y_true must be integers where it holds"),
        (np.full((2, 3), 0.5), np.zeros(5, int), "y_true must have shape (2,) or (2, 3); got (5,)"),
        (
            np.full((2, 3), 0.5),
            np.zeros((3, 2)),
            "y_true must have shape (2,) or (2, 3); got (3, 2)",
        ),
    ],
)
def test_a_loss_refuses_what_does_not_fit(loss, y_pred, y_true, message):
    """A loss of nothing is no number; labels must be classes; targets must fit."""
    for method in (loss.compute, loss.delta):
        with pytest.raises(ValueError) as error:
            method(y_pred, y_true)
        assert str(error.value).startswith(message)


def test_cross_entropy_refuses_a_zero_only_where_it_counts():
    """log 0 is refused where the target is positive, and not asked for where it is 0."""
    y = np.array([[1.0, 0.0], [0.5, 0.5]])
    loss = layers.CrossEntropy()
    assert loss.compute(y, np.array([0, 1])) == pytest.approx(np.log(2) / 2)
    np.testing.assert_array_equal(loss.delta(y, np.array([0, 1])), [[-0.5, 0], [0, -1]])
    for method in (loss.compute, loss.delta):
        with pytest.raises(
            ValueError, match=r"y_pred must be above .*; got 0.0 in row 0, column 1"
        ):
            method(y, np.array([1, 1]))
    with pytest.raises(ValueError, match=r"y_true must be >= 0; got nan"):
        loss.compute(y, np.array([[np.nan, 1.0], [0.5, 0.5]]))
    with pytest.raises(ValueError, match=r"y_pred must be above .*; got 1e-308 in row 0"):
        loss.delta(np.array([[1e-308, 1.0]]), np.array([[10.0, 0.0]]))  # 10 / y overflows
    # Each entry by its own target: 10 / 1 and 1 / 1e-308 are both numbers.
    dy = loss.delta(np.array([[1.0, 1e-308]]), np.array([[10.0, 1.0]]))
    np.testing.assert_allclose(dy, [[-10, -1e308]], rtol=1e-12)
    with pytest.raises(ValueError, match=r"y_true must be >= 0; got -0.5"):
        loss.compute(y, np.array([[1.5, -0.5], [0.5, 0.5]]))


def test_losses_by_hand():
    """Two examples: (0.3^2 + 0.3^2 + 0.6^2 + 0.6^2) / 2 and -(log 0.7 + log 0.4) / 2."""
    y, labels = np.array([[0.7, 0.3], [0.6, 0.4]]), np.array([0, 1])
    assert layers.SquaredError().compute(y, labels) == pytest.approx(0.45)
    assert layers.CrossEntropy().compute(y, labels) == pytest.approx(-np.log(0.28) / 2)
    assert type(layers.SquaredError().compute(y, labels)) is float


def test_softmax_under_cross_entropy_is_p_minus_the_indicator():
    """The two derivatives collapse to (P - Y) / N."""
    rng = np.random.default_rng(4)
    z, labels = rng.standard_normal((6, 3)), rng.integers(3, size=6)
    P, loss = layers.Softmax().compute(z), layers.CrossEntropy()
    dz = layers.Softmax().delta(z, loss.delta(P, labels))
    np.testing.assert_allclose(dz, (P - np.eye(3)[labels]) / 6, atol=1e-15)


def by_tensorflow(Z):
    tf = pytest.importorskip("tensorflow")
    z = tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = tf.nn.softmax(z)
    return tape.batch_jacobian(y, z).numpy()


def by_jax(Z):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        return np.asarray(jax.vmap(jax.jacobian(jax.nn.softmax))(jax.numpy.asarray(Z)))


def by_torch(Z):
    torch = pytest.importorskip("torch")
    from torch.func import jacrev, vmap

    return vmap(jacrev(lambda z: torch.softmax(z, dim=-1)))(torch.tensor(Z)).numpy()


@pytest.mark.proof
@pytest.mark.parametrize("automatic", [by_tensorflow, by_jax, by_torch], ids=lambda f: f.__name__)
def test_batch_jacobians_agree_with_automatic_differentiation(automatic):
    """Whichever library is here says the same to the last digits."""
    Z = np.random.default_rng(5).standard_normal((7, 6))
    expected = automatic(Z)
    assert expected.dtype == np.float64
    np.testing.assert_allclose(layers.softmax_jacobian(layers.softmax(Z)), expected, atol=1e-14)
