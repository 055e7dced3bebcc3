"""The one place that knows of the engine: when it is taken, and what happens without it."""

import sys

import numpy as np
import pytest

from classifiers import Softmax, compiled, rows, softmax_loss_compiled, softmax_loss_vectorized

engine = pytest.importorskip("softmax_engine", reason="the package softmax_engine is not installed")


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    """No wish of the person who runs the tests."""
    monkeypatch.delenv("SOFTMAX_ENGINE", raising=False)


@pytest.fixture
def pixels():
    """Weights for the bytes of a few images, the bytes, their mean, and labels."""
    rng = np.random.default_rng(3)
    X = rng.integers(256, size=(300, 40), dtype=np.uint8)
    W = (0.1 * rng.standard_normal((41, 3))).astype(np.float32)
    return W, X, X.mean(axis=0), rng.integers(3, size=300)


@pytest.fixture
def taken(monkeypatch):
    """(loss that chooses, list of what it chose)."""
    chosen = []

    def other(*args):
        chosen.append("other")
        return softmax_loss_vectorized(*args)

    def engines(*args):
        chosen.append("compiled")
        return softmax_loss_compiled(*args)

    monkeypatch.setattr(compiled, "softmax_loss_compiled", engines)
    return compiled.compiled_or(other), chosen


def without_the_engine(monkeypatch):
    monkeypatch.setitem(sys.modules, "softmax_engine", None)


def test_large_batches_go_to_the_engine(taken):
    """A row goes to the vectorized rung, a batch of images to the compiled one."""
    loss, chosen = taken
    rng = np.random.default_rng(0)
    X, W = rng.standard_normal((500, 3073)), rng.standard_normal((3073, 10))
    y = rng.integers(10, size=500)
    for N in (1, 500):
        loss(W, X[:N], y[:N], 0.1)
    assert chosen == ["other", "compiled"]


def test_rows_go_to_the_engine_however_few(taken, pixels):
    """They were made for it, and the other rung would expand them."""
    loss, chosen = taken
    W, X, mean, y = pixels
    loss(W, rows(X, mean, 1 / 64, bias=True)[:1], y[:1], 0.1)
    assert chosen == ["compiled"]


@pytest.mark.parametrize(("mode", "expected"), [("on", "compiled"), ("off", "other")])
def test_the_environment_decides(taken, pixels, monkeypatch, mode, expected):
    """on is always and off is never, however large the batch."""
    loss, chosen = taken
    monkeypatch.setenv("SOFTMAX_ENGINE", mode)
    for n in (3, 300_000):
        loss(np.ones((2, 2)), np.ones((n, 2)), np.zeros(n, int), 0.1)
    assert chosen == [expected, expected]


def test_another_word_in_the_environment_is_refused(batch, monkeypatch):
    """Rather than taken for one of the three."""
    monkeypatch.setenv("SOFTMAX_ENGINE", "yes")
    message = "SOFTMAX_ENGINE must be auto, on or off; got 'yes'; try leaving it unset"
    with pytest.raises(ValueError, match=message):
        softmax_loss_compiled(*batch, 0.1)


def test_off_switches_off_the_compiled_rung_too(batch, monkeypatch):
    """It says by what."""
    monkeypatch.setenv("SOFTMAX_ENGINE", "off")
    with pytest.raises(ImportError, match="must have the package softmax_engine; got SOFTMAX_ENGI"):
        softmax_loss_compiled(*batch, 0.1)


def test_without_the_engine_auto_takes_the_other(taken, monkeypatch):
    """However large the batch."""
    loss, chosen = taken
    without_the_engine(monkeypatch)
    loss(np.ones((2, 2)), np.ones((300_000, 2)), np.zeros(300_000, int), 0.1)
    assert chosen == ["other"]


