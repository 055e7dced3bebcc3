"""The five forms behind "SIMD is 22 times its scalar twin": which are right, and at what n."""

import json

import numpy as np
import pytest

import layers
from benchmarks.simd_claim import simd_claim

RIGHT = [name for name, form in simd_claim.FORMS.items() if form.right_from_9]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    if simd_claim.find_compiler() is None:
        pytest.skip("there is no C++ compiler")
    return simd_claim.build(tmp_path_factory.mktemp("claim"))


def by_jacobian(dy, y):
    """The O(n^2) sum as it is written, the Jacobian of each row formed, in float64."""
    J = layers.softmax_jacobian(y.astype(np.float64))
    return np.einsum("rij,rj->ri", J, dy.astype(np.float64))


def error(built, name, n):
    """The relative error of a form on five rows of n, an entry left unwritten being nan."""
    dy, y = simd_claim.make_rows(5, n, np.random.default_rng(n))
    expected = by_jacobian(dy, y)
    dx = built.functions[name](dy, y, np.full_like(y, np.nan))
    assert dx.shape == y.shape and dx.dtype == np.float32
    return np.linalg.norm(dx - expected) / np.linalg.norm(expected)


def test_the_published_loop_is_right_at_8(built):
    """At one block of eight entries it agrees to 1e-6."""
    assert error(built, "loop_simd_published", 8) < 1e-6


@pytest.mark.parametrize("n", [16, 64])
def test_the_published_loop_is_wrong_past_8(built, n):
    """Past eight entries it is off by more than a tenth."""
    assert error(built, "loop_simd_published", n) > 0.1


def test_the_published_loop_meets_the_first_eight_gradients_again(built):
    """Its answer is the right one for a dy whose every block of eight is the first."""
    dy, y = simd_claim.make_rows(5, 64, np.random.default_rng(1))
    expected = by_jacobian(np.tile(dy[:, :8], 8), y)
    dx = built.functions["loop_simd_published"](dy, y, np.empty_like(y))
    np.testing.assert_allclose(dx, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("n", [2, 3, 7, 8, 9, 15, 16, 17, 20, 31, 64, 100, 333, 512, 1000])
@pytest.mark.parametrize("name", RIGHT)
def test_the_other_forms_are_right(built, name, n):
    """At every n, multiples of eight and others, to a rounding for each term of the sum."""
    assert error(built, name, n) < simd_claim.tolerance(n)


@pytest.mark.parametrize("name", RIGHT)
def test_one_entry_has_no_gradient(built, name):
    """Where n = 1 the softmax is 1 whatever the score, and dx is 0."""
    one = np.ones((3, 1), np.float32)
    dx = built.functions[name](2 * one, one, np.full_like(one, np.nan))
    assert (dx == 0).all()


def test_nothing_is_written_past_the_end(built):
    """A form writes the entries of its rows, and none behind them."""
    for name in RIGHT:
        dy, y = simd_claim.make_rows(3, 13, np.random.default_rng(2))
        memory = np.full((4, 13), np.nan, np.float32)
        built.functions[name](dy, y, memory[:3])
        assert np.isnan(memory[3]).all()


def test_a_wrong_form_is_not_timed(built):
    """A fault planted in the repaired loop is refused before the clock starts."""
    functions = {**built.functions, "loop_simd": built.functions["loop_simd_published"]}
    with pytest.raises(ValueError, match=r"loop_simd must agree with float64 to .* at n = 16"):
        simd_claim.measure(built._replace(functions=functions), 1, sizes=(8, 16))


def test_the_report_tells_lanes_from_algorithm(built):
    """The published loop stands there as wrong past 8, and the two gains have a sentence each."""
    results = simd_claim.measure(built, 1, sizes=(8, 16))
    results = json.loads(json.dumps(results))
    right = {n: forms["loop_simd_published"]["right"] for n, forms in results["sizes"].items()}
    assert right == {"8": True, "16": False}
    lines = simd_claim.report(results).splitlines()
    assert [line for line in lines if "WRONG" in line] == [
        line for line in lines if line.startswith("   16  O(n^2) SIMD, as published")
    ]
    assert lines[-2].startswith("At n = 8 and 16, SIMD gains ")
    assert lines[-1].startswith("At n = 8 and 16, the O(n) form gains ")


def test_gains_are_slow_over_fast():
    """Times of 100, 50, 20, 10, 5 and 4 give 5 by the lanes at O(n^2), 2 at O(n), and so on."""
    times = dict(zip(simd_claim.FORMS, (100, 50, 20, 10, 5, 4), strict=True))
    gains = simd_claim.gains({"8": {name: {"ns_per_row": t} for name, t in times.items()}})
    assert gains == {
        "simd": {"O(n^2)": {"8": 5}, "O(n^2) as published": {"8": 2}, "O(n)": {"8": 2}},
        "algorithm": {
            "scalar": {"8": 10},
            "SIMD": {"8": 4},
            "numpy over the SIMD loop": {"8": 5},
        },
    }


def test_without_a_compiler_it_says_so(monkeypatch, tmp_path):
    """The error names what is looked for, and what to try."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(OSError, match=r"compiler must be on the PATH.*; got none .*; try install"):
        simd_claim.build(tmp_path)
