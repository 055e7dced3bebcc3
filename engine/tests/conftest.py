"""The suite of the engine alone: it imports nothing of the assignment, and runs from any folder.

Numpy, pytest and the installed package are all it needs: `pytest engine/tests`.
"""

import importlib

import pytest

try:
    import softmax_engine
except ModuleNotFoundError as error:
    if error.name != "softmax_engine":
        raise
    softmax_engine = None
    collect_ignore_glob = ["test_*.py"]  # not installed: that is said where the assignment uses it


def pytest_configure(config):
    config.addinivalue_line("markers", "proof: takes long; run by `make proof`")


AVAILABLE = softmax_engine.status().available if softmax_engine else ("numpy",)
NO_KERNEL = pytest.mark.skip(reason="the kernel of softmax_engine is not built")


@pytest.fixture(params=AVAILABLE)
def instructions(request, monkeypatch):
    """Each set of instructions this machine has, numpy among them, forced in turn."""
    monkeypatch.setenv("SOFTMAX_ENGINE_ISA", request.param)
    return request.param


@pytest.fixture(params=AVAILABLE[:-1] or [pytest.param("none", marks=NO_KERNEL)])
def compiled(request, monkeypatch):
    """Each of them but numpy."""
    monkeypatch.setenv("SOFTMAX_ENGINE_ISA", request.param)
    return request.param


@pytest.fixture(params=["kernel"] if AVAILABLE[:-1] else [pytest.param("none", marks=NO_KERNEL)])
def module():
    """The kernel itself, for what the package never passes to it."""
    return importlib.import_module("softmax_engine._kernel")
