"""Pictures: what they say in words, and that every one can be drawn."""

import numpy as np
import pytest

import vis_utils
from cifar_like import CLASSES, make_cifar_like


def test_rows_become_images():
    """The red of pixel (2, 5) is entry 2 * 32 + 5 of a row, its green 1024 later."""
    X = np.zeros((1, 3072), np.uint8)
    X[0, [69, 1024 + 69]] = 200, 100
    assert vis_utils.as_images(X)[0, 2, 5].tolist() == [200, 100, 0]


def test_a_template_is_stretched_to_the_full_range():
    """Least weight black, greatest white; the bias has no part in it; a flat one is drawn too."""
    W = np.zeros((3073, 10))
    W[0, 0], W[1, 0], W[-1, 0] = -2.0, 6.0, 1000.0
    picture = vis_utils.show_templates(W, CLASSES)
    drawn = picture.axes[0].images[0].get_array()
    assert (drawn[0, 0, 0], drawn[0, 1, 0], drawn[5, 5, 0]) == (0, 1, 0.25)
    assert picture.axes[1].images[0].get_array().max() == 0


def test_confusion_is_in_per_cent_of_the_row():
    """Of three cats one was taken for a dog: 67 and 33; a class without examples has zeros."""
    picture = vis_utils.show_confusion([0, 0, 0, 1], [0, 0, 1, 1], ["cat", "dog", "eel"])
    cells = picture.axes[0].images[0].get_array()
    np.testing.assert_allclose(cells, [[200 / 3, 100 / 3, 0], [0, 100, 0], [0, 0, 0]])
    assert picture.alt == "Per cent of each class predicted right: cat 67, dog 100, eel 0."


def pictures():
    X, y = make_cifar_like(30)
    accuracy = np.array([[0.2, 0.3], [np.nan, 0.1]])
    timings = {"naive": {"seconds": 0.03, "ratio": 1.0}, "fast": {"seconds": 0.002, "ratio": 15.0}}
    return {
        "images": (vis_utils.show_images(X, y, CLASSES), "airplane"),
        "templates": (vis_utils.show_templates(X[:10].T[[*range(3072), 0]], CLASSES), "truck"),
        "loss": (vis_utils.show_loss([2.3, 2.0, 1.9]), "from 2.3 to 1.9 in 3"),
        "confusion": (vis_utils.show_confusion(y, y, CLASSES), "cat 100"),
        "timings": (vis_utils.show_timings(timings, "here"), "fast 2 ms, 15x"),
        "search": (vis_utils.show_search([1e-3, 1e-2], [0.1, 1.0], accuracy), "best 0.300"),
    }


@pytest.mark.parametrize("name", ["images", "templates", "loss", "confusion", "timings", "search"])
def test_a_notebook_gets_a_png_with_its_text(name):
    """Each picture draws itself, and carries words for those who cannot see it."""
    picture, words = pictures()[name]
    data, metadata = picture._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert words in metadata["image/png"]["alt"]
