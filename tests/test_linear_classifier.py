"""The linear classifier: training, solving, predicting, and files that are whole or not there."""

import os
import warnings

import numpy as np
import pytest
import threadpoolctl

import optim
from classifiers import Softmax, door, softmax_loss_vectorized


@pytest.fixture
def blobs():
    """Three clouds of points that a line through the origin nearly separates, with ones."""
    rng = np.random.default_rng(1)
    y = rng.integers(3, size=300)
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    X = np.hstack([centres[y] + rng.standard_normal((300, 2)), np.ones((300, 1))])
    return X, y


def distance_from_minimum(model, X, y, reg):
    """A bound on loss - minimum: the loss is reg-strongly convex, so |dW|^2 / (2 reg)."""
    _, dW = softmax_loss_vectorized(model.W.astype(np.float64), X.astype(np.float64), y, reg)
    return np.sum(dW**2) / (2 * reg)


def test_train_returns_the_history_and_learns(blobs):
    """A loss for each step, falling, and most points right in the end."""
    X, y = blobs
    model = Softmax()
    history = model.train(X, y, learning_rate=0.1, num_iters=200, rng=np.random.default_rng(0))
    assert len(history) == 200
    assert history is model.loss_history
    assert np.mean(history[-20:]) < 0.5 * np.mean(history[:5])
    assert model.accuracy(X, y) > 0.85


def test_train_continues_from_W(blobs):
    """Twice fifty steps by one generator are the same as a hundred."""
    X, y = blobs
    once, twice = Softmax(), Softmax()
    history = once.train(X, y, num_iters=100, rng=np.random.default_rng(0))
    rng = np.random.default_rng(0)
    halves = twice.train(X, y, num_iters=50, rng=rng) + twice.train(X, y, num_iters=50, rng=rng)
    assert halves == history
    np.testing.assert_array_equal(twice.W, once.W)


def test_train_draws_rows_with_replacement(blobs):
    """Of 300 rows, batches of 300 hold about 1 - 1/e of them, and each row's own label."""
    X, y = blobs
    seen = []

    def loss(W, X_batch, y_batch, reg):
        rows = [int(np.flatnonzero(np.all(row == X, axis=1))[0]) for row in X_batch]
        np.testing.assert_array_equal(y_batch, y[rows])
        seen.append(len(set(rows)) / 300)
        return softmax_loss_vectorized(W, X_batch, y_batch, reg)

    Softmax(loss).train(X, y, num_iters=5, batch_size=300, rng=np.random.default_rng(0))
    assert np.mean(seen) == pytest.approx(1 - 1 / np.e, abs=0.03)


def test_train_follows_the_update_rule(blobs):
    """The rule gets the gradient of the batch and its own config back, and its W is taken."""
    X, y = blobs
    configs = []

    def rule(w, dw, config):
        configs.append(dict(config))
        return w - 1.0, {**config, "steps": config.get("steps", 0) + 1}

    model = Softmax()
    model.W = np.zeros((3, 3))
    model.train(X, y, learning_rate=0.25, num_iters=3, update_rule=rule)
    np.testing.assert_array_equal(model.W, -3.0)
    assert configs == [
        {"learning_rate": 0.25},
        {"learning_rate": 0.25, "steps": 1},
        {"learning_rate": 0.25, "steps": 2},
    ]


@pytest.mark.parametrize("rule", [optim.sgd_momentum, optim.rmsprop, optim.adam])
def test_train_learns_by_any_rule(blobs, rule):
    """Every rule brings most points to the right side."""
    X, y = blobs
    model = Softmax()
    model.train(X, y, 0.02, num_iters=300, update_rule=rule, rng=np.random.default_rng(0))
    assert model.accuracy(X, y) > 0.85


def test_train_keeps_float32(blobs):
    """A learning rate from logspace is a numpy float64, and W stays float32 all the same."""
    X, y = blobs
    model = Softmax()
    model.train(X.astype(np.float32), y, learning_rate=np.logspace(-3, -1, 3)[1], num_iters=3)
    assert model.W.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_training_that_diverges_warns_and_keeps_the_last_finite_W(blobs, dtype):
    """A rate far too high ends in one RuntimeWarning, a short history and a finite W."""
    X, y = blobs
    model = Softmax()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.train(X.astype(dtype), y, learning_rate=1e30, reg=1.0, num_iters=100)
    assert [warning.category for warning in caught] == [RuntimeWarning]
    assert "diverged" in str(caught[0].message)
    assert "try a learning_rate below 1e+30" in str(caught[0].message)
    assert 0 < len(history) < 100
    assert np.isfinite(history).all()
    assert np.isfinite(model.W).all()


