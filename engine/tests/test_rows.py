"""Rows: a view of stored rows, of what it is a view, and what it refuses."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from softmax_engine import Rows, softmax_loss
from truth import LABELS

each_kind = pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])


@pytest.fixture
def stored():
    """Twenty rows of six bytes."""
    return np.random.default_rng(0).integers(256, size=(20, 6)).astype(np.uint8)


@each_kind
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shift", [None, 100, 0.5, "per feature"])
@pytest.mark.parametrize("scale", [None, 2, 1 / 64, "per feature"])
def test_rows_are_what_the_formula_says(stored, kind, bias, shift, scale):
    """(x - shift) * scale, and a last 1 with bias; float32 for bytes and else X's own dtype."""
    shift = np.arange(6) * 20 if shift == "per feature" else shift
    scale = 1 / np.arange(1.0, 7) if scale == "per feature" else scale
    rows = Rows(stored.astype(kind), shift=shift, scale=scale, bias=bias)
    expected = stored.astype(np.float64) - (0 if shift is None else shift)
    expected = expected * (1 if scale is None else scale)
    if bias:
        expected = np.hstack([expected, np.ones((20, 1))])
    dtype = np.float64 if kind is np.float64 else np.float32
    expanded = np.asarray(rows)
    np.testing.assert_allclose(expanded, expected, rtol=4 * np.finfo(dtype).eps, atol=1e-30)
    assert (rows.shape, rows.ndim, len(rows)) == (expected.shape, 2, 20)
    assert (rows.dtype, expanded.dtype) == (dtype, dtype)


@each_kind
def test_the_loss_of_rows_is_that_of_the_array_they_stand_for(instructions, stored, kind):
    """With mean, spread and bias, and in random batches whose labels are indexed alike."""
    stored = stored.astype(kind)
    rows = Rows(stored, stored.mean(axis=0), 1 / stored.std(axis=0), bias=True)
    rng = np.random.default_rng(1)
    W, y = rng.standard_normal((7, 3)).astype(rows.dtype), rng.integers(3, size=20)
    for idx in (slice(None), rng.integers(20, size=50), y > 0):
        loss, dW = softmax_loss(W, rows[idx], y[idx], 0.1)
        expected, expected_dW = softmax_loss(W, np.asarray(rows)[idx], y[idx], 0.1)
        eps = float(np.finfo(rows.dtype).eps)
        assert loss == pytest.approx(expected, rel=10 * eps)
        np.testing.assert_allclose(dW, expected_dW, atol=20 * eps)


INDICES = {
    "a slice": slice(3, 17, 2),
    "all backwards": slice(None, None, -1),
    "nothing of it": slice(5, 5),
    "integers": np.array([3, 1, 4, 1, 5]),
    "integers from the end": np.array([-1, 0, -3]),
    "a list": [2, 2, 0],
    "an empty list": [],
    "a mask": np.arange(10) % 3 == 0,
    "a mask of nothing": np.zeros(10, bool),
}


@pytest.mark.parametrize(
    ("first", "second"), [*itertools.product(INDICES, INDICES)], ids=lambda name: name
)
def test_a_view_of_a_view_is_numpys(stored, first, second):
    """Slices, integers and masks, one after the other, give the rows they give of the array."""
    rows, expected = Rows(stored, shift=1, bias=True)[:10], (stored - np.float32(1))[:10]
    for name in (first, second):
        idx = INDICES[name]
        if name.startswith("a mask"):
            idx = idx[: len(rows)] if len(rows) <= 10 else np.resize(idx, len(rows))
        elif not isinstance(idx, slice):
            idx = np.asarray(idx, int)
            idx = idx[(idx < len(rows)) & (idx >= -len(rows))]
            idx = idx.tolist() if name.endswith("list") else idx
        rows = rows[idx]
        expected = expected[idx if len(np.shape(idx)) == 0 or len(idx) else slice(0)]
    assert rows.shape == (len(expected), 7)
    np.testing.assert_array_equal(np.asarray(rows)[:, :-1], expected)


