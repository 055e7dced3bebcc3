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


def test_a_hundred_classes_fit_on_a_page():
    """Ten rows of ten templates, and a table whose cells hold colours only."""
    classes = [f"class_{c}" for c in range(100)]
    picture = vis_utils.show_templates(np.ones((3073, 100)), classes)
    assert len(picture.axes) == 100
    assert max(picture.get_size_inches()) < 25
    picture = vis_utils.show_confusion(np.arange(100), np.arange(100), classes)
    assert max(picture.get_size_inches()) < 25
    assert not picture.axes[0].texts


def test_confusion_is_in_per_cent_of_the_row():
    """Of three cats one was taken for a dog: 67 and 33; a class without examples has zeros."""
    picture = vis_utils.show_confusion([0, 0, 0, 1], [0, 0, 1, 1], ["cat", "dog", "eel"])
    cells = picture.axes[0].images[0].get_array()
    np.testing.assert_allclose(cells, [[200 / 3, 100 / 3, 0], [0, 100, 0], [0, 0, 0]])
    assert picture.alt == "Per cent of each class predicted right: cat 67, dog 100, eel 0."


def test_curves_are_told_by_their_ends():
    """What cannot be drawn on a logarithmic axis is not told either; every panel has every name."""
    x = np.arange(4)
    curves = {"slow": (x, np.array([2.0, 1.0, 0.5, 0.25])), "fast": (x, np.array([2, 0.1, 0, -1]))}
    picture = vis_utils.show_curves({"passes": curves, "seconds": curves}, "nats to go")
    ends = "slow 2 to 0.25, fast 2 to 0.1"
    assert picture.alt == f"Nats to go, against passes: {ends}; against seconds: {ends}."
    for axis in picture.axes:
        assert axis.get_yscale() == "log"
        assert [line.get_label() for line in axis.lines] == ["slow", "fast"]


def test_no_two_of_seven_curves_look_alike():
    """Neither by colour nor by dashes and width, so that either alone tells them apart."""
    curves = {f"rule {i}": (np.arange(20), np.ones(20)) for i in range(7)}
    lines = vis_utils.show_curves({"step": curves}, "loss").axes[0].lines
    assert len({line.get_color() for line in lines}) == 7
    assert len({(str(line["linestyle"]), line.get("linewidth")) for line in vis_utils.LINES}) == 7


def bowl():
    """The panel of w1^2 + 4 w2^2, with a path of two steps from (1, 1)."""
    first, second = np.linspace(-2, 2, 9), np.linspace(-1, 1, 5)
    loss = first**2 + 4 * second[:, None] ** 2
    path = np.array([[1.0, 1.0], [0.5, 0.0], [0.25, 0.0]])
    return first, second, loss, path, np.zeros(2)


def test_a_path_is_drawn_from_its_start_to_its_end():
    """Same scale on both axes, or a round bowl would look long; the distances are told."""
    picture = vis_utils.show_paths({"bowl": bowl()})
    path, start, minimum = picture.axes[0].lines
    np.testing.assert_array_equal(path.get_xydata(), bowl()[3])
    assert path.get_color() == vis_utils.ORANGE
    np.testing.assert_array_equal(start.get_xydata(), [[1, 1]])
    np.testing.assert_array_equal(minimum.get_xydata(), [[0, 0]])
    assert picture.axes[0].get_aspect() == 1
    assert "bowl: 1.4 from the minimum at the start, 0.25 after 2 steps" in picture.alt


def test_a_roof_is_what_memory_gives_until_it_is_level():
    """Twice as much at twice the operations a byte, the peak from the ridge on; points as told."""
    peaks = {"float32": 8e10, "float64": 4e10}
    points = {"in matrices": (5.0, 2e10), "fused": (10.0, 6e10)}
    picture = vis_utils.show_roofline(peaks, 2e10, points)
    axis = picture.axes[0]
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    single, double, matrices, fused = axis.lines
    np.testing.assert_allclose(single.get_xydata(), [[0.5, 10], [4, 80], [20, 80]])
    np.testing.assert_allclose(double.get_xydata(), [[0.5, 10], [2, 40], [20, 40]])
    assert single.get_linestyle() != double.get_linestyle()
    np.testing.assert_allclose(matrices.get_xydata(), [[5, 20]])
    np.testing.assert_allclose(fused.get_xydata(), [[10, 60]])
    assert matrices.get_marker() != fused.get_marker()
    assert "20 GB a second, and is level at float32 80 from 4 on, float64 40" in picture.alt
    assert "from 2 on. Reached: in matrices 20 at 5, fused 60 at 10." in picture.alt


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
        "curves": (
            vis_utils.show_curves({"step": {"sgd": (np.arange(1, 3), np.ones(2))}}, "loss", True),
            "sgd 1 to 1",
        ),
        "paths": (vis_utils.show_paths({"bowl": bowl()}), "after 2 steps"),
        "roofline": (
            vis_utils.show_roofline({"float32": 8e10}, 2e10, {"fused": (10, 6e10)}),
            "fused 60 at 10",
        ),
    }


@pytest.mark.parametrize(
    "name",
    [
        *("images", "templates", "loss", "confusion", "timings", "search", "curves", "paths"),
        "roofline",
    ],
)
def test_a_notebook_gets_a_png_with_its_text(name):
    """Each picture draws itself, and carries words for those who cannot see it."""
    picture, words = pictures()[name]
    data, metadata = picture._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert words in metadata["image/png"]["alt"]