def test_solve_reaches_the_minimum(blobs):
    """In float64 max|dW| ends below tol, and the history starts at log 3 and falls to the end."""
    X, y = blobs
    model = Softmax()
    history = model.solve(X, y, reg=0.1, tol=1e-9)
    assert history[0] == pytest.approx(np.log(3))
    assert history[-1] == pytest.approx(model.loss(X, y, 0.1)[0])
    assert np.all(np.diff(history) <= 0)
    assert np.abs(model.loss(X, y, 0.1)[1]).max() <= 1e-9


def test_solve_in_float32_ends_without_complaint(blobs):
    """Where float32 can fall no further it has converged, within 1e-6 of the minimum."""
    X, y = blobs
    model = Softmax()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.solve(X.astype(np.float32), y, reg=0.1, tol=1e-9)
        assert model.W.dtype == np.float32
        assert distance_from_minimum(model, X, y, 0.1) < 1e-6
        model.solve(X.astype(np.float32), y, reg=0.1, tol=1e-9)  # and again, from there


def test_solve_continues_from_W(blobs):
    """Started at its own solution it takes no step."""
    X, y = blobs
    model = Softmax()
    model.solve(X, y, reg=0.1)
    W = model.W
    assert len(model.solve(X, y, reg=0.1)) == 1
    np.testing.assert_array_equal(model.W, W)


def test_solve_says_when_it_ran_out_of_iterations(blobs):
    """max_iters before tol is a RuntimeWarning that says how far it came."""
    with pytest.warns(RuntimeWarning, match=r"above tol = 1.0e-06: it came to max_iters; try more"):
        history = Softmax().solve(*blobs, reg=0.1, max_iters=2)
    assert len(history) == 3


def test_solve_says_when_the_gradient_leads_nowhere(blobs):
    """With dW of the wrong sign no lower loss is found, and a gradient check is advised."""

    def uphill(W, X, y, reg):
        loss, dW = softmax_loss_vectorized(W, X, y, reg)
        return loss, -dW

    with pytest.warns(RuntimeWarning, match="does not fall along -dW; try a gradient check"):
        Softmax(uphill).solve(*blobs, reg=0.1)


@pytest.mark.parametrize("method", ["train", "solve"])
def test_blas_is_held_to_one_thread(blobs, method):
    """During training every BLAS has one thread; afterwards what it had before."""

    def blas_threads():
        pools = threadpoolctl.threadpool_info()
        return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}

    during = []

    def loss(W, X, y, reg):
        during.append(blas_threads())
        return softmax_loss_vectorized(W, X, y, reg)

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        getattr(Softmax(loss), method)(*blobs, reg=0.1)
        assert blas_threads() == {2}
    assert during
    assert all(threads == {1} for threads in during)


@pytest.mark.parametrize("method", ["train", "solve"])
def test_an_interrupt_keeps_what_was_trained(blobs, method):
    """Ctrl-C in the tenth loss passes on, and W and the history are those of the steps so far."""
    calls = []

    def loss(W, X, y, reg):
        calls.append(W)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return softmax_loss_vectorized(W, X, y, reg)

    model = Softmax(loss)
    with pytest.raises(KeyboardInterrupt):
        model.train(*blobs) if method == "train" else model.solve(*blobs, reg=1e-3)
    assert model.loss_history[-1] < model.loss_history[0]
    assert any(np.array_equal(model.W, W) for W in calls)


