"""The engine against core: results, dtypes, shapes and error texts are those of the written rungs.

The engine's own suite, engine/tests, runs without core; what needs both is here.
"""

import numpy as np
import pytest

import layers
from classifiers import softmax_loss_naive, softmax_loss_vectorized

from .test_door import REFUSED, with_entry

engine = pytest.importorskip("softmax_engine", reason="the package softmax_engine is not installed")

FUNCTIONS = ["softmax", "log_softmax"]


@pytest.fixture(params=engine.status().available)
def instructions(request, monkeypatch):
    """Each set of instructions this machine has, and the engine's body of numpy."""
    monkeypatch.setenv("SOFTMAX_ENGINE_ISA", request.param)
    return request.param


@pytest.fixture
def args(batch):
    W, X, y = batch  # W (5, 4), X (11, 5), y (11,)
    return {"W": W, "X": X, "y": y, "reg": 0.1}


def outcome(function, *args, **kwargs):
    """What it raises, type and text, or None."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__, str(error)
    return None


# ---- the door --------------------------------------------------------------------------------

# Beyond those of the door's own test: what a stranger might pass.
MORE = {
    "y None": lambda a: {"y": None},
    "y a number": lambda a: {"y": 3},
    "y bool": lambda a: {"y": a["y"] > 0},
    "y of objects": lambda a: {"y": a["y"].astype(object)},
    "y of text": lambda a: {"y": a["y"].astype(str)},
    "y of complex numbers": lambda a: {"y": a["y"].astype(complex)},
    "y far too large": lambda a: {"y": with_entry(a["y"].astype(np.uint64), 5, 2**64 - 1)},
    "y past 2^63": lambda a: {"y": with_entry(a["y"].astype(np.uint64), 5, 2**63)},
    "y far too small": lambda a: {"y": with_entry(a["y"], 5, -(2**63))},
    "y wrong twice": lambda a: {"y": with_entry(a["y"], [2, 7], [-3, 9])},
    "y of bytes, negative": lambda a: {"y": with_entry(a["y"].astype(np.int8), 5, -128)},
    "y a list too short": lambda a: {"y": [1, 2, 3]},
    "y empty": lambda a: {"y": []},
    "y a row": lambda a: {"y": a["y"][None, :]},
    "y swapped, too large": lambda a: {"y": with_entry(a["y"].astype(">i4"), 5, 4)},
    "X a list": lambda a: {"X": a["X"].tolist()},
    "X None": lambda a: {"X": None},
    "X a number": lambda a: {"X": 1.0},
    "X a row": lambda a: {"X": a["X"][0]},
    "X of objects": lambda a: {"X": a["X"].astype(object)},
    "X half": lambda a: {"X": a["X"].astype(np.float16)},
    "X of long doubles": lambda a: {"X": a["X"].astype(np.longdouble)},
    "X complex": lambda a: {"X": a["X"].astype(complex)},
    "X of swapped bytes": lambda a: {"X": a["X"].astype(">f8")},
    "X without features": lambda a: {"X": a["X"][:, :0]},
    "X float32": lambda a: {"X": a["X"].astype(np.float32)},
    "X in columns, W in rows": lambda a: {"X": a["X"].T},
    "X wrong in two places": lambda a: {"X": with_entry(a["X"], ([9, 3], [0, 4]), np.nan)},
    "X and W wrong": lambda a: {"X": a["X"][0], "W": a["W"][0]},
    "W None": lambda a: {"W": None},
    "W empty": lambda a: {"W": a["W"][:0]},
    "W half": lambda a: {"W": a["W"].astype(np.float16)},
    "W complex": lambda a: {"W": a["W"].astype(complex)},
    "W of swapped bytes": lambda a: {"W": a["W"].astype(">f8")},
    "W infinite": lambda a: {"W": with_entry(a["W"], (4, 0), np.inf)},
    "W and X not finite": lambda a: {
        "W": with_entry(a["W"], (4, 0), np.nan),
        "X": with_entry(a["X"], (0, 0), np.nan),
    },
    "W -infinite, in columns": lambda a: {
        "W": with_entry(a["W"], (4, 0), -np.inf).T,
        "X": a["X"].T,
    },
    "W without classes": lambda a: {"W": a["W"][:, :0]},
    "reg None": lambda a: {"reg": None},
    "reg infinite": lambda a: {"reg": np.inf},
    "reg complex": lambda a: {"reg": 1j},
    "reg an array": lambda a: {"reg": np.ones(2)},
    "reg a negative array": lambda a: {"reg": np.array(-1.0)},
    "all of it wrong": lambda a: {"W": None, "X": None, "y": None, "reg": None},
}
WRONG = {**{name: spoil for name, (spoil, _) in REFUSED.items()}, **MORE}


@pytest.mark.filterwarnings("ignore:invalid value")  # numpy's, on the way to the clear error
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_refuses_in_the_words_of_core(instructions, args, spoil, dtype):
    """For every refused argument, the engine's ValueError is that of the vectorized rung."""
    args = {**args, "W": args["W"].astype(dtype), "X": args["X"].astype(dtype)}
    if dtype is np.float64 or "dtype" not in spoil(args):
        args = {**args, **spoil(args)}
    expected = outcome(softmax_loss_vectorized, **args)
    assert expected is None or expected[0] == "ValueError"
    assert outcome(engine.softmax_loss, **args) == expected


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_refuses_columns_in_the_words_of_core(instructions, args, spoil):
    """So it does in the column layout, where W and X come transposed."""
    args = {**args, **spoil(args)}
    args.update({name: a.T for name, a in args.items() if getattr(a, "ndim", 0) == 2})
    assert outcome(engine.softmax_loss, **args) == outcome(softmax_loss_vectorized, **args)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_each_wrong_argument_is_refused(args):
    """The table above is of refusals only: none of them compares nothing with nothing."""
    accepted = [
        name
        for name, spoil in WRONG.items()
        if outcome(softmax_loss_vectorized, **{**args, **spoil(args)}) is None
    ]
    assert accepted == []