def test_without_the_engine_on_is_an_error(taken, batch, monkeypatch):
    """Also where the package is there and its kernel is not."""
    loss, _ = taken
    monkeypatch.setenv("SOFTMAX_ENGINE", "on")
    monkeypatch.setenv("SOFTMAX_ENGINE_ISA", "numpy")
    with pytest.raises(ImportError, match="must have the kernel of softmax_engine; got "):
        loss(*batch, 0.1)
    without_the_engine(monkeypatch)
    with pytest.raises(ImportError, match="got no such package; try `make engine`, or softmax_lo"):
        loss(*batch, 0.1)


def test_rows_are_the_engines_or_expanded(pixels, monkeypatch):
    """The engine's view, which is no copy; without a kernel, the very same numbers in an array."""
    _, X, mean, _ = pixels
    for shift, scale, bias in [(None, None, False), (mean, 1 / 64, True), (128, np.ones(40), True)]:
        view = rows(X, shift, scale, bias)
        assert isinstance(view, engine.Rows)
        assert view.stored is X
        with monkeypatch.context() as patch:
            without_the_engine(patch)
            expanded = rows(X, shift, scale, bias)
        assert type(expanded) is np.ndarray
        assert expanded.dtype == view.dtype
        np.testing.assert_array_equal(expanded, view)
    monkeypatch.setenv("SOFTMAX_ENGINE_ISA", "numpy")
    assert type(rows(X)) is np.ndarray


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_without_the_engine_rows_keep_their_dtype(pixels, monkeypatch, dtype):
    """float32 for bytes, and what floats are."""
    without_the_engine(monkeypatch)
    expected = "float32" if dtype == "uint8" else dtype
    assert rows(pixels[1].astype(dtype), 1.5, 2.0, True).dtype == expected


def test_without_the_engine_rows_are_checked_too(pixels, monkeypatch):
    """Whole numbers are no pixels, and an image is no row."""
    without_the_engine(monkeypatch)
    X = pixels[1]
    for wrong in (X.astype(int), X[0], X.tolist()):
        with pytest.raises(ValueError, match="X must be a matrix of uint8, float32 or float64; g"):
            rows(wrong)


def test_the_classifier_trains_on_rows(pixels):
    """train, solve, scores and accuracy see in the bytes what they see in the features."""
    _, X, mean, y = pixels
    view = rows(X, mean, 1 / 64, bias=True)
    one, other = Softmax(), Softmax(softmax_loss_vectorized)
    both = (one, view), (other, np.asarray(view))
    for model, features in both:
        model.train(features, y, num_iters=20, rng=0)
    assert one.W.dtype == np.float32
    np.testing.assert_allclose(one.W, other.W, atol=1e-6)
    # The minimum is flat: in float32, W is sharp to 1e-3 only, and the loss to its digits.
    losses = [model.solve(features, y, reg=0.1)[-1] for model, features in both]
    np.testing.assert_allclose(*losses, rtol=1e-6)
    np.testing.assert_allclose(one.scores(view), one.scores(np.asarray(view)), rtol=1e-6)
    assert one.accuracy(view, y) == one.accuracy(np.asarray(view), y)


def test_the_other_rungs_expand_rows(pixels):
    """An explicit rung takes them too, for it is told to."""
    W, X, mean, y = pixels
    view = rows(X, mean, 1 / 64, bias=True)
    expected = softmax_loss_vectorized(W, np.asarray(view), y, 0.1)
    found = softmax_loss_vectorized(W, view, y, 0.1)
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


def test_rows_that_do_not_fit_are_refused_in_the_doors_words(pixels):
    """W without a row for the bias, labels out of range."""
    W, X, mean, y = pixels
    view = rows(X, mean, bias=True)
    with pytest.raises(
        ValueError, match=r"W must have shape \(41, C\) to match X \(300, 41\); got"
    ):
        softmax_loss_compiled(W[:-1], view, y, 0.1)
    with pytest.raises(ValueError, match=r"y must lie in \[0, 3\), one index for each class of W"):
        softmax_loss_compiled(W, view, y + 1, 0.1)