@pytest.mark.parametrize("method", ["train", "solve"])
def test_a_refused_call_leaves_no_trace(blobs, method):
    """After a refusal there is no half-made W: the next call starts as if it were the first."""
    X, y = blobs
    model = Softmax()
    for arguments in ((X, 0 * y, 0.1), (X, y % 2, -1.0)):
        bad_X, bad_y, reg = arguments
        with pytest.raises(ValueError, match=r"must .*; got .*; try "):
            getattr(model, method)(bad_X, bad_y, reg=reg)
        assert model.W is None
    getattr(model, method)(X, y, reg=0.1)
    assert model.W.shape == (3, 3)


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("train", {"learning_rate": np.nan}, "learning_rate must be a finite number > 0; got nan"),
        (
            "train",
            {"learning_rate": 0},
            "learning_rate must be a finite number > 0; got 0; try 1e-3",
        ),
        ("train", {"learning_rate": None}, "learning_rate must be a finite number > 0; got None"),
        ("train", {"batch_size": 0}, "batch_size must be a whole number from 1 up; got 0; try 200"),
        ("train", {"batch_size": 2.5}, "batch_size must be a whole number from 1 up; got 2.5"),
        ("train", {"num_iters": -1}, "num_iters must be a whole number from 1 up; got -1"),
        (
            "solve",
            {"reg": 0.1, "tol": np.nan},
            "tol must be a finite number >= 0; got nan; try 1e-6",
        ),
        (
            "solve",
            {"reg": 0.1, "max_iters": 0},
            "max_iters must be a whole number from 1 up; got 0",
        ),
    ],
)
def test_bad_settings_are_refused(blobs, method, options, message):
    """A rate, a size or a number of steps that makes no sense is named, before anything is done."""
    model = Softmax()
    with pytest.raises(ValueError) as error:
        getattr(model, method)(*blobs, **options)
    assert str(error.value).startswith(message)
    assert model.W is None


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("method", ["train", "solve"])
def test_nan_in_X_is_named_by_its_own_row(blobs, method):
    """The row is that of X, not that of some mini-batch."""
    X, y = blobs
    X[17, 1] = np.nan
    with pytest.raises(ValueError, match="X must be finite; got nan in row 17, column 1"):
        getattr(Softmax(), method)(X, y, reg=0.1)


@pytest.mark.parametrize(
    ("W", "message"),
    [
        (np.ones((3, 3), int), "W must be float32 or float64; got int64; try W.astype"),
        ([[1.0, 2.0]], "W must be a two-dimensional array, (D, C); got list"),
        (np.full((3, 3), np.nan), "W must be finite; got nan in row 0, column 0"),
    ],
)
def test_a_W_set_by_hand_is_checked(blobs, tmp_path, W, message):
    """Whatever is then done with it, W is what is named, and nothing is saved."""
    model = Softmax()
    model.W = W
    for act in (
        lambda: model.train(*blobs),
        lambda: model.solve(*blobs, reg=0.1),
        lambda: model.predict(blobs[0]),
        lambda: model.loss(*blobs, 0.1),
        lambda: model.save(tmp_path / "model.npz"),
    ):
        with pytest.raises(ValueError) as error:
            act()
        assert str(error.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", ["train", "solve"])
def test_bad_data_is_refused_before_anything_is_trained(blobs, method):
    """Labels too few, too large for W, or not integers: the door's errors, and W as it was."""
    X, y = blobs
    model = Softmax()
    model.W = np.zeros((3, 2))
    for bad_X, bad_y in ((X, y[:-1]), (X, y), (X, y.astype(float)), (X.astype(int), y)):
        with pytest.raises(ValueError, match=r"must .*; got .*; try "):
            getattr(model, method)(bad_X, bad_y, reg=0.1)
    np.testing.assert_array_equal(model.W, 0)


def test_predict_takes_the_highest_score(blobs):
    """scores are X W, and predict is the column of the largest."""
    model = Softmax()
    model.W = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.5]])
    X = np.array([[2.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.2, 0.1, 1.0]])
    np.testing.assert_array_equal(model.scores(X), X @ model.W)
    np.testing.assert_array_equal(model.predict(X), [0, 1, 2])
    assert model.accuracy(X, [0, 1, 1]) == pytest.approx(2 / 3)