# ---- the loss --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_gives_what_naive_gives(instructions, seed):
    """Loss, gradient, dtypes and shapes, of any shape and layout, on arrays and on rows."""
    rng = np.random.default_rng(seed)
    dtype = [np.float64, np.float32][seed % 2]
    N, D, C = int(rng.integers(1, 90)), int(rng.integers(1, 40)), int(rng.integers(2, 14))
    X = rng.integers(256, size=(N, D)).astype(np.uint8)
    rows = engine.Rows(X if dtype is np.float32 else X.astype(dtype), 120.0, 1 / 64, seed % 3 > 0)
    W = (rng.choice([1e-3, 1, 10]) * rng.standard_normal((rows.shape[1], C)) / D).astype(dtype)
    y, reg = rng.integers(C, size=N), float(rng.choice([0, 0.1, 10]))
    idx = rng.integers(N, size=N)
    eps = float(np.finfo(dtype).eps)
    expanded = np.asarray(rows)

    def same(result, expected):
        (loss, dW), (expected_loss, expected_dW) = result, expected
        assert (type(loss), dW.dtype, dW.shape) == (float, dtype, expected_dW.shape)
        # Naive adds its rows one by one, in float32 too: N roundings walk to sqrt(N) of them.
        walk = 4 * np.sqrt(N + D + C) * eps
        terms = (np.abs(expanded).max() + reg) * max(1, np.abs(W).max())
        assert loss == pytest.approx(expected_loss, rel=walk, abs=walk * terms)
        np.testing.assert_allclose(dW, expected_dW, rtol=walk, atol=walk * terms)

    expected = softmax_loss_naive(W, expanded, y, reg)
    same(engine.softmax_loss(W, expanded, y, reg), expected)
    same(engine.softmax_loss(W, rows, y, reg), expected)
    expected_of_batch = softmax_loss_naive(W, expanded[idx], y[idx], reg)
    same(engine.softmax_loss(W, rows[idx], y[idx], reg), expected_of_batch)
    in_columns = softmax_loss_naive(W.T, expanded.T, y, reg)
    same(engine.softmax_loss(W.T, expanded.T, y, reg), in_columns)


# ---- softmax and its derivative --------------------------------------------------------------


SHAPES = [(), (1,), (5,), (3, 17), (2, 3, 4), (2, 1, 3, 2), (0, 3), (2, 0, 3)]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, bool])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_softmax_is_that_of_layers(instructions, name, dtype, shape):
    """Results, dtypes and shapes, along every axis of an array of numbers or nested lists."""
    z = (np.random.default_rng(0).integers(0, 36, size=shape) / 7).astype(dtype)
    ours, cores = getattr(engine, name), getattr(layers, name)
    for axis in range(-max(1, z.ndim), max(1, z.ndim)):
        if z.size or z.shape[axis]:
            alike(ours(z, axis=axis), cores(z, axis=axis))
    if z.size:
        alike(ours(z.tolist()), cores(z.tolist()))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("axis", [None, (0, 1), (-1, 0), (1,)], ids=str)
