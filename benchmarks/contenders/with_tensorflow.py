"""TensorFlow on the CPU, as a graph."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow as tf

from ..works import REG


def start(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def loss_of(W, X, y):
    """The loss, and its gradient by the tape."""
    with tf.GradientTape() as tape:
        tape.watch(W)
        rows = tf.nn.sparse_softmax_cross_entropy_with_logits(y, X @ W)
        loss = tf.reduce_mean(rows) + 0.5 * REG * tf.reduce_sum(W * W)
    return loss, tape.gradient(loss, W)


def of_batch(W, X, y, idx):
    return loss_of(W, tf.gather(X, idx), tf.gather(y, idx))


def formula(dy, p):
    return p * (dy - tf.reduce_sum(p * dy, -1, keepdims=True))


def prepare(contender, variant, case, arrays, threads):
    given = {name: tf.constant(array) for name, array in arrays.items()}
    work = {"vjp": formula, "batch": of_batch, "loss": loss_of}[case.kind]
    work = tf.function(work)
    if case.kind == "vjp":
        dy, p = given["dy"], given["p"]
        return lambda: work(dy, p).numpy(), lambda dz: (0.0, dz)
    W, X, y = given["W"], given["X"], given["y"]

    def call(*idx):
        loss, dW = work(W, X, y, *map(tf.constant, idx))
        return float(loss), dW.numpy()

    return call, tuple
