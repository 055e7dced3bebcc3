"""The teacher's ring: verdicts on right and wrong solutions, and the release of the copy."""

import ast
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax

import layers
from classifiers import softmax_loss_naive, softmax_loss_vectorized, svm_loss_vectorized
from classifiers.door import door
from grading.check import check, is_optional, judge, read_exercises
from grading.points import CASES, has_gaps, numerical_gradient
from grading.release import BEGIN, END, NAME, cut, cut_notebook, release, students_makefile

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = read_exercises()
NAMES = [exercise["function"] for exercise in EXERCISES]
FILES = sorted({exercise["file"] for exercise in EXERCISES})
SOFTMAX = "classifiers/softmax.py"
EXERCISE = "softmax_loss_vectorized"
HINGE = "svm_loss_vectorized"
NAIVE, JACOBIAN, BACKWARD = "softmax_jacobian_naive", "softmax_jacobian", "softmax_backward"
NOT_SOURCE = (".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "outputs", "release")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A release of this folder."""
    return release(tmp_path_factory.mktemp("released"))


@pytest.fixture
def copy(released, tmp_path):
    """A student's fresh copy, to work in."""
    return Path(shutil.copytree(released.folder, tmp_path / NAME))


@pytest.fixture
def source(tmp_path):
    """A copy of the source, to be spoiled."""
    ignored = shutil.ignore_patterns(*NOT_SOURCE, "cifar-10-batches-py", "build", "tests")
    return Path(shutil.copytree(ROOT, tmp_path / "source", ignore=ignored))


def run_check(folder, *exercises):
    command = [sys.executable, "-B", "-m", "grading.check", *exercises]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def states(run):
    """The state of each exercise by name, in the order of the report."""
    lines = [line.split() for line in run.stdout.splitlines() if line.split()[:1][0] in NAMES]
    return {line[0]: line[1] for line in lines}


def solve(folder, *files):
    """Paste the solutions back into these files, or into all."""
    for file in files or FILES:
        shutil.copy(ROOT / file, folder / file)


# The verdict on wrong solutions: each with what its report must name. The bodies lean on a
# right softmax, so that each is wrong in the one way its name says.


def parts(W, X, y):
    P, Y = softmax(X @ W, axis=1), np.eye(W.shape[1], dtype=W.dtype)[y]
    log_p = np.log(np.sum(P * Y, axis=1))
    return len(X), P, Y, log_p


def no_regularisation_in_dW(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) / N


def no_regularisation_at_all(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean(), X.T @ (P - Y) / N


def regularisation_doubled(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg * np.sum(W**2), X.T @ (P - Y) / N + 2 * reg * W


def dW_not_averaged(W, X, y, reg):
    _, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) + reg * W


def nothing_averaged(W, X, y, reg):
    _, P, Y, log_p = parts(W, X, y)
    return -log_p.sum() + reg / 2 * np.sum(W**2), X.T @ (P - Y) + reg * W


def sign(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (Y - P) / N + reg * W


def no_indicator(W, X, y, reg):
    N, P, _, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ P / N + reg * W


def last_example_only(W, X, y, reg):
    _, P, Y, log_p = parts(W, X, y)
    dW = np.outer(X[-1], P[-1] - Y[-1])
    return -log_p.mean() + reg / 2 * np.sum(W**2), dW + reg * W


def classes_counted_from_y(W, X, y, reg):
    N, P, _, log_p = parts(W, X, y)
    Y = np.eye(y.max() + 1)[y]
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) / N + reg * W


def no_max_shift(W, X, y, reg):
    N, _, Y, _ = parts(W, X, y)
    P = np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True)
    loss = -np.log(np.sum(P * Y, axis=1)).mean() + reg / 2 * np.sum(W**2)
    return loss, X.T @ (P - Y) / N + reg * W


def whole_batch_max(W, X, y, reg):
    N, _, Y, _ = parts(W, X, y)
    P = np.exp(X @ W - np.max(X @ W))
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.log(np.sum(P * Y, axis=1)).mean() + reg / 2 * np.sum(W**2)
    return loss, X.T @ (P - Y) / N + reg * W


def logarithm_of_underflow(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) / N + reg * W


def infinite(W, X, y, reg):
    return np.inf, W


def epsilon_in_log(W, X, y, reg):
    N, P, Y, _ = parts(W, X, y)
    loss = -np.log(np.sum(P * Y, axis=1) + 1e-12).mean() + reg / 2 * np.sum(W**2)
    return loss, X.T @ (P - Y) / N + reg * W


def dW_one_part_in_a_thousand_off(W, X, y, reg):
    loss, dW = softmax_loss_vectorized(W, X, y, reg)
    return loss, 1.001 * dW


def transposed(W, X, y, reg):
    loss, dW = softmax_loss_vectorized(W, X, y, reg)
    return loss, dW.T


def no_mean_of_the_losses(W, X, y, reg):
    return -parts(W, X, y)[3], W


def one_result(W, X, y, reg):
    return 0.0


def raises(W, X, y, reg):
    return X[len(X)]


def leaves(W, X, y, reg):
    sys.exit("no time")


def writes_into_X(W, X, y, reg):
    result = softmax_loss_vectorized(W, X, y, reg)
    X /= len(X)
    return result


WRONG = [
    (no_regularisation_in_dW, "test point 2, reg = 0.3:", "dW: 20 of 20 entries differ"),
    (no_regularisation_at_all, "test point 2, reg = 0.3:", "loss: yours 2.05704, expected 4.39"),
    (regularisation_doubled, "test point 2, reg = 0.3:", "dW: 20 of 20 entries differ"),
    (dW_not_averaged, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (nothing_averaged, "test point 1, reg = 0:", "loss: yours 14.39928, expected 2.05704"),
    (sign, "test point 1, reg = 0:", "most dW[3, 0]: yours 0.56836864, expected -0.56836864"),
    (no_indicator, "test point 1, reg = 0:", "dW: 15 of 20 entries differ"),
    (last_example_only, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (classes_counted_from_y, "test point 1, reg = 0:", "ValueError: operands could not be"),
    (no_max_shift, "test point 7, rows of scores near +1000", "loss: yours nan"),
    (whole_batch_max, "test point 7, rows of scores near +1000", "loss: yours nan"),
    (logarithm_of_underflow, "test point 9, scores 1000 apart", "loss: yours inf"),
    (infinite, "test point 1, reg = 0:", "loss: yours inf, expected 2.05704"),
    (epsilon_in_log, "test point 9, scores 1000 apart", "expected 998.94924"),
    (dW_one_part_in_a_thousand_off, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (
        transposed,
        "test point 1, reg = 0:",
        "ValueError: dW must have the shape of W, (5, 4)",
    ),
    (no_mean_of_the_losses, "test point 1, reg = 0:", "ValueError: loss must be one number"),
    (one_result, "test point 1, reg = 0:", "ValueError: the result must be the pair (loss, dW)"),
    (raises, "IndexError: index 7 is out of bounds", "line {line}: return X[len(X)]"),
    (writes_into_X, "test point 1, reg = 0:", "X must be left as it was"),
    (leaves, "SystemExit: no time", 'line {line}: sys.exit("no time")'),
]


@pytest.mark.parametrize("body, point, comparison", WRONG, ids=lambda value: str(value)[:40])
def test_wrong(body, point, comparison):
    """Each common wrong version is wrong, and the comparison that failed is named."""
    verdict = judge(door(body), EXERCISE)
    assert verdict.state == "wrong"
    report = str(verdict)
    assert point in report
    assert comparison.format(line=body.__code__.co_firstlineno + 1) in report
    assert len(report.splitlines()) <= 14


def test_wrong_without_the_door():
    """Results of a wrong kind or shape are named where no door has looked at them."""
    for result, words in [
        (1.0, "it must return loss, dW; it returned float"),
        ((1.0, np.zeros(4)), "dW must have shape (5, 4); yours has (4,)"),
        (([1.0], np.zeros((5, 4))), "loss must have shape (); yours has (1,)"),
        (("a", np.zeros((5, 4))), "loss must be of numbers; yours is a str"),
    ]:
        assert words in str(judge(lambda *arguments, result=result: result, EXERCISE))


# The verdict on right solutions, differently written.


def einsum(W, X, y, reg):
    N, C = len(X), W.shape[1]
    S = np.einsum("nd,dc->nc", X, W)
    L = S - logsumexp(S, axis=1, keepdims=True)
    Y = np.eye(C, dtype=W.dtype)[y]
    dW = np.einsum("nd,nc->dc", X, np.exp(L) - Y) / N
    return -np.einsum("nc,nc->", L, Y) / N + reg / 2 * np.einsum("dc,dc", W, W), dW + reg * W


def float64_inside(W, X, y, reg):
    W64, X64 = W.astype(np.float64), X.astype(np.float64)
    L = X64 @ W64
    L = L - np.logaddexp.reduce(L, axis=1)[:, np.newaxis]
    G = np.exp(L)
    np.subtract.at(G, (range(len(y)), y), 1.0)
    return L[range(len(y)), y].mean() * -1 + reg * np.vdot(W64, W64) / 2, (
        (X64.T.dot(G) / len(y) + reg * W64).astype(W.dtype)
    )


def loops_over_everything(W, X, y, reg):
    (D, C), N = W.shape, len(X)
    loss, dW = 0.0, np.zeros((D, C))  # float64, whatever W is
    for i in range(N):
        s = [sum(X[i, d] * W[d, c] for d in range(D)) for c in range(C)]
        total = sum(np.exp(s_c - max(s)) for s_c in s)
        loss += (np.log(total) + max(s) - s[y[i]]) / N
        for c in range(C):
            p = np.exp(s[c] - max(s)) / total
            for d in range(D):
                dW[d, c] += (p - (c == y[i])) * X[i, d] / N
    return loss + 0.5 * reg * float((W**2).sum()), dW + reg * W


def classes_in_rows(W, X, y, reg):
    S = W.T @ X.T
    S = S - S[y, np.arange(len(y))]  # every score against the right one: the loss is its softplus
    top = np.maximum(S.max(axis=0), 0)
    lse = top + np.log(np.exp(S - top).sum(axis=0))
    G = np.exp(S - lse)
    G[y, np.arange(len(y))] -= 1
    return np.mean(lse) + 0.5 * reg * np.linalg.norm(W) ** 2, (G @ X).T / len(y) + reg * W


def prints_and_warns(W, X, y, reg):
    print("loss" * 100, file=sys.stderr)
    print("here")
    warnings.warn("careful", stacklevel=1)
    return softmax_loss_vectorized(W, X, y, reg)


RIGHT = [
    softmax_loss_naive,
    softmax_loss_vectorized,
    einsum,
    float64_inside,
    loops_over_everything,
    classes_in_rows,
    prints_and_warns,
]


@pytest.mark.parametrize("body", RIGHT, ids=lambda body: body.__name__)
def test_right(body, capfd):
    """A right solution is right at every test point, however written, and in silence."""
    verdict = judge(body if hasattr(body, "__wrapped__") else door(body), "softmax_loss_naive")
    line = "softmax_loss_naive        right        ✓✓✓✓✓✓✓✓✓  9 of 9 test points"
    assert str(verdict).splitlines()[0] == line
    assert verdict.diagnosis.remarks == ("wrong-dtype",) * (body is loops_over_everything)
    assert capfd.readouterr() == ("", "")


# The same of the derivative of softmax and of the hinge loss.


def whole_max(z, axis=-1):
    e = np.exp(z - z.max())
    return e / e.sum(axis=axis, keepdims=True)


def max_of_all_but_by_rows(z, axis=-1):
    e = np.exp(z - z.max(axis=-1 if axis == -1 else None, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def max_of_the_rows_always(z, axis=-1):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def shifts_in_place(z, axis=-1):
    z -= z.max(axis=axis, keepdims=True)
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def log_without_shift(z, axis=-1):
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def alike_by_value(y):
    return np.array([[y_i * ((y_i == y_j) - y_j) for y_j in y] for y_i in y])


def by_division(y):
    return y[:, None] * y / y * (np.eye(len(y)) - y)


def alike_by_value_batched(y):
    return y[..., None] * ((y[..., None] == y[..., None, :]) - y[..., None, :])


def as_if_without_gaps(y):
    y = np.lib.stride_tricks.as_strided(y, strides=np.empty_like(y, order="C").strides)
    return y[..., None] * (np.eye(y.shape[-1]) - y[..., None, :])


def in_place(dy, y):
    dy *= y
    return dy - y * dy.sum(axis=-1, keepdims=True)


def diag(y):
    return y[..., None] * np.eye(y.shape[-1], dtype=y.dtype)


def outer(y):
    return y[..., None] * y[..., None, :]


def total(a, axis=-1):
    return np.sum(a, axis=axis, keepdims=True)


# exercise, what is wrong, the function, and what its report must name
# fmt: off
WRONG_LAYERS = [
    ("softmax", "no shift", lambda z, axis=-1: np.exp(z) / total(np.exp(z), axis),
     "test point 5, rows of scores near +1000",
     "y: 8 of 12 entries differ, most y[0, 0]: yours nan"),
    ("softmax", "whole-batch max", whole_max,
     "test point 5, rows of scores near +1000",
     "y: 8 of 12 entries differ, most y[1, 0]: yours nan"),
    ("softmax", "one sum for all", lambda z, axis=-1: np.exp(z) / np.exp(z).sum(),
     "test point 2, z (2, 3, 4):", "y: 24 of 24 entries differ"),
    ("softmax", "axis ignored", lambda z, axis=-1: softmax(z, axis=-1),
     "test point 3, z (3, 4), axis = 0:", "y: 12 of 12 entries differ"),
    ("softmax", "first axis for any", lambda z, axis=-1: softmax(z, axis=-1 if axis == -1 else 0),
     "test point 4, z (2, 3, 4), axis = 1:", "y: 24 of 24 entries differ"),
    ("softmax", "max of the rows always", max_of_the_rows_always,
     "test point 3, z (3, 4), axis = 0:", "y: 12 of 12 entries differ"),
    ("softmax", "max of all, but by rows", max_of_all_but_by_rows,
     "test point 6, columns of such scores, axis = 0:", "y[0, 1]: yours nan"),
    ("softmax", "in place", shifts_in_place,
     "test point 1, one vector", "z must be left as it was"),
    ("softmax", "no keepdims", lambda z, axis=-1: np.exp(z) / np.exp(z).sum(axis=axis),
     "test point 2, z (2, 3, 4):", "ValueError: operands could not be broadcast"),
    ("softmax", "no axis", lambda z: softmax(z, axis=-1), "test point 3,", "TypeError: "),
    ("softmax", "a pair", lambda z, axis=-1: (softmax(z, axis), 1),
     "test point 1,", "it must return y; it returned tuple"),
    ("softmax", "a tuple of one", lambda z, axis=-1: (softmax(z, axis),),
     "test point 1,", "it must return y; it returned tuple"),
    ("softmax", "float16 inside", lambda z, axis=-1: softmax(np.float16(z), axis),
     "test point 1,", "y: 4 of 4 entries differ"),
    ("softmax", "max of nothing", lambda z, axis=-1: softmax(z - 0 * z.max(), axis),
     "test point 11, z (0, 3), an empty batch:", "ValueError: zero-size array"),
    ("log_softmax", "log of underflow", lambda z, axis=-1: np.log(softmax(z, axis)),
     "test point 8, scores 1000 apart", "most log_y[0, 1]: yours -inf, expected -2000"),
    ("log_softmax", "epsilon in log", lambda z, axis=-1: np.log(softmax(z, axis) + 1e-12),
     "test point 8, scores 1000 apart", "most log_y[1, 1]: yours -27.631021, expected -2001"),
    ("log_softmax", "no shift", log_without_shift,
     "test point 5, rows of scores near +1000",
     "log_y: 8 of 12 entries differ, most log_y[0, 0]: yours -inf"),
    ("log_softmax", "whole-batch max", lambda z, axis=-1: log_without_shift(z - z.max(), axis),
     "test point 5, rows of scores near +1000", "log_y[1, 0]: yours inf"),
    ("log_softmax", "no log of the sum", lambda z, axis=-1: z - z.max(axis=axis, keepdims=True),
     "test point 1, one vector of 4 scores:", "log_y: 4 of 4 entries differ"),
    ("log_softmax", "base 2", lambda z, axis=-1: log_softmax(z, axis) / np.log(2),
     "test point 1, one vector of 4 scores:", "log_y: 4 of 4 entries differ"),
    (NAIVE, "diagonal only", lambda y: np.diag(y * (1 - y)),
     "test point 1, y = softmax([1, 2]):", "J: 2 of 4 entries differ, most J["),
    (NAIVE, "a vector", lambda y: y * (1 - y),
     "test point 1,", "J must have shape (2, 2); yours has (2,)"),
    (NAIVE, "sign", lambda y: np.outer(y, y) - np.diag(y),
     "test point 1,", "J: 4 of 4 entries differ"),
    (NAIVE, "no diagonal", lambda y: -np.outer(y, y), "test point 1,", "J: 2 of 4 entries differ"),
    (NAIVE, "alike by value", alike_by_value,
     "test point 3, two entries of y alike:", "J: 2 of 16 entries differ"),
    (NAIVE, "of softmax(y)", lambda y: diag(softmax(y)) - outer(softmax(y)),
     "test point 1,", "J: 4 of 4 entries differ"),
    (NAIVE, "by division", by_division, "test point 4, entries of y of 1e-9,", "yours nan"),
    (JACOBIAN, "alike by value", alike_by_value_batched,
     "test point 3, two entries", "J: 2 of 16 entries"),
    (JACOBIAN, "of one vector", lambda y: np.diagflat(y) - np.outer(y, y),
     "test point 8, a batch (2, 3, 4):", "J must have shape (2, 3, 4, 4); yours has (24, 24)"),
    (JACOBIAN, "the batch's length", lambda y: y[..., None] * np.eye(len(y)) - outer(y),
     "test point 8, a batch (2, 3, 4):", "ValueError: operands could not be broadcast"),
    (JACOBIAN, "diagonal only", lambda y: diag(y * (1 - y)),
     "test point 1,", "J: 2 of 4 entries differ"),
    (JACOBIAN, "sign", lambda y: outer(y) - diag(y), "test point 1,", "J: 4 of 4 entries differ"),
    (JACOBIAN, "identity for diag(y)", lambda y: np.eye(y.shape[-1]) - outer(y),
     "test point 1,",
     "J: 2 of 4 entries differ, most J[0, 0]: yours 0.92767051, expected 0.19661193"),
    (JACOBIAN, "as if without gaps", as_if_without_gaps,
     "test point 6, a vector of 19 with gaps", "yours nan"),
    (BACKWARD, "no sum", lambda dy, y: y * dy, "test point 1,", "dz: 2 of 2 entries differ"),
    (BACKWARD, "diagonal only", lambda dy, y: dy * y * (1 - y),
     "test point 1,", "dz: 2 of 2 entries differ"),
    (BACKWARD, "sum of dy", lambda dy, y: y * (dy - total(dy)), "test point 1,", "dz: 2 of 2"),
    (BACKWARD, "sum over the batch", lambda dy, y: y * (dy - np.sum(dy * y)),
     "test point 8, a batch (2, 3, 4):", "dz: 24 of 24 entries differ"),
    (BACKWARD, "sum over axis 0", lambda dy, y: y * (dy - total(dy * y, 0)),
     "test point 8, a batch (2, 3, 4):", "dz: 24 of 24 entries differ"),
    (BACKWARD, "sign", lambda dy, y: y * (total(dy * y) - dy),
     "test point 1,", "dz: 2 of 2 entries differ"),
    (BACKWARD, "swapped", lambda dy, y: dy * (y - total(dy * y)),
     "test point 1,", "dz: 2 of 2 entries"),
    (BACKWARD, "in place", in_place, "test point 1,", "dy must be left as it was"),
    (BACKWARD, "a batch's one Jacobian", lambda dy, y: (np.diagflat(y) - np.outer(y, y)) @ dy,
     "test point 8, a batch (2, 3, 4):", "ValueError: "),
]
# fmt: on


@pytest.mark.parametrize("exercise, what, function, point, comparison", WRONG_LAYERS)
def test_wrong_in_layers(exercise, what, function, point, comparison):
    """Each common wrong version of softmax and its derivatives is wrong, and how is named."""
    verdict = judge(function, exercise)
    assert verdict.state == "wrong"
    report = str(verdict)
    assert point in report
    assert comparison in report
    assert len(report.splitlines()) <= 14


def row_by_row(z, axis=-1):
    y = np.empty(z.shape)
    lines, out = np.moveaxis(z, axis, -1), np.moveaxis(y, axis, -1)
    for index in np.ndindex(lines.shape[:-1]):
        e = [np.exp(float(s) - float(max(lines[index]))) for s in lines[index]]
        out[index] = np.array(e) / sum(e)
    return y


def one_over_the_odds(z, axis=-1):
    z = np.moveaxis(z, axis, -1)
    y = 1 / np.exp(z[..., None, :] - z[..., :, None]).sum(axis=-1)
    return np.moveaxis(y, -1, axis)


def two_loops(y):
    J = -np.outer(y, y)
    for i in range(len(y)):
        J[i, i] += y[i]
    return J


def in_three_lines(dy, y):
    dz = y * dy
    s = dz.sum(axis=-1, keepdims=True)
    dz -= y * s
    return dz


RIGHT_LAYERS = [
    ("softmax", row_by_row),
    ("softmax", one_over_the_odds),
    ("softmax", lambda z, axis=-1: np.exp(z - logsumexp(z, axis=axis, keepdims=True))),
    ("log_softmax", lambda z, axis=-1: z - logsumexp(z, axis=axis, keepdims=True)),
    (
        "log_softmax",
        lambda z, axis=-1: z - np.expand_dims(np.logaddexp.reduce(z, axis=axis), axis),
    ),
    ("softmax_jacobian_naive", two_loops),
    ("softmax_jacobian_naive", lambda y: np.diagflat(y) - np.outer(y, y)),
    (
        "softmax_jacobian",
        lambda y: (
            np.einsum("...i,ij->...ij", y, np.eye(y.shape[-1], dtype=y.dtype))
            - np.einsum("...i,...j->...ij", y, y)
        ),
    ),
    ("softmax_jacobian", lambda y: diag(y) - outer(y) + 1e-12),  # where J is 0, rounding may show
    ("softmax_backward", in_three_lines),
    ("softmax_backward", lambda dy, y: ((diag(y) - outer(y)) @ dy[..., None])[..., 0]),
    ("softmax_backward", lambda dy, y: y * (dy - np.einsum("...k,...k->...", dy, y)[..., None])),
    *((name, getattr(layers, name)) for name in NAMES[2:7]),
]


@pytest.mark.parametrize("exercise, function", RIGHT_LAYERS)
def test_right_in_layers(exercise, function):
    """A right softmax or derivative is right at every test point, however written."""
    assert judge(function, exercise).failure == ()
    assert judge(function, exercise).state == "right"


def hinge_parts(W, X, y):
    S, Y = X @ W, np.eye(W.shape[1], dtype=W.dtype)[y]
    M = (S - np.sum(S * Y, axis=1, keepdims=True) + 1) * (1 - Y)
    G = (M > 0).astype(W.dtype)
    return len(X), Y, np.maximum(M, 0), G


def hinge(W, X, y, reg, loss=None, G=None, margin=None):
    """A right hinge loss, where no part of it is given."""
    N, Y, M, counted = hinge_parts(W, X, y)
    loss = np.sum(M) / N if loss is None else loss
    G = counted - Y * total(counted) if G is None else G
    return loss + reg / 2 * np.sum(W * W), X.T @ G / N + reg * W


def right_class_counted(W, X, y, reg):
    return hinge(W, X, y, reg, loss=np.sum(hinge_parts(W, X, y)[2]) / len(X) + 1)


def right_column_once(W, X, y, reg):
    _, Y, _, G = hinge_parts(W, X, y)
    return hinge(W, X, y, reg, G=G - Y * (total(G) > 0))


def right_column_forgotten(W, X, y, reg):
    return hinge(W, X, y, reg, G=hinge_parts(W, X, y)[3])


def no_margin(W, X, y, reg):
    lead = X @ W - total((X @ W) * hinge_parts(W, X, y)[1])
    return hinge(W, X, y, reg, loss=np.maximum(lead, 0).sum() / len(X))


def squared(W, X, y, reg):
    N, Y, M, _ = hinge_parts(W, X, y)
    return hinge(W, X, y, reg, loss=np.sum(M**2) / N, G=2 * (M - Y * total(M)))


def worst_class_only(W, X, y, reg):
    return hinge(W, X, y, reg, loss=hinge_parts(W, X, y)[2].max(axis=1).mean())


def hinge_not_averaged(W, X, y, reg):
    loss, dW = hinge(W, X, y, 0.0)
    return len(X) * loss + reg / 2 * np.sum(W * W), len(X) * dW + reg * W


def hinge_without_regularisation_in_dW(W, X, y, reg):
    return hinge(W, X, y, reg)[0], hinge(W, X, y, 0.0)[1]


def hinge_sign(W, X, y, reg):
    return hinge(W, X, y, reg)[0], 2 * reg * W - hinge(W, X, y, reg)[1]


def no_class_to_count(W, X, y, reg):
    M = hinge_parts(W, X, y)[2]
    return hinge(W, X, y, reg, loss=M[M > 0].mean() * np.sum(M > 0) / len(X))


WRONG_HINGE = [
    (right_class_counted, "test point 1, reg = 0:", "loss: yours 5.1928745, expected 4.1928745"),
    (right_column_once, "test point 1, reg = 0:", "dW: 5 of 20 entries differ"),
    (right_column_forgotten, "test point 1, reg = 0:", "dW: 15 of 20 entries differ"),
    (no_margin, "test point 1, reg = 0:", "loss: yours "),
    (squared, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (worst_class_only, "test point 1, reg = 0:", "loss: yours "),
    (hinge_not_averaged, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (hinge_without_regularisation_in_dW, "test point 2, reg = 0.7:", "dW: 20 of 20 entries"),
    (hinge_sign, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (no_class_to_count, "test point 7, every right class leads", "loss: yours nan, expected 0"),
]


@pytest.mark.parametrize("exercise", ["svm_loss_naive", HINGE])
@pytest.mark.parametrize("body, point, comparison", WRONG_HINGE, ids=lambda v: str(v)[:40])
def test_wrong_hinge(exercise, body, point, comparison):
    """Each common wrong hinge loss is wrong, and the comparison that failed is named."""
    verdict = judge(door(body), exercise)
    assert verdict.state == "wrong"
    assert point in str(verdict)
    assert comparison in str(verdict)


def hinge_in_loops(W, X, y, reg):
    loss, dW = 0.5 * reg * (W**2).sum(), reg * W
    for x, label in zip(X, y, strict=True):
        s = W.T @ x
        near = [j for j in range(len(s)) if j != label and s[j] + 1 > s[label]]
        loss += sum(s[j] + 1 - s[label] for j in near) / len(X)
        for j in near:
            dW[:, j] += x / len(X)
        dW[:, label] -= len(near) * x / len(X)
    return loss, dW


@pytest.mark.parametrize(
    ("exercise", "body"),
    [("svm_loss_naive", hinge), (HINGE, hinge), ("svm_loss_naive", hinge_in_loops)],
)
def test_right_hinge(exercise, body):
    """A right hinge loss is right at every test point, however written."""
    assert judge(door(lambda *arguments: body(*arguments)), exercise).failure == ()
    assert judge(door(lambda *arguments: body(*arguments)), exercise).state == "right"


def test_loops_where_none_are_asked_for():
    """Right numbers by a loop over the examples are named so where the exercise forbids it."""
    verdict = judge(door(lambda *arguments: hinge_in_loops(*arguments)), HINGE)
    assert (verdict.state, verdict.failure) == ("wrong", ())
    assert verdict.diagnosis.faults == ("python-loop",)


def test_state_is_fresh_at_each_point():
    """A function right only the first time is wrong from the second test point on."""
    total = []

    def keeps_state(W, X, y, reg):
        loss, dW = softmax_loss_vectorized(W, X, y, reg)
        total.append(loss)
        return sum(total), dW

    verdict = judge(keeps_state, EXERCISE)
    assert [passed for _, passed in verdict.points] == [True] + 8 * [False]
    assert verdict.diagnosis.faults == ("keeps-state",)


def test_truth():
    """The gradient of sum(exp(x)) is exp(x), to 1e-11."""
    x = np.random.default_rng(0).standard_normal((3, 2))
    np.testing.assert_allclose(numerical_gradient(lambda x: np.exp(x).sum(), x), np.exp(x), 1e-11)


@pytest.mark.parametrize("case", CASES[EXERCISE](), ids=lambda case: case.name)
def test_truth_of_the_loss(case):
    """At every test point the truth obeys the laws of a softmax loss, with eight digits."""
    W, X, y, reg = case.arguments.values()
    dW = case.expected["dW"]
    if len(X) != len(y):
        W, X, dW = W.T, X.T, dW.T
    assert len({*X.shape, W.shape[1]}) == 3
    data_part = dW - reg * W.astype(np.float64)
    np.testing.assert_allclose(data_part.sum(axis=1), 0, atol=1e-8)
    np.testing.assert_allclose(
        dW,
        softmax_loss_vectorized(W.astype(np.float64), X.astype(np.float64), y, reg)[1],
        atol=1e-8,
    )


@pytest.mark.parametrize("case", CASES[HINGE](), ids=lambda case: case.name)
def test_truth_of_the_hinge_loss(case):
    """The truth is the formula, term by term; no difference is taken across a kink."""
    W, X, y, reg = case.arguments.values()
    dW = case.expected["dW"]
    if len(X) != len(y):
        W, X, dW = W.T, X.T, dW.T
    W, X = W.astype(np.float64), X.astype(np.float64)
    loss, gradient = reg / 2 * np.sum(W * W), reg * W
    for x, label in zip(X, y, strict=True):
        for j in set(range(W.shape[1])) - {label}:
            margin = x @ W[:, j] - x @ W[:, label] + 1
            assert abs(margin) > 0.05  # the differences reach 0.0015 * max |X|, less than 0.005
            loss += max(0, margin) / len(X)
            gradient[:, j] += (margin > 0) * x / len(X)
            gradient[:, label] -= (margin > 0) * x / len(X)
    assert case.expected["loss"] == pytest.approx(loss, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(dW, gradient, atol=1e-8)


def test_truth_of_the_jacobian():
    """The Jacobian at softmax([1, 2]) is p (1 - p) = 0.19661193, with signs + - - +."""
    case = CASES["softmax_jacobian_naive"]()[0]
    np.testing.assert_allclose(case.arguments["y"], [0.26894142, 0.73105858], atol=5e-9)
    np.testing.assert_allclose(
        case.expected["J"], 0.19661193 * np.array([[1, -1], [-1, 1]]), atol=5e-9
    )


@pytest.mark.parametrize("exercise", ["softmax_jacobian_naive", "softmax_jacobian"])
def test_truth_of_the_jacobians(exercise):
    """At every test point the truth is symmetric, and its rows sum to 0."""
    for case in CASES[exercise]():
        y, J = case.arguments["y"], case.expected["J"]
        assert J.shape == (*y.shape, y.shape[-1])
        np.testing.assert_allclose(J, np.swapaxes(J, -1, -2), atol=1e-11)
        np.testing.assert_allclose(J.sum(axis=-1), 0, atol=1e-11)


def test_truth_of_the_vjp():
    """At every test point the truth is that of the Jacobian, times dy."""
    jacobians = {case.name: case.expected["J"] for case in CASES["softmax_jacobian"]()}
    for case in CASES["softmax_backward"]():
        product = np.einsum("...i,...ij->...j", case.arguments["dy"], jacobians[case.name])
        np.testing.assert_allclose(case.expected["dz"], product, atol=1e-11)


@pytest.mark.parametrize("exercise", NAMES[2:7])
def test_gaps_in_memory_stay(exercise):
    """At the points that say so, the function that is judged gets arrays with gaps."""
    gaps = []

    def function(*arguments):
        gaps.append(has_gaps(arguments[0]))
        return getattr(layers, exercise)(*arguments)

    cases = CASES[exercise]()
    assert judge(function, exercise).state == "right"
    # The points come first; what the diagnosis calls comes after.
    assert [g for g, case in zip(gaps, cases, strict=False) if "with gaps" in case.name] == (
        [True] * sum("with gaps" in case.name for case in cases)
    )
    assert any(gaps) and not all(gaps)


@pytest.mark.parametrize("exercise", [EXERCISE, HINGE])
def test_points_hide_nothing(exercise):
    """At the second test point the parts of dW are of equal size, within a third."""
    W, *_, reg = CASES[exercise]()[1].arguments.values()
    data_part = CASES[exercise]()[0].expected["dW"]
    assert 3 / 4 < np.linalg.norm(reg * W) / np.linalg.norm(data_part) < 4 / 3


def test_in_a_notebook(capsys):
    """check(function) prints its line and returns nothing that a cell would echo."""
    assert check(softmax_loss_naive) is None
    assert capsys.readouterr().out.startswith("softmax_loss_naive        right")


def test_in_a_notebook_optional(capsys):
    """check of an optional exercise says that it is."""
    check(svm_loss_vectorized)
    assert capsys.readouterr().out == (
        "svm_loss_vectorized       right        ✓✓✓✓✓✓✓  7 of 7 test points   (optional)\n"
        "    ✓ reg = 0\n"
        "    ✓ reg = 0.7\n"
        "    ✓ a single example\n"
        "    ✓ float32\n"
        "    ✓ in Fortran order, one feature always 0\n"
        "    ✓ W (C, D) and X (D, N), which @door turns\n"
        "    ✓ every right class leads by 10\n"
    )


def test_in_a_notebook_hints(capsys):
    """hint=2 is the line of the derivation, 3 is what is computed; another number is refused."""

    def softmax_backward(dy, y):
        return y * dy

    for hint, words in enumerate(["dz is y times dy", "the second term", "now: y_j dy_j\n"], 1):
        check(softmax_backward, hint=hint)
        said = capsys.readouterr().out
        assert "    vjp-without-sum: " in said and words in said
        assert (f"(more: hint {hint + 1})" in said) == (hint < 3)
    with pytest.raises(ValueError, match="hint must be 1, 2 or 3; got 4; try 2"):
        check(softmax_backward, hint=4)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has the alarm")
def test_in_a_notebook_a_loop_without_end(capsys, monkeypatch):
    """It is stopped and said so, with the line, also where it catches every exception."""
    monkeypatch.setattr("grading.check.LIMIT", 0.3)

    def softmax(z, axis=-1):
        while True:
            try:
                z = z + 1
            except:  # noqa: E722
                pass
            finally:
                z = z - 1

    check(softmax)
    said = capsys.readouterr().out
    assert said.startswith("softmax                   wrong\n    it was stopped after 0.3 seconds")
    assert "    it was at line " in said and ", in softmax\n" in said
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_in_a_notebook_where_nothing_can_stop_it(capsys):
    """Beside the main thread there is no alarm, and that is said."""
    thread = threading.Thread(target=check, args=(softmax_loss_naive,))
    thread.start()
    thread.join()
    assert capsys.readouterr().out.startswith("(here nothing can stop a function that hangs but ")


def test_what_returns_nothing_is_unfinished_and_told_so(capsys):
    """Behind the door, which refuses nothing, as well as without one."""

    def softmax(z, axis=-1):
        np.exp(z)

    def softmax_loss_naive(W, X, y, reg):
        np.exp(W)

    for function in (softmax, door(softmax_loss_naive)):
        check(function)
        said = capsys.readouterr().out.splitlines()
        assert said[0].split()[1] == "unfinished"
        assert said[1:] == ["    it returns nothing: its last line is to return the result"]


def test_what_calls_an_unwritten_exercise_says_which(capsys):
    """It is unfinished for want of another."""

    def log_softmax(z, axis=-1):
        raise NotImplementedError("softmax: write it in layers.py")

    check(log_softmax)
    words = "    it calls what is not written yet: softmax: write it in layers.py\n"
    assert capsys.readouterr().out.endswith(words)


def test_without_the_door(capsys):
    """A right body whose decorator is gone is told to put it back."""

    def softmax_loss_vectorized(W, X, y, reg):
        return einsum(W, X, y, reg)

    check(softmax_loss_vectorized)
    said = capsys.readouterr().out
    assert said.endswith("    @door is missing above the function: put it back\n")


def test_a_fault_beside_an_unknown_one(capsys):
    """The report does not speak as if what it names were all."""

    @door
    def softmax_loss_naive(W, X, y, reg):
        loss, dW = einsum(W, X, y, 0.0)
        return loss + 0.25, dW

    check(softmax_loss_naive)
    said = capsys.readouterr().out
    assert "    reg-missing-both: " in said
    assert "    besides, there is an unknown fault: none of the usual mistakes gives " in said
    assert "    the data part of the loss fits no known fault\n" in said


def test_in_a_notebook_foreign_function():
    """check of a function that is no exercise names those that are."""
    with pytest.raises(ValueError, match=r"one of softmax_loss_naive, .*; got print; try check"):
        check(print)


def test_every_exercise_has_test_points():
    """The exercises listed are those that can be checked."""
    assert list(CASES) == NAMES


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_no_exercise_names_another(exercise):
    """No exercise's body names another: each is done, and judged, for itself."""
    tree = ast.parse((ROOT / exercise["file"]).read_text(encoding="utf-8"))
    (function,) = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == exercise["function"]
    ]
    named = {
        getattr(node, "id", getattr(node, "attr", None))
        for statement in function.body
        for node in ast.walk(statement)
    }
    assert "np" in named
    assert not named & set(NAMES)


# The command, in a student's copy.


def test_fresh_copy_is_unfinished(copy):
    """In a fresh copy every exercise is unfinished, and the status is 1."""
    run = run_check(copy)
    assert run.stdout == (
        "softmax_loss_naive        unfinished\n"
        "softmax_loss_vectorized   unfinished\n"
        "softmax                   unfinished\n"
        "log_softmax               unfinished\n"
        "softmax_jacobian_naive    unfinished\n"
        "softmax_jacobian          unfinished\n"
        "softmax_backward          unfinished\n"
        "eval_numerical_gradient   unfinished\n"
        "svm_loss_naive            unfinished   (optional)\n"
        "svm_loss_vectorized       unfinished   (optional)\n"
        "0 of 10 right\n"
    )
    assert (run.returncode, run.stderr) == (1, "")


def test_solved_copy_is_right(copy):
    """With the solutions pasted back every exercise is right, and the status is 0."""
    solve(copy)
    run = run_check(copy)
    assert states(run) == dict.fromkeys(NAMES, "right")
    assert (run.returncode, run.stderr) == (0, "")


def test_optional(copy):
    """An optional exercise may be unfinished for status 0, but not wrong."""
    solve(copy, SOFTMAX, "layers.py", "gradient_check.py")
    run = run_check(copy)
    assert set(states(run).values()) == {"right", "unfinished"}
    unfinished = {line.split()[0] for line in run.stdout.splitlines() if "(optional)" in line}
    assert unfinished == {name for name in NAMES if states(run)[name] == "unfinished"}
    assert unfinished == {exercise["function"] for exercise in EXERCISES if is_optional(exercise)}
    assert run.returncode == 0
    solve(copy)
    edit(copy / "classifiers/linear_svm.py", "loss += margin\n", "loss += 2 * margin\n")
    run = run_check(copy)
    assert (states(run)["svm_loss_naive"], run.returncode) == ("wrong", 1)
    assert "0 of 7" not in run.stdout and "✗✗✗✗✗✗✓  1 of 7 test points   (optional)" in run.stdout


def test_one_of_two(copy):
    """One exercise right and the other not is status 1, and each can be asked for alone."""
    solve(copy, SOFTMAX)
    edit(copy / SOFTMAX, "X.T @ P / N + reg * W", "X.T @ P / N")
    assert run_check(copy).returncode == 1
    run = run_check(copy, "softmax_loss_naive", EXERCISE)
    assert (list(states(run).values()), run.returncode) == (["right", "wrong"], 1)
    run = run_check(copy, "softmax_loss_naive")
    assert (states(run), run.returncode) == ({"softmax_loss_naive": "right"}, 0)
    assert "test point 2, reg = 0.3:\n    dW: 20 of 20" in run_check(copy, EXERCISE).stdout


def test_syntax_error(copy):
    """A syntax error is told with its line, without a traceback."""
    edit(copy / SOFTMAX, "    # TODO: The same", "    return (\n    # TODO: The same")
    run = run_check(copy, EXERCISE)
    assert states(run) == {EXERCISE: "wrong"}
    line = (copy / SOFTMAX).read_text(encoding="utf-8").split("\n").index("    return (") + 1
    assert f"SyntaxError: '(' was never closed\n    {SOFTMAX}, line {line}: return (" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_error_in_the_function(copy):
    """An exception is told with the student's own line, not with a line of ours."""
    edit(copy / SOFTMAX, "    # TODO: The same", "    return np.zeros(-X.shape[0])\n    # TODO:")
    run = run_check(copy, EXERCISE)
    assert "    ValueError: negative dimensions are not allowed\n" in run.stdout
    assert f"    {SOFTMAX}, line " in run.stdout
    assert run.stdout.endswith(": return np.zeros(-X.shape[0])\n")


def test_error_on_import(copy):
    """A file that cannot be imported is told with the line that could not be run."""
    edit(copy / SOFTMAX, "import numpy as np\n", "import numpy as np\nimport nonesuch\n")
    run = run_check(copy, "softmax_loss_naive", EXERCISE, "softmax")
    assert list(states(run).values()) == ["wrong", "wrong", "unfinished"]
    assert "ModuleNotFoundError: No module named 'nonesuch'\n" in run.stdout
    assert f"{SOFTMAX}, line " in run.stdout and ": import nonesuch\n" in run.stdout


HANGS = "while True:\n        X = X + 0"
CRASHES = "import ctypes\n    ctypes.string_at(0)"
ENDS = "import os\n    os._exit(3)"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            HANGS,
            "it was stopped after 6 seconds: is it slow, or does a loop never end?\n"
            "    it was at {file}, line",
        ),
        (CRASHES, "it ended the whole process that ran it (exit code "),
        (ENDS, "it ended the whole process that ran it (exit code 3)"),
    ],
    ids=["hangs", "crashes", "ends"],
)
def test_what_costs_the_process(copy, body, words):
    """A hang, a crash or an exit costs its own exercise: those after it are judged."""
    solve(copy)
    edit(copy / SOFTMAX, "    N = X.shape[0]\n", f"    {body}\n    N = X.shape[0]\n")
    command = (
        "from grading.check import *; print(*judge_files(read_exercises(), limit=6), sep='\\n')"
    )
    code = f"if __name__ == '__main__':\n    {command}\n"
    (copy / "try.py").write_text(code, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "try.py"], cwd=copy, capture_output=True, encoding="utf-8"
    )
    assert states(run) == {**dict.fromkeys(NAMES, "right"), EXERCISE: "wrong"}, run.stderr
    assert words.format(file=SOFTMAX) in run.stdout


def test_watch(copy):
    """Saved, a file is checked again: its exercises, and no others."""
    command = [sys.executable, "-u", "-m", "grading.check", "--watch"]
    with subprocess.Popen(command, cwd=copy, stdout=subprocess.PIPE, text=True) as process:
        lines = iter(process.stdout.readline, "")
        enough = threading.Timer(60, process.kill)  # a line that never comes is a failure
        enough.start()
        try:
            before = list(itertools.takewhile(lambda line: not line.startswith("watching"), lines))
            assert before[-1] == f"0 of {len(NAMES)} right\n"
            solve(copy, SOFTMAX)
            after = list(itertools.takewhile(lambda line: "of 2 right" not in line, lines))
        finally:
            enough.cancel()
            process.kill()
    assert [line.split()[1] for line in after if line.startswith("softmax_loss_")] == ["right"] * 2
    assert f"{SOFTMAX} at " in after[1]


def test_missing_function(copy):
    """A function that was renamed is missed by name, and costs only itself."""
    solve(copy)
    edit(copy / SOFTMAX, "def softmax_loss_naive", "def softmax_loss_native")
    edit(copy / "classifiers/__init__.py", "Softmax, softmax_loss_naive,", "Softmax,")
    edit(copy / "classifiers/__init__.py", '    "softmax_loss_naive",\n', "")
    run = run_check(copy)
    assert states(run) == {**dict.fromkeys(NAMES, "right"), "softmax_loss_naive": "wrong"}
    assert f"{SOFTMAX} has no function of this name" in run.stdout


def test_unknown_exercise(copy):
    """An exercise of no known name is refused with the names there are."""
    run = run_check(copy, "softmax_loss")
    assert run.returncode == 1
    assert run.stderr == (
        f"exercise must be one of {', '.join(NAMES)}; got softmax_loss; try no name, for all\n"
    )


# The release.


def test_release_is_reproducible(released, tmp_path):
    """The same source released twice gives the same zip, byte for byte."""
    assert release(tmp_path).archive.read_bytes() == released.archive.read_bytes()


def test_folder_and_zip_agree(released):
    """The zip holds the folder's files, under the folder's name and in order."""
    with zipfile.ZipFile(released.archive) as archive:
        names = archive.namelist()
        for name in names:
            assert archive.read(name) == (released.folder.parent / name).read_bytes()
    assert names == [f"{NAME}/{file}" for file in released.files]
    on_disk = [path for path in released.folder.rglob("*") if path.is_file()]
    assert len(on_disk) == len(names)


def test_files_of_the_copy(released):
    """The copy holds what a student uses, and no file of the teacher's or the tests'."""
    files = set(released.files)
    notebooks = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    classifiers = {f"classifiers/{path.name}" for path in (ROOT / "classifiers").glob("*.py")}
    engine = {file for file in files if file.startswith("engine/")}
    assert {Path(file).suffix for file in engine} == {".cpp", ".h", ".in", ".md", ".py", ".toml"}
    # What the engine does by numpy is what a student is asked to write.
    assert "engine/src/softmax_engine/loss.py" in engine
    assert "engine/src/softmax_engine/by_numpy.py" not in engine
    assert files - notebooks - classifiers - engine == {
        "LICENSE",
        "Makefile",
        "README.md",
        "cifar_like.py",
        "data_utils.py",
        "datasets/README.md",
        "datasets/registry.txt",
        "grading/__init__.py",
        "grading/calls.py",
        "grading/check.py",
        "grading/diagnosis.py",
        "grading/exercises.toml",
        "grading/faults.toml",
        "grading/formulas.py",
        "grading/loops.py",
        "grading/points.py",
        "gradient_check.py",
        "layers.py",
        "optim.py",
        "requirements.txt",
        "train.py",
        "vis_utils.py",
    }
    assert notebooks | classifiers <= files
    assert released.archive.stat().st_size < 500_000


def test_no_solution_in_the_copy(released):
    """No marker and no telling line of a solution is anywhere in the copy."""
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in FILES]
    regions = [region.split(END)[0] for text in texts for region in text.split(BEGIN)[1:]]
    assert len(regions) == len(EXERCISES)
    telling = {line.split("#")[0].strip() for line in "\n".join(regions).split("\n")}
    telling = {line for line in telling if len(line) > 25}
    assert len(telling) > 20
    for file in released.files:
        text = (released.folder / file).read_text(encoding="utf-8")
        assert "SOLUTION" not in text
        assert not [line for line in telling if line in text]


def test_todo_in_place_of_the_solution(released):
    """The student finds the TODO as comments, and an error that names exercise and file."""
    for exercise in EXERCISES:
        name, file = exercise["function"], exercise["file"]
        text = (released.folder / file).read_text(encoding="utf-8")
        for line in exercise["text"].strip().split("\n"):
            assert f"{line}\n" in text
        assert f'    raise NotImplementedError("{name}: write it in {file}")\n' in text
        assert max(map(len, text.split("\n"))) <= 100


def test_students_makefile(released):
    """The copy's Makefile has the student's verbs and none of the teacher's."""
    text = (released.folder / "Makefile").read_text(encoding="utf-8")
    assert "\ncheck:" in text and "\ntrain:" in text and "\nnotebooks:" in text
    assert "release" not in text and "pytest" not in text
    with pytest.raises(ValueError, match="Makefile must say where the student's part ends"):
        students_makefile("all:\n")


def test_notebooks_are_bare():
    """A notebook loses outputs, counts and times; the solutions in its code cells are cut."""
    code = ["%matplotlib inline\n", "1 + 1"]
    solved = ["def f():\n", f"    {BEGIN}\n", "    return 1\n", f"    {END}"]
    ran = {"metadata": {"execution": {"t": 1}}, "outputs": [{"text": "2"}], "execution_count": 3}
    notebook = {
        "metadata": {"widgets": {}, "kernelspec": {"name": "python3"}},
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": [f"{BEGIN}: é"]},
            {"cell_type": "code", "id": "b", **ran, "source": code},
            {"cell_type": "code", "id": "c", **ran, "source": "".join(solved)},
        ],
    }
    exercise = {"function": "f", "file": "a.ipynb", "text": "one"}
    text, cuts = cut_notebook(json.dumps(notebook), "a.ipynb", [exercise])
    assert cuts == [(exercise, ["    return 1"])]
    bare = json.loads(text)
    assert bare["metadata"] == {"kernelspec": {"name": "python3"}}
    assert bare["cells"][0] == notebook["cells"][0]
    clean = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    assert bare["cells"][1] == {"id": "b", **clean, "source": code}
    todo = ["def f():\n", "    # TODO: one\n"]
    todo += ['    raise NotImplementedError("f: write it in a.ipynb")']
    assert bare["cells"][2] == {"id": "c", **clean, "source": todo}


F = {"function": "f", "file": "a.py", "text": "one"}


@pytest.mark.parametrize(
    "lines, words",
    [
        (["def f():", f"    {BEGIN}", "    return 1"], r"a.py, line 2 must keep markers in pairs"),
        (["def f():", "    return 1", f"    {END}"], r"a.py, line 3 must keep markers in pairs"),
        (["def f():", f"    {BEGIN}", f"    {BEGIN}", f"    {END}"], r"a.py, line 3 must keep"),
        (["def g():", f"    {BEGIN}", "    1", f"    {END}"], r"line 2 must lie in .*; got g; try"),
        (
            ["def f():", "    1", BEGIN, "x = 1", END],
            r"line 3 must lie in .*; got no function; try",
        ),
        (["%magic", "def f():", f"    {BEGIN}", "    1", f"    {END}"], r"a.py must be Python"),
    ],
)
def test_markers_refused(lines, words):
    """Markers without their pair, or around what is no exercise, are refused by line."""
    with pytest.raises(ValueError, match=words):
        cut("\n".join(lines), "a.py", [F])


@pytest.mark.parametrize(
    "file, old, new, words",
    [
        (SOFTMAX, f"    {END}\n\n\n@door", "\n\n@door", "must keep markers in pairs"),
        (SOFTMAX, "SOLUTION", "Solution", "have one solution between .*; got 0; try"),
        ("optim.py", "import numpy", f"# {BEGIN}\nimport numpy", "optim.py, line .* no marker"),
        ("train.py", "import json", "import json\n# dW=dW / N + reg*W", "train.py, .* no line of"),
        ("grading/exercises.toml", "N examples, then", f"{BEGIN}, then", "no marker once"),
        (SOFTMAX, "dW = dW / N + reg * W", "dW = dW / N", "pasted back must have every exercise r"),
        ("layers.py", "y * (dy - np", "y * (1 - np", "pasted back must have every exercise right"),
        (SOFTMAX, f"    {BEGIN}\n    N, C", f"    return 0, W\n    {BEGIN}\n    N, C",
         "the fresh copy must have every exercise unfinished"),
    ],
)  # fmt: skip
def test_release_refused(source, tmp_path, file, old, new, words):
    """A release that would give a solution away, or not prove itself, writes nothing."""
    edit(source / file, old, new)
    with pytest.raises(ValueError, match=f"(?s){words}"):
        release(tmp_path / "out", root=source)
    assert not (tmp_path / "out").exists()


def test_missing_file_refused(source, tmp_path):
    """A file of the copy that is missing in the source stops the release."""
    (source / "vis_utils.py").unlink()
    with pytest.raises(FileNotFoundError, match=r"vis_utils\.py"):
        release(tmp_path / "out", root=source)


def test_earlier_release_is_replaced(source, tmp_path):
    """A folder as an earlier release wrote it is replaced, also after a look into it."""
    first = release(tmp_path, root=source)
    (first.folder / "__pycache__").mkdir()
    (first.folder / "__pycache__" / "optim.pyc").write_bytes(b"")
    with open(source / "optim.py", "a") as file:
        file.write("# corrected\n")
    second = release(tmp_path, root=source)
    assert (second.folder / "optim.py").read_text(encoding="utf-8").endswith("# corrected\n")
    assert not (second.folder / "__pycache__").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"source", NAME, f"{NAME}.zip"}


@pytest.mark.parametrize("spoil", ["edited", "added", "no zip"])
def test_work_is_not_replaced(released, tmp_path, spoil):
    """A folder with work in it, or of unknown origin, is refused and keeps every byte."""
    shutil.copytree(released.folder, tmp_path / NAME)
    if spoil != "no zip":
        shutil.copy(released.archive, tmp_path)
    work = tmp_path / NAME / ("notes.txt" if spoil == "added" else "classifiers/softmax.py")
    with open(work, "a") as file:
        file.write("# mine\n" if spoil != "no zip" else "")
    before = work.read_bytes()
    with pytest.raises(ValueError, match="try moving the folder away, or another --out"):
        release(tmp_path)
    assert work.read_bytes() == before


def test_release_command(tmp_path):
    """The command says what it wrote, with the exercises and their points."""
    command = [sys.executable, "-B", "-m", "grading.release", "--out", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert (run.returncode, run.stderr) == (0, "")
    assert f"{NAME}.zip (" in run.stdout
    assert "softmax_loss_vectorized    10 points   classifiers/softmax.py\n" in run.stdout
    assert "svm_loss_naive              5 points   classifiers/linear_svm.py   (optional)\n" in (
        run.stdout
    )
