"""The door: bad arguments are refused in four parts, the same on every rung."""

import numpy as np
import pytest

from classifiers.door import door


def message(rung, W, X, y, reg):
    with pytest.raises(ValueError) as error:
        rung(W, X, y, reg)
    return str(error.value)


@pytest.fixture
def args(batch):
    W, X, y = batch  # W (5, 4), X (11, 5), y (11,)
    return {"W": W, "X": X, "y": y, "reg": 0.1}


def with_entry(array, index, value):
    array = array.copy()
    array[index] = value
    return array


REFUSED = {
    "y shorter than X": (
        lambda a: {"y": a["y"][:-1]},
        "y must have shape (11,) to match X (11, 5); got (10,); try one label for each row of X",
    ),
    "y two-dimensional": (
        lambda a: {"y": a["y"][:, None]},
        "y must have shape (11,) to match X (11, 5); got (11, 1); try y.ravel()",
    ),
    "y float": (
        lambda a: {"y": a["y"].astype(float)},
        "y must be integers, the index of the right class; got float64; try y.astype(int)",
    ),
    "y negative": (
        lambda a: {"y": with_entry(a["y"], 3, -1)},
        "y must lie in [0, 4), one index for each class of W; got -1 at y[3]; "
        "try labels that count classes from 0",
    ),
    "y too large": (
        lambda a: {"y": with_entry(a["y"], 2, 4)},
        "y must lie in [0, 4), one index for each class of W; got 4 at y[2]; "
        "try labels that count classes from 0",
    ),
    "W transposed": (
        lambda a: {"W": a["W"].T},
        "W must have shape (5, C) to match X (11, 5); got (4, 5); try W.T",
    ),
    "W of another width": (
        lambda a: {"W": a["W"][:3]},
        "W must have shape (5, C) to match X (11, 5); got (3, 4); try a W made for this X",
    ),
    "X without its column of ones": (
        lambda a: {"X": a["X"][:, :-1]},
        "W must have shape (4, C) to match X (11, 4); got (5, 4); "
        "try a last column of ones in X, for the bias",
    ),
    "one class": (
        lambda a: {"W": a["W"][:, :1], "y": 0 * a["y"]},
        "W must have a column for each of at least two classes; got (5, 1); try shape (D, 2)",
    ),
    "W one-dimensional": (
        lambda a: {"W": a["W"].ravel()},
        "W must be a two-dimensional array, (D, C); got shape (20,); "
        "try an array of one column a class",
    ),
    "W a list": (
        lambda a: {"W": a["W"].tolist()},
        "W must be a two-dimensional array, (D, C); got list; try an array of one column a class",
    ),
    "X images": (
        lambda a: {"X": a["X"].reshape(11, 5, 1)},
        "X must be a two-dimensional array, one row an example; got shape (11, 5, 1); "
        "try X.reshape(N, D)",
    ),
    "nan in W": (
        lambda a: {"W": with_entry(a["W"], (2, 1), np.nan)},
        "W must be finite; got nan in row 2, column 1; "
        "try a smaller learning rate, if training made this W",
    ),
    "nan in X": (
        lambda a: {"X": with_entry(a["X"], (7, 1), np.nan)},
        "X must be finite; got nan in row 7, column 1; try leaving that example out",
    ),
    "inf in X": (
        lambda a: {"X": with_entry(a["X"], (10, 0), -np.inf)},
        "X must be finite; got -inf in row 10, column 0; try leaving that example out",
    ),
    "empty batch": (
        lambda a: {"X": a["X"][:0], "y": a["y"][:0]},
        "X must hold at least one example of one feature; got (0, 5); "
        "try a batch that is not empty",
    ),
    "reg negative": (
        lambda a: {"reg": -0.1},
        "reg must be a finite number >= 0; got -0.1; try 0.1, or 0 for no regularisation",
    ),
    "reg nan": (
        lambda a: {"reg": np.nan},
        "reg must be a finite number >= 0; got nan; try 0.1, or 0 for no regularisation",
    ),
    "reg too large for a float": (
        lambda a: {"reg": 10**400},
        f"reg must be a finite number >= 0; got {10**400}; try 0.1, or 0 for no regularisation",
    ),
    "reg text": (
        lambda a: {"reg": "0,1"},
        "reg must be a finite number >= 0; got '0,1'; try 0.1, or 0 for no regularisation",
    ),
    "X integer": (
        lambda a: {"X": a["X"].astype(np.uint8)},
        "X must be float32 or float64; got uint8; try X.astype(np.float64)",
    ),
    "W integer": (
        lambda a: {"W": a["W"].astype(int)},
        "W must be float32 or float64; got int64; try W.astype(np.float64)",
    ),
    "mixed dtypes": (
        lambda a: {"W": a["W"].astype(np.float32)},
        "X must have the dtype of W, float32; got float64; try X.astype(np.float32)",
    ),
}