@pytest.mark.parametrize("dtype", LABELS, ids=str)
def test_an_index_of_any_whole_dtype(instructions, dtype):
    """Eight to sixty-four bits, and from the end also of more rows than eight bits can count."""
    X = np.arange(600.0).reshape(300, 2) / 600
    W, y = np.eye(2), np.array([0, 1, 1])
    for idx in ([0, 100, 5], [-1, -100, 5] if dtype.kind == "i" else [7, 7, 7]):
        rows = Rows(X)[np.array(idx, dtype)]
        np.testing.assert_array_equal(np.asarray(rows), X[idx])
        assert softmax_loss(W, rows, y, 0.0)[0] == softmax_loss(W, X[idx], y, 0.0)[0]


def test_an_index_in_the_other_order_of_bytes(instructions):
    """As a file written on another machine has it."""
    X = np.arange(600.0).reshape(300, 2) / 600
    W, y, idx = np.eye(2), np.array([0, 1, 1]), [299, 256, 5]
    expected = softmax_loss(W, X[idx], y, 0.0)[0]
    for dtype in LABELS:
        if dtype.itemsize > 1:
            rows = Rows(X)[np.array(idx, dtype.newbyteorder())]
            assert softmax_loss(W, rows, y, 0.0)[0] == expected


def test_a_view_copies_nothing(stored):
    """It sees what is written to the stored rows later."""
    rows = Rows(stored)
    views = rows[3:9], rows[::-1][11:17], rows[np.arange(3, 9)][:], rows[3:9][np.arange(6)]
    stored[4] = 77
    for view in views:
        assert np.shares_memory(view.stored, stored)
        assert (np.asarray(view) == 77).all(axis=1).any()


def test_an_index_is_ours_once_it_is_taken(stored):
    """Of a mask and of numbers from the end; and the first view is as it was."""
    rows = Rows(stored)
    rows[np.array([-1, 2])]
    rows[5:]
    assert rows.shape == (20, 6)
    np.testing.assert_array_equal(np.asarray(rows), stored)


def test_rows_of_rows_and_of_tables(stored):
    """What only stands for an array, other Rows among them, is expanded."""
    np.testing.assert_array_equal(np.asarray(Rows(Rows(stored, 1), 1)), stored - np.float32(2))


def test_rows_can_be_sent_to_another_process(stored):
    """Pickled, copied, and come out the same."""
    rows = Rows(stored, shift=3, scale=0.5, bias=True)[[1, 2, 3]]
    for other in (pickle.loads(pickle.dumps(rows)), copy.copy(rows), copy.deepcopy(rows)):
        np.testing.assert_array_equal(np.asarray(other), np.asarray(rows))


def test_expanding_gives_any_dtype_and_always_a_new_array(stored):
    """numpy.asarray(rows, dtype); without leave to copy there is no array."""
    rows = Rows(stored.astype(np.float64))
    assert np.asarray(rows, np.float32).dtype == np.float32
    assert not np.shares_memory(np.asarray(rows), rows.stored)
    assert np.array(rows).dtype == np.float64
    with pytest.raises(ValueError, match=r"copy must be True or None.*; got False; try numpy.asar"):
        rows.__array__(copy=False)


def test_rows_in_words(stored):
    """Shape, dtype and what is stored: never the rows themselves."""
    assert repr(Rows(stored, bias=True)) == "Rows(shape=(20, 7), dtype=float32, stored=uint8)"


def test_bias_alone_is_a_feature(instructions):
    """Of rows without features the bias remains, and the loss is that of a column of ones."""
    W, y = np.array([[1.0, -1]], np.float32), np.array([0, 1, 1, 0])
    rows = Rows(np.empty((4, 0), np.uint8), bias=True)
    expected, expected_dW = softmax_loss(W, np.ones((4, 1), np.float32), y, 0.1)
    loss, dW = softmax_loss(W, rows, y, 0.1)
    assert loss == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(dW, expected_dW, rtol=1e-6)


# ---- what is refused -------------------------------------------------------------------------

