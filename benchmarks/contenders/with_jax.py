"""JAX on the CPU, through jit. Its threads are as many as the process may use cores."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp

from ..works import REG


def start(threads):
    jax.config.update("jax_enable_x64", True)


def loss_of(W, X, y):
    log_p = jax.nn.log_softmax(X @ W)
    picked = jnp.take_along_axis(log_p, y[:, None], axis=1)
    return -jnp.mean(picked) + 0.5 * REG * jnp.sum(W * W)


def transposed(V, X, y):
    """The formula on weights (C, D)."""
    log_p = jax.nn.log_softmax(X @ V.T)
    loss = -jnp.mean(jnp.take_along_axis(log_p, y[:, None], axis=1))
    P = jnp.exp(log_p) - jax.nn.one_hot(y, V.shape[0], dtype=X.dtype)
    return loss + 0.5 * REG * jnp.sum(V * V), P.T @ X / len(y) + REG * V


def formula(dy, p):
    return p * (dy - (p * dy).sum(-1, keepdims=True))


def prepare(contender, variant, case, arrays, threads):
    given = {name: jnp.array(array) for name, array in arrays.items()}
    if case.kind == "vjp":
        return ready(jax.jit(formula), given["dy"], given["p"]), lambda dz: (
            0.0,
            jax.device_get(dz),
        )
    work = transposed if variant == "transposed" else jax.value_and_grad(loss_of)
    W = given["W"].T.copy() if variant == "transposed" else given["W"]
    if case.kind == "batch":
        call = ready(
            jax.jit(lambda W, X, y, idx: work(W, X[idx], y[idx])), W, given["X"], given["y"]
        )
    else:
        call = ready(jax.jit(work), W, given["X"], given["y"])

    def plain(result):
        loss, dW = jax.device_get(result)
        return float(loss), dW.T if variant == "transposed" else dW

    return call, plain


def ready(work, *arguments):
    """A call that waits for the result: jit returns before it is there."""

    def call(*more):
        return jax.block_until_ready(work(*arguments, *more))

    return call