def test_several_axes_are_those_of_layers(instructions, name, axis):
    """None is all of them, and a tuple some, as in numpy."""
    z = np.random.default_rng(0).standard_normal((2, 3, 4))
    alike(getattr(engine, name)(z, axis=axis), getattr(layers, name)(z, axis=axis))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.filterwarnings("ignore:overflow")  # of float16, from 6e4 to -6e4
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_extremes_are_those_of_layers(instructions, name, dtype):
    """inf, -inf, nan, -0, and scores whose share is a denormal number or less."""
    inf, nan = np.inf, np.nan
    rows = [
        *([inf, 0, 0], [-inf, 0, 0], [-inf, -inf, -inf], [inf, inf, 0], [nan, 0, 1], [0, 1, nan]),
        *([0, -0.0, 0], [0, -87.5, -100], [0, -104, -1000], [0, -740, -746], [6e4, -6e4, 6e4]),
    ]
    ours, cores = getattr(engine, name), getattr(layers, name)
    for repeats in (1, 2, 5, 12):
        z = np.tile(np.array(rows, dtype), repeats)
        # Below the smallest normal number a result is rounded to steps of the smallest one.
        alike(ours(z), cores(z), atol=2 * float(np.finfo(dtype).smallest_subnormal))


def alike(result, expected, atol=0.0):
    result, expected = np.asarray(result), np.asarray(expected)
    assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
    rtol = 16 * float(np.finfo(expected.dtype).eps)
    # Near 0 a logarithm has the digits of the 1 it is taken of.
    atol = atol + rtol if (expected <= 0).all() else atol
    np.testing.assert_allclose(result, expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (4, 70), (2, 4, 3), (0, 3), (2, 0, 3), (4, 1)])
@pytest.mark.parametrize("dtypes", [(a, b) for a in "edfi" for b in "edfi"], ids="".join)
def test_the_derivative_is_that_of_layers(instructions, shape, dtypes):
    """Results, the wider dtype of the two, shapes; in any memory order."""
    rng = np.random.default_rng(0)
    dy, y = (np.asarray(4 * rng.random(shape)).astype(dtype) for dtype in dtypes)
    expected = layers.softmax_backward(dy, y)
    for order in "CF":
        result = engine.softmax_backward(dy.copy(order), y.copy(order))
        assert (result.dtype, np.shape(result)) == (expected.dtype, np.shape(expected))
        scale = 64 * float(np.finfo(expected.dtype).eps) * 16 * max(1, y.size)
        np.testing.assert_allclose(result, expected, atol=scale)


NOT_SOFTMAX = {
    "None": (None,),
    "text": (["a", "b"],),
    "complex numbers": (np.array([1 + 1j]),),
    "a dictionary": ({},),
    "years": (np.array(["2026"], "M8[Y]"),),
    "rows of nothing": (np.zeros((3, 0)),),
    "nothing": (np.zeros(0),),
    "a list of nothing": ([],),
    "no rows, along them": (np.zeros((0, 3)), 0),
    "an axis too many": (np.ones((2, 3)), 2),
    "an axis too few": (np.ones((2, 3)), -3),
    "an axis too many, of nothing": (np.ones((0, 3)), 5),
    "an axis of a number": (1.0, 1),
    "an axis twice": (np.ones(3), (0, 0)),
    "an axis between two": (np.ones(3), 1.5),
    "an axis of text": (np.ones(3), "last"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("arguments", NOT_SOFTMAX.values(), ids=NOT_SOFTMAX)
def test_softmax_refuses_in_the_words_of_layers(instructions, name, arguments):
    """What is no array of numbers or holds none, and an axis it does not have."""
    expected = outcome(getattr(layers, name), *arguments)
    assert expected is not None
    assert outcome(getattr(engine, name), *arguments) == expected


NOT_BACKWARD = {
    "dy of fewer axes": (np.ones(3), np.ones((2, 3))),
    "y of fewer axes": (np.ones((2, 3)), np.ones(3)),
    "a number for a row": (1.0, np.ones(1)),
    "dy None": (None, np.ones(3)),
    "y None": (np.ones(3), None),
    "y complex": (np.ones(3), np.ones(3) * 1j),
    "text": ("a", "b"),
}


@pytest.mark.parametrize("arguments", NOT_BACKWARD.values(), ids=NOT_BACKWARD)
def test_the_derivative_refuses_in_the_words_of_layers(instructions, arguments):
    """Shapes that differ, and what is no array of numbers."""
    expected = outcome(layers.softmax_backward, *arguments)
    assert expected[0] == "ValueError"
    assert outcome(engine.softmax_backward, *arguments) == expected