@pytest.mark.filterwarnings("ignore:invalid value")  # numpy's, on the way to the clear error
@pytest.mark.parametrize(("spoil", "expected"), REFUSED.values(), ids=REFUSED)
def test_refuses_in_four_parts(rung, args, spoil, expected):
    """Each bad argument is named, with what it must be, what came, and what to try."""
    assert message(rung, **{**args, **spoil(args)}) == expected


def test_columns_are_refused_as_rows_are(rung, args):
    """In the column layout a label out of range is found as well."""
    y = with_entry(args["y"], 0, 4)
    assert "got 4 at y[0]" in message(rung, args["W"].T, args["X"].T, y, 0.1)


def test_as_many_examples_as_classes_are_rows_all_the_same(rung, args):
    """Three rows of X for three classes, the column of ones forgotten: it speaks of rows."""
    got = message(rung, args["W"][:, :3], args["X"][:3, :-1], args["y"][:3], 0.1)
    assert got.endswith("got (5, 3); try a last column of ones in X, for the bias")


def test_an_array_that_is_not_numpy_is_expanded(rung, args):
    """Anything with a shape that numpy can expand is taken for the array it stands for."""

    class View:
        shape = args["X"].shape

        def __array__(self, dtype=None, copy=None):
            return args["X"]

    assert rung(args["W"], View(), args["y"], 0.1)[0] == rung(**args)[0]


def test_the_body_knows_rows_only(args):
    """Under the door there are plain arrays in rows, and reg is a Python float."""

    @door
    def body(W, X, y, reg):
        assert (W.shape, X.shape, y.shape, type(reg)) == ((5, 4), (11, 5), (11,), float)
        return np.float32(2), np.ones((5, 4))

    for W, X in ((args["W"], args["X"]), (args["W"].T, args["X"].T)):
        loss, dW = body(W, X, args["y"].tolist(), np.float64(1))
        assert (type(loss), dW.shape) == (float, W.shape)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (None, "the result must be the pair (loss, dW); got NoneType; try return loss, dW"),
        (
            (np.zeros(11), np.zeros((5, 4))),
            "loss must be one number; got shape (11,); try the mean over the examples",
        ),
        (
            (0.0, np.zeros((4, 5))),
            "dW must have the shape of W, (5, 4); got (4, 5); try the shapes of its factors",
        ),
        (
            (None, np.zeros((5, 4))),
            "loss must be one number; got object; try the mean over the examples",
        ),
        (
            (0.0, np.full((5, 4), "a")),
            "dW must be an array of numbers; got <U1; try the formula term by term",
        ),
    ],
)
def test_a_body_half_done_is_told_what_it_returned(args, result, expected):
    """A result that is not a number and an array like W is refused at the door as well."""
    assert message(door(lambda W, X, y, reg: result), **args) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_of_another_dtype_becomes_that_of_W(args, dtype):
    """A body that makes its zeros in float64 still gives a float32 W a float32 dW."""
    W, X = args["W"].astype(dtype), args["X"].astype(dtype)
    _, dW = door(lambda W, X, y, reg: (0.0, np.zeros(W.shape).tolist()))(W, X, args["y"], 0.1)
    assert dW.dtype == dtype


def test_what_the_body_raises_passes(args):
    """NotImplementedError is how an unfinished exercise says so."""

    @door
    def unfinished(W, X, y, reg):
        raise NotImplementedError("write me")

    with pytest.raises(NotImplementedError, match="write me"):
        unfinished(**args)


def test_a_result_that_is_not_finite_from_finite_arguments_is_returned(args):
    """Only X is blamed for what X did; a body's own nan is the body's."""
    loss, _ = door(lambda W, X, y, reg: (np.nan, W))(**args)
    assert np.isnan(loss)
