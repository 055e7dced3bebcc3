"""Drawn images: the same bytes everywhere, hard for a linear rule in the way CIFAR-10 is."""

import ast
import hashlib
import inspect

import numpy as np
import pytest
from scipy.linalg import cho_factor, cho_solve

import cifar_like
from cifar_like import CLASSES, make_cifar_like


@pytest.fixture(scope="module")
def ten_thousand():
    return make_cifar_like(10_000, seed=0)


def planes(X):
    """Images as (num, colour, row, column), wide enough to add and subtract."""
    return X.reshape(-1, 3, 32, 32).astype(np.int64)


@pytest.mark.parametrize(
    "num, seed, digest",
    [
        (600, 0, "28a2e0a9aeee0838bdd638df0c1f610ac6a2ab3df3489e7d0c196ffddeeea5f7"),
        (10, 7, "1d5bff936b742c52efb4cb326847469ab275734e39e6c38de03951b2bbd1c21b"),
    ],
)
def test_checksum(num, seed, digest):
    """A seed gives the same bytes on every machine and every numpy (written with 2.4 and 1.26)."""
    X, y = make_cifar_like(num, seed)
    assert hashlib.sha256(X.tobytes() + y.astype("<i8").tobytes()).hexdigest() == digest


def test_no_float_takes_part():
    """The module holds no float number and no true division, so no rounding can differ."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(cifar_like))))
    assert not [n for n in nodes if isinstance(n, ast.Div)]
    assert not [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, float)]


def test_shapes_and_dtypes(ten_thousand):
    """X is (num, 3072) uint8 and y (num,) int64; ten names stand for the ten labels."""
    X, y = ten_thousand
    assert X.shape == (10_000, 3072) and X.dtype == np.uint8
    assert y.shape == (10_000,) and y.dtype == np.int64
    assert len(set(CLASSES)) == 10 and CLASSES[0] == "airplane" and CLASSES[9] == "truck"


def test_no_images():
    """No images are two empty arrays of the usual width and dtypes."""
    X, y = make_cifar_like(0)
    assert X.shape == (0, 3072) and X.dtype == np.uint8
    assert y.shape == (0,) and y.dtype == np.int64


@pytest.mark.parametrize("num", [1, 99, 101, 256])
def test_prefix(ten_thousand, num):
    """Fewer images are the first of more, so a long set can be made piece by piece."""
    X, y = make_cifar_like(num, seed=0)
    assert np.array_equal(X, ten_thousand[0][:num])
    assert np.array_equal(y, ten_thousand[1][:num])


def test_chunks_leave_no_trace(ten_thousand, monkeypatch):
    """Images made seven at a time are the images made a hundred at a time."""
    monkeypatch.setattr(cifar_like, "CHUNK", 7)
    X, y = make_cifar_like(150, seed=0)
    assert np.array_equal(X, ten_thousand[0][:150])
    assert np.array_equal(y, ten_thousand[1][:150])


def test_seeds_differ(ten_thousand):
    """Another seed gives other labels, and no image of the first."""
    X, y = make_cifar_like(500, seed=1)
    assert not np.array_equal(y, ten_thousand[1][:500])
    assert not {row.tobytes() for row in X} & {row.tobytes() for row in ten_thousand[0]}


def test_classes_are_uniform(ten_thousand):
    """Each class has a tenth of the images, give or take five standard deviations (150)."""
    counts = np.bincount(ten_thousand[1], minlength=10)
    assert len(counts) == 10
    assert abs(counts - 1000).max() < 150


def test_no_image_repeats(ten_thousand):
    """Ten thousand images are ten thousand different images."""
    assert len({row.tobytes() for row in ten_thousand[0]}) == 10_000


def test_file_order(ten_thousand):
    """Planes are red, green, blue, and rows run downwards: frogs are green, ships lie on blue."""
    X, y = ten_thousand
    frog = planes(X[y == CLASSES.index("frog")]).mean(axis=0)[:, 14:22, 12:20].mean(axis=(1, 2))
    assert frog.argmax() == 1
    ship = planes(X[y == CLASSES.index("ship")]).mean(axis=0)
    red, green, blue = ship[:, -4:].mean(axis=(1, 2))
    assert red < green < blue
    above, below = ship[0, :4].mean(), ship[0, -4:].mean()
    assert above > below + 30


@pytest.mark.parametrize("name", ["airplane", "bird", "deer", "horse"])  # seen from the side
def test_mirrored(ten_thousand, name):
    """The mean of a class is its own mirror image (so a horse has two heads), one image is not."""
    X, y = ten_thousand
    images = planes(X[y == CLASSES.index(name)])
    difference = images - images[..., ::-1]
    # Of 1,000 images the mean differs by chance: 1 / sqrt(1000) of one difference, as a rule.
    assert np.sqrt((difference**2).mean()) > 20
    assert np.sqrt((difference.mean(axis=0) ** 2).mean()) < 5


def test_no_pixel_settles_the_class(ten_thousand):
    """Knowing one byte to 16 levels, and the best guess for each level, gives under 0.2."""
    X, y = ten_thousand
    columns = np.arange(3072) * 160
    counts = np.zeros(3072 * 160, np.int64)
    for label in range(10):
        for row in X[y == label][:400] >> 4:
            counts[columns + row * np.int64(10) + label] += 1
    right = counts.reshape(3072, 16, 10).max(axis=2).sum(axis=1)
    assert right.max() / 4000 < 0.2


def test_linear_rule_beats_nearest_image(ten_thousand):
    """2,000 images teach a linear rule 0.35 to 0.45, and 0.08 more than the nearest image knows."""
    X, y = ten_thousand
    pixels = (X[:4000].astype(np.float64) - X[:2000].mean(axis=0)) / 64
    seen, new = pixels[:2000], pixels[2000:]
    # Least squares on one column a class, in its dual form: one 2000 x 2000 system, no iterations.
    # The ridge is the reg 0.1 of the softmax, for whose p (1 - p) = 0.09 least squares has 1.
    system = cho_factor(seen @ seen.T + 0.1 / 0.09 * 2000 * np.eye(2000))
    scores = new @ (seen.T @ cho_solve(system, np.eye(10)[y[:2000]] - 0.1))
    linear = (scores.argmax(axis=1) == y[2000:4000]).mean()
    distance = (seen**2).sum(axis=1) - 2 * new @ seen.T
    nearest = (y[distance.argmin(axis=1)] == y[2000:4000]).mean()
    assert 0.35 < linear < 0.45
    assert nearest < linear - 0.08


@pytest.mark.parametrize("num", [-1, 10.0, "10", None])
def test_bad_num(num):
    """A num that counts nothing is refused with its name, the rule, what came and what to try."""
    with pytest.raises(ValueError) as error:
        make_cifar_like(num)
    assert str(error.value) == (
        f"num must be an integer, 0 or more; got {num!r}; try make_cifar_like(num=1000, seed=0)"
    )


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_bad_seed(seed):
    """A seed that would not give the same images again is refused, None too."""
    with pytest.raises(ValueError, match=r"^seed must be an integer, 0 or more; got .*; try make"):
        make_cifar_like(3, seed)
