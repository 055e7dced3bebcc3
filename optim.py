"""Update rules: how a weight matrix moves, given its gradient.

Every rule is a pure function `rule(w, dw, config=None) -> (w, config)`: it returns new weights
and a new config and leaves its arguments as they were.

w      : float array of any shape    the weights
dw     : array of w's shape          gradient of the loss with respect to w
config : dict or None                settings, and the state that the rule itself put there;
                                     give each call the config the one before returned

Each docstring names its settings with their defaults. `learning_rate` is a positive number.
Source: Stanford CS231n, https://cs231n.github.io/neural-networks-3/#update
"""

import numpy as np


def sgd(w, dw, config=None):
    """Stochastic gradient descent: a step against the gradient.

    learning_rate 1e-2.
    """
    config = {"learning_rate": 1e-2, **(config or {})}
    return w - config["learning_rate"] * dw, config


def sgd_momentum(w, dw, config=None):
    """Gradient descent with momentum: the velocity remembers past gradients and averages them.

    learning_rate 1e-2, momentum 0.9. State: velocity.
    """
    config = {
        "learning_rate": 1e-2,
        "momentum": 0.9,
        "velocity": np.zeros_like(w),
        **(config or {}),
    }
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + config["velocity"], config


def nesterov(w, dw, config=None):
    """Nesterov's momentum (1983): the gradient is taken where the velocity is about to lead.

    learning_rate 1e-2, momentum 0.9. State: velocity.

    In the form of the course's notes: `w` is the look-ahead point x + momentum * velocity, where
    dw was taken, and so is the w returned. It has the place of x as the velocity dies away.
    """
    config = {
        "learning_rate": 1e-2,
        "momentum": 0.9,
        "velocity": np.zeros_like(w),
        **(config or {}),
    }
    momentum, before = config["momentum"], config["velocity"]
    config["velocity"] = momentum * before - config["learning_rate"] * dw
    # Back from the look-ahead point, on by the new velocity, and ahead again.
    return w - momentum * before + (1 + momentum) * config["velocity"], config


def adagrad(w, dw, config=None):
    """Adagrad (Duchi et al., 2011): each weight's step is divided by all its gradients so far.

    learning_rate 1e-1 (higher than the others': what is left of it only ever shrinks), epsilon
    1e-8 (keeps 0/0 out). State: cache, the sum of their squares.
    """
    config = {
        "learning_rate": 1e-1,
        "epsilon": 1e-8,
        "cache": np.zeros_like(w),
        **(config or {}),
    }
    config["cache"] = config["cache"] + dw**2
    step = config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    return w - step, config


def rmsprop(w, dw, config=None):
    """RMSProp (Hinton, 2012): each weight's step is divided by its gradient's recent size.

    learning_rate 1e-2, decay_rate 0.99, epsilon 1e-8 (keeps 0/0 out). State: cache.
    """
    config = {
        "learning_rate": 1e-2,
        "decay_rate": 0.99,
        "epsilon": 1e-8,
        "cache": np.zeros_like(w),
        **(config or {}),
    }
    decay = config["decay_rate"]
    config["cache"] = decay * config["cache"] + (1 - decay) * dw**2
    step = config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    return w - step, config


def adam(w, dw, config=None):
    """Adam (Kingma and Ba, 2015): momentum and RMSProp, corrected for both starting at zero.

    learning_rate 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-8. State: m, v, t.
    """
    config = {
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "m": np.zeros_like(w),
        "v": np.zeros_like(w),
        "t": 0,
        **(config or {}),
    }
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    # At t = 1 the averages are still 0.1 dw and 0.001 dw^2: as they are, a step would be 3.2
    # times too long.
    m = config["m"] / (1 - beta1 ** config["t"])
    v = config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m / (np.sqrt(v) + config["epsilon"]), config
