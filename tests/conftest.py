"""Fixtures: every rung in turn, and the images where there are some."""

import functools
import importlib
import os

import hypothesis
import numpy as np
import pytest

from classifiers import softmax_loss_compiled, softmax_loss_naive, softmax_loss_vectorized

# A shared machine pauses when it likes: time is no reason to fail.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("here")


def available(rung):
    try:
        rung(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros(1, int), 0.0)
    except ImportError:
        return False
    return True


def forced(instructions):
    """The compiled rung by one set of instructions of this machine."""

    @functools.wraps(softmax_loss_compiled)
    def rung(*args, **named):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOFTMAX_ENGINE_ISA", instructions)
            return softmax_loss_compiled(*args, **named)

    rung.__name__ += f"_{instructions}"
    return rung


def ladder():
    """Every rung that is here, the compiled one by each set of instructions in turn."""
    yield softmax_loss_naive
    yield softmax_loss_vectorized
    if available(softmax_loss_compiled):
        yield from map(forced, importlib.import_module("softmax_engine").status().available)


RUNGS = list(ladder())


@pytest.fixture(
    params=RUNGS, ids=lambda rung: rung.__name__.removeprefix("softmax_loss_"), scope="session"
)
def rung(request):
    """Each rung of the ladder that is here: a test that takes this runs on all of them."""
    return request.param


@pytest.fixture(scope="session")
def real_images():
    """The folder of real CIFAR-10 images."""
    if not os.environ.get("CIFAR10_DIR"):
        pytest.skip("CIFAR10_DIR is not set: there are no real images")
    return os.environ["CIFAR10_DIR"]


@pytest.fixture
def batch():
    """A batch in which N, D and C differ, no weight is near zero and labels are unbalanced."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((11, 5))
    X[:, -1] = 1
    return rng.standard_normal((5, 4)), X, np.array([0, 1, 1, 1, 2, 3, 3, 1, 1, 0, 1])
