"""Update rules: the first steps by hand, purity, and that they find a minimum."""

import numpy as np
import pytest

import optim

RULES = [
    *(optim.sgd, optim.sgd_momentum, optim.nesterov),
    *(optim.adagrad, optim.rmsprop, optim.adam),
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


def two_steps(rule, config):
    """w after one and after two steps from 1.0, the gradient being 2 and then 4."""
    w1, config = rule(np.array([1.0]), np.array([2.0]), config)
    w2, _ = rule(w1, np.array([4.0]), config)
    return w1[0], w2[0]


def test_sgd_by_hand():
    """At rate 0.1: 1 - 0.2 = 0.8, then 0.8 - 0.4 = 0.4."""
    assert two_steps(optim.sgd, {"learning_rate": 0.1}) == pytest.approx((0.8, 0.4))


def test_momentum_by_hand():
    """Velocity -0.2, then 0.5 * -0.2 - 0.4 = -0.5."""
    steps = two_steps(optim.sgd_momentum, {"learning_rate": 0.1, "momentum": 0.5})
    assert steps == pytest.approx((0.8, 0.3))


def test_nesterov_by_hand():
    """Velocities -0.2 and -0.5, as momentum's; w ends half of the last one ahead.

    w: 1 + 1.5 * -0.2 = 0.7, then back by 0.5 * -0.2 to 0.8, and 0.8 + 1.5 * -0.5 = 0.05.
    """
    steps = two_steps(optim.nesterov, {"learning_rate": 0.1, "momentum": 0.5})
    assert steps == pytest.approx((0.7, 0.05))


def test_nesterov_is_momentum_with_the_gradient_taken_ahead():
    """x follows the rule as Nesterov wrote it, and w is x + momentum * velocity all along."""
    rate, momentum, curvature = 0.1, 0.9, np.array([1.0, 3.0])
    x, velocity = np.array([1.0, -1.0]), np.zeros(2)
    w, config = x, {"learning_rate": rate, "momentum": momentum}
    for _ in range(5):
        velocity = momentum * velocity - rate * curvature * (x + momentum * velocity)
        x = x + velocity
        w, config = optim.nesterov(w, curvature * w, config)
        np.testing.assert_allclose(w, x + momentum * velocity, rtol=1e-12)  # round-off of 5 steps


def test_adagrad_by_hand():
    """The first step is the rate itself; then the cache is 4 + 16 = 20."""
    steps = two_steps(optim.adagrad, {"learning_rate": 0.1, "epsilon": 0})
    assert steps == pytest.approx((0.9, 0.9 - 0.4 / np.sqrt(20)))


def test_rmsprop_by_hand():
    """Cache 0.5 * 4 = 2, then 0.5 * 2 + 0.5 * 16 = 9."""
    steps = two_steps(optim.rmsprop, {"learning_rate": 0.1, "decay_rate": 0.5, "epsilon": 0})
    first = 1 - 0.1 * 2 / np.sqrt(2)
    assert steps == pytest.approx((first, first - 0.1 * 4 / 3))


def test_adam_by_hand():
    """The first step is the rate itself; the second has m = 5/1.5 and v = 9/0.75 by betas 1/2."""
    config = {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.5, "epsilon": 0}
    # m: 1, then 2.5, over 1 - 1/4; v: 2, then 9, over 1 - 1/4
    expected = 0.9, 0.9 - 0.1 * (2.5 / 0.75) / np.sqrt(9 / 0.75)
    assert two_steps(optim.adam, config) == pytest.approx(expected)


@each_rule
def test_a_rule_is_pure(rule):
    """Weights, gradient, config and the state inside it are left as they were."""
    w, dw = np.array([1.0, 2.0]), np.array([0.5, -0.5])
    empty = {}
    _, config = rule(w, dw, empty)
    assert empty == {}
    before = {name: np.copy(value) for name, value in config.items()}
    first = rule(w, dw, config)[0]
    second = rule(w, dw, config)[0]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(w, [1.0, 2.0])
    np.testing.assert_array_equal(dw, [0.5, -0.5])
    assert config.keys() == before.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(config[name], value)


@each_rule
def test_a_rule_keeps_float32(rule):
    """float32 weights stay float32, step after step."""
    w, config = np.ones((2, 3), np.float32), None
    for _ in range(3):
        w, config = rule(w, np.ones((2, 3), np.float32), config)
    assert w.dtype == np.float32
    assert w.shape == (2, 3)


@each_rule
def test_a_rule_finds_the_minimum(rule):
    """By its own defaults it comes within 0.02 of the middle of a bowl of curvatures 1 and 3."""
    curvature = np.array([1.0, 3.0])
    w, config = np.array([1.0, -1.0]), None
    for _ in range(3000):
        w, config = rule(w, curvature * w, config)
    assert np.abs(w).max() < 0.02