def test_scores_come_in_blocks(blobs, monkeypatch):
    """However the rows are cut into blocks, every row is scored once."""
    X, _ = blobs
    model = Softmax()
    model.W = np.random.default_rng(0).standard_normal((3, 3))
    monkeypatch.setattr(door, "ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(model.scores(X), X @ model.W, rtol=1e-12)
    with pytest.raises(ValueError, match="X must hold at least one example of one feature; got"):
        model.predict(X[:0])


def test_scoring_refuses_what_does_not_fit(blobs):
    """No W yet, another width, integers, nan, and the wrong number of labels."""
    X, y = blobs
    model = Softmax()
    for act in (lambda: model.predict(X), lambda: model.loss(X, y, 0.1), lambda: model.save("x")):
        with pytest.raises(ValueError, match=r"W must be set .* try train, solve or load first"):
            act()
    model.W = np.ones((3, 3))
    X_nan = X.copy()
    X_nan[5, 1] = np.nan
    for bad, message in (
        (X[:, :2], "try a last column of ones in X"),
        (X.astype(np.uint8), r"float64; got uint8; try X.astype\(np.float64\)"),
        (X.tolist(), "X must be a two-dimensional array, one row an example; got list"),
        (X_nan, "got nan in row 5, column 1"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict(bad)
    with pytest.raises(ValueError, match=r"y must have shape \(300,\)"):
        model.accuracy(X, y[:-1])
    with pytest.raises(ValueError, match="X must hold at least one example"):
        model.accuracy(X[:0], y[:0])


def test_save_and_load(blobs, tmp_path):
    """W and the arrays by name come back as they went, to the bit."""
    model, path = Softmax(), tmp_path / "model.npz"
    model.train(*blobs, num_iters=3)
    model.save(path, mean=np.arange(3.0), classes=["cat", "dog"])
    other = Softmax()
    arrays = other.load(path)
    np.testing.assert_array_equal(other.W, model.W)
    assert arrays["classes"].tolist() == ["cat", "dog"]
    np.testing.assert_array_equal(arrays["mean"], np.arange(3.0))
    assert set(arrays) == {"mean", "classes"}
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]


def test_save_names_the_folder_that_is_missing(tmp_path):
    """Not the temporary file that nobody asked for."""
    model = Softmax()
    model.W = np.ones((2, 2))
    with pytest.raises(FileNotFoundError, match=r"no/model.npz must lie in a folder"):
        model.save(tmp_path / "no/model.npz")


def test_save_does_not_pickle(tmp_path):
    """An array of Python objects is refused, and no file appears."""
    model = Softmax()
    model.W = np.ones((2, 2))
    with pytest.raises(ValueError, match="odd must be numbers or text"):
        model.save(tmp_path / "model.npz", odd=[{"a": 1}])
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_leaves_the_old_file(tmp_path):
    """Where the system refuses the bytes, the old file is whole and alone."""
    resource = pytest.importorskip("resource", reason="this system sets no limit on a file's size")
    model, path = Softmax(), tmp_path / "model.npz"
    model.W = np.ones((2, 2))
    model.save(path)
    model.W = np.random.default_rng(0).standard_normal((300, 300))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            model.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]
    other = Softmax()
    other.load(path)
    np.testing.assert_array_equal(other.W, np.ones((2, 2)))


def damaged_files():
    """Contents that are no model: by name, a function that writes the file."""

    def truncated(path):
        np.savez(path, W=np.ones((50, 50)))
        path.write_bytes(path.read_bytes()[:-300])

    def flipped(path):
        np.savez(path, W=np.ones((50, 50)))
        content = bytearray(path.read_bytes())
        content[5000] ^= 1
        path.write_bytes(content)

    return {
        "empty": lambda path: path.write_bytes(b""),
        "text": lambda path: path.write_text("W = 3"),
        "truncated": truncated,
        "one bit flipped": flipped,
        "no W": lambda path: np.savez(path, V=np.ones((2, 2))),
        "W of integers": lambda path: np.savez(path, W=np.ones((2, 2), int)),
        "W with a nan": lambda path: np.savez(path, W=np.full((2, 2), np.nan)),
        "W one-dimensional": lambda path: np.savez(path, W=np.ones(4)),
        "a pickle": lambda path: np.savez(path, W=np.array([[{}]])),
        "an npy": lambda path: np.save(path.open("wb"), np.ones((2, 2))),
    }


@pytest.mark.parametrize("name", damaged_files())
def test_a_damaged_or_foreign_file_changes_nothing(tmp_path, name):
    """The error names the file and what to try, and W is what it was."""
    path = tmp_path / "model.npz"
    damaged_files()[name](path)
    model = Softmax()
    model.W = W = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"model.npz must be a whole file written by `save`; got "):
        model.load(path)
    assert model.W is W


def test_a_model_that_would_run_code_does_not(tmp_path):
    """A pickle inside the file is not read, whatever array it stands for."""
    marker = tmp_path / "it-ran"

    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(marker),)

    np.savez(tmp_path / "model.npz", W=np.ones((2, 2)), extra=np.array([Hostile()], object))
    with pytest.raises(ValueError, match=r"model.npz must be a whole file written by `save`"):
        Softmax().load(tmp_path / "model.npz")
    assert not marker.exists()


def test_a_missing_file_is_the_systems_error(tmp_path):
    """FileNotFoundError, as everywhere."""
    with pytest.raises(FileNotFoundError):
        Softmax().load(tmp_path / "none.npz")