REFUSED = {
    "a list": (
        lambda x: Rows(x.tolist()),
        "X must be a two-dimensional array, one row an example; got list; try X.reshape(N, D)",
    ),
    "images": (
        lambda x: Rows(x.reshape(20, 2, 3)),
        "X must be a two-dimensional array, one row an example; got shape (20, 2, 3); "
        "try X.reshape(N, D)",
    ),
    "whole numbers": (
        lambda x: Rows(x.astype(int)),
        "X must be uint8, float32 or float64; got int64; try X.astype(np.float32)",
    ),
    "a shift for more features": (
        lambda x: Rows(x, shift=np.ones(7)),
        "shift must be a number or have shape (6,) to match X (20, 6); got (7,); try one a feature",
    ),
    "a scale a row": (
        lambda x: Rows(x, scale=np.ones((20, 1))),
        "scale must be a number or have shape (6,) to match X (20, 6); got (20, 1); "
        "try one a feature",
    ),
    "a shift of text": (
        lambda x: Rows(x, shift="mean"),
        "shift must be a number or have shape (6,) to match X (20, 6); got <U4; try one a feature",
    ),
    "a scale of a feature that never varies": (
        lambda x: Rows(x, scale=np.array([1, 1, np.inf, 1, 1, 1])),
        "scale must be finite; got nan or inf; try a feature whose spread is not 0",
    ),
    "one row": (
        lambda x: Rows(x)[3],
        "the index must be a slice or a row of integers; got shape () of int64; "
        "try rows[5:6] for one row",
    ),
    "rows and columns": (
        lambda x: Rows(x)[:, 0],
        "the index must be a slice or a row of integers; got shape (2,) of object; "
        "try rows[5:6] for one row",
    ),
    "an index of two dimensions": (
        lambda x: Rows(x)[[[1, 2]]],
        "the index must be a slice or a row of integers; got shape (1, 2) of int64; "
        "try rows[5:6] for one row",
    ),
    "a mask too short": (
        lambda x: Rows(x)[np.ones(19, bool)],
        "the index must be a slice or a row of integers; got shape (19,) of bool; "
        "try rows[5:6] for one row",
    ),
    "an index of floats": (
        lambda x: Rows(x)[np.array([1.0])],
        "the index must be a slice or a row of integers; got shape (1,) of float64; "
        "try rows[5:6] for one row",
    ),
    "an index past the end": (
        lambda x: Rows(x)[[3, 20]],
        "the index must lie in [0, 20); got 20; try rng.integers(len(rows), size=batch_size)",
    ),
    "an index before the beginning": (
        lambda x: Rows(x)[[3, -21]],
        "the index must lie in [0, 20); got -21; try rng.integers(len(rows), size=batch_size)",
    ),
    "an index past the end of a view": (
        lambda x: Rows(x)[5:10][[5]],
        "the index must lie in [0, 5); got 5; try rng.integers(len(rows), size=batch_size)",
    ),
    "an index past all signed numbers": (
        lambda x: Rows(x)[np.array([2**64 - 1], np.uint64)],
        f"the index must lie in [0, 20); got {2**64 - 1}; "
        "try rng.integers(len(rows), size=batch_size)",
    ),
    "weights without a bias": (
        lambda x: softmax_loss(np.ones((6, 2), "f4"), Rows(x, bias=True), np.zeros(20, int), 0.0),
        "W must have shape (7, C) to match X (20, 7); got (6, 2); try a W made for this X",
    ),
    "weights of another dtype": (
        lambda x: softmax_loss(np.ones((6, 2)), Rows(x), np.zeros(20, int), 0.0),
        "X must have the dtype of W, float64; got float32; try X.astype(np.float64)",
    ),
    "columns": (  # Rows are always in row layout
        lambda x: softmax_loss(np.ones((2, 20), "f4"), Rows(x), np.zeros(6, int), 0.0),
        "W must have shape (6, C) to match X (20, 6); got (2, 20); try a W made for this X",
    ),
    "no rows": (
        lambda x: softmax_loss(np.ones((6, 2), "f4"), Rows(x)[:0], np.zeros(0, int), 0.0),
        "X must hold at least one example of one feature; got (0, 6); "
        "try a batch that is not empty",
    ),
}


@pytest.mark.parametrize(("spoil", "expected"), REFUSED.values(), ids=REFUSED)
def test_rows_refuse_in_four_parts(stored, spoil, expected):
    """Each bad argument or index is named, with what it must be, what came, and what to try."""
    with pytest.raises(ValueError) as error:
        spoil(stored)
    assert str(error.value) == expected
