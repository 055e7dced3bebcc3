"""The kernel by itself: which instructions run, what it refuses, and what it never touches."""

import itertools
import signal
import threading

import numpy as np
import pytest
import softmax_engine
from apart import LET_DIE, answer, linux, run
from softmax_engine import Rows, softmax, softmax_loss

# ---- which one runs --------------------------------------------------------------------------


def test_the_instructions_asked_for_are_those_that_run(instructions, module, monkeypatch):
    """Each function passes the forced name to the kernel, or with numpy does not call it."""
    ran = []
    for name in ("softmax_loss", "each_row"):
        function = getattr(module, name)

        def recorder(which, *rest, name=name, function=function):
            ran.append((name, which))
            return function(which, *rest)

        monkeypatch.setattr(module, name, recorder)
    softmax_loss(np.ones((2, 2)), np.ones((3, 2)), np.zeros(3, int), 0.0)
    softmax(np.ones(3))
    expected = [] if instructions == "numpy" else ["softmax_loss", "each_row"]
    assert ran == [(name, instructions) for name in expected]
    assert softmax_engine.status().instructions == instructions


def test_each_set_of_instructions_rounds_in_its_own_way(module, monkeypatch):
    """Vectors of other widths add in other orders: that the bits differ shows that code differs."""
    rng = np.random.default_rng(0)
    X, W = rng.standard_normal((50, 999)), rng.standard_normal((999, 7))
    y = rng.integers(7, size=50)
    bits = {}
    available = softmax_engine.status().available
    for name in available:
        if name == "plain" and "neon" in available:
            continue  # their vectors are of one width
        monkeypatch.setenv("SOFTMAX_ENGINE_ISA", name)
        bits[name] = softmax_loss(W, X, y, 0.0)[1].tobytes()
    assert len(set(bits.values())) == len(bits)


def test_without_being_asked_the_fastest_runs(module, monkeypatch):
    """The first of the list, which is from the fastest to numpy; plain is on every machine."""
    monkeypatch.delenv("SOFTMAX_ENGINE_ISA", raising=False)
    status = softmax_engine.status()
    assert status.instructions == status.available[0]
    assert status.available[-2:] == ("plain", "numpy")
    order = ["avx512", "avx2", "neon", "plain", "numpy"]
    assert list(status.available) == [name for name in order if name in status.available]
    assert status.reason == "the fastest of this machine"
    assert str(status).startswith(f"softmax_engine runs on {status.available[0]} (the fastest of ")


@pytest.mark.parametrize("name", ["sse9", "AVX2", "numpy ", "avx2,plain"])
def test_instructions_that_are_not_here_are_refused(monkeypatch, name):
    """At each call, in four parts, naming those that are."""
    here = ", ".join(softmax_engine.status().available)
    monkeypatch.setenv("SOFTMAX_ENGINE_ISA", name)
    expected = f"SOFTMAX_ENGINE_ISA must be one of {here} here; got {name}; try unset it"
    calls = [
        lambda: softmax_loss(np.ones((2, 2)), np.ones((3, 2)), np.zeros(3, int), 0.0),
        lambda: softmax(np.ones(3)),
        softmax_engine.status,
    ]
    for call in calls:
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == expected


# ---- what it refuses -------------------------------------------------------------------------


def arguments(module):
    """Right ones, of 6 examples, 4 features and 3 classes."""
    return {
        "set": "plain",
        "threads": 1,
        "W": np.ones((4, 3)),
        "X": np.ones((6, 4)),
        "index": None,
        "shift": None,
        "scale": None,
        "bias": False,
        "y": np.zeros(6, int),
        "reg": 0.1,
        "dW": np.empty((4, 3)),
    }


def read_only(array):
    array.setflags(write=False)
    return array


REFUSED = {
    "a set that does not exist": {"set": "sse9"},
    "W of one dimension": {"W": np.ones(12)},
    "W of whole numbers": {"W": np.ones((4, 3), int)},
    "W in the other order of bytes": {"W": np.ones((4, 3), np.dtype(float).newbyteorder())},
    "W complex": {"W": np.ones((4, 3), complex)},
    "W half": {"W": np.ones((4, 3), np.float16)},
    "W of objects": {"W": np.ones((4, 3), object)},
    "W of records": {"W": np.zeros((4, 3), [("a", "f4"), ("b", "f4")])},
    "W of another length": {"W": np.ones((5, 3)), "dW": np.empty((5, 3))},
    "W without a row for the bias": {"bias": True},
    "one class": {"W": np.ones((4, 1)), "dW": np.empty((4, 1))},
    "X of another float": {"X": np.ones((6, 4), np.float32)},
    "X of bytes for float64": {"X": np.ones((6, 4), np.uint8)},
    "X of whole numbers": {"X": np.ones((6, 4), int)},
    "X of three dimensions": {"X": np.ones((6, 4, 1))},
    "X without rows": {"X": np.ones((0, 4)), "y": np.zeros(0, int)},
    "X without features": {"X": np.ones((6, 0)), "W": np.ones((0, 3)), "dW": np.empty((0, 3))},
    "y float": {"y": np.zeros(6)},
    "y too short": {"y": np.zeros(5, int)},
    "y of two dimensions": {"y": np.zeros((6, 1), int)},
    "y too large": {"y": np.array([0, 0, 0, 0, 0, 3])},
    "y negative": {"y": np.array([0, -1, 0, 0, 0, 0], np.int8)},
    "y past 2^63": {"y": np.array([0, 0, 2**63, 0, 0, 0], np.uint64)},
    "y of 2^32": {"y": np.array([0, 0, 2**32, 0, 0, 0])},
    "index float": {"index": np.zeros(6)},
    "index of another length than y": {"index": np.zeros(7, int)},
    "index past the rows": {"index": np.array([0, 1, 2, 3, 4, 6])},
    "index negative": {"index": np.array([0, 1, 2, 3, 4, -1])},
    "index past 2^63": {"index": np.array([0, 1, 2, 3, 4, 2**64 - 1], np.uint64)},
    "shift float32": {"shift": np.ones(4, np.float32)},
    "shift too short": {"shift": np.ones(3)},
    "shift with gaps": {"shift": np.ones(8)[::2]},
    "scale too long": {"scale": np.ones(5)},
    "scale of two dimensions": {"scale": np.ones((4, 1))},
    "dW read-only": {"dW": read_only(np.empty((4, 3)))},
    "dW in columns": {"dW": np.empty((4, 3), order="F")},
    "dW of another shape": {"dW": np.empty((3, 4))},
    "dW too short": {"dW": np.empty((3, 3))},
    "dW too thin": {"dW": np.empty((4, 2))},
    "dW float32": {"dW": np.empty((4, 3), np.float32)},
    # No machine holds them: there is one number, and steps of 0.
    "more rows than have a size": {
        "X": np.broadcast_to(np.float64(1), (2**59 + 1, 1)),
        "y": np.broadcast_to(np.int8(0), 2**59 + 1),
        "W": np.ones((1, 3)),
        "dW": np.empty((1, 3)),
    },
    "more indices than have a size": {
        "index": np.broadcast_to(np.int8(0), 2**59 + 1),
        "y": np.broadcast_to(np.int8(0), 2**59 + 1),
    },
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_the_kernel_refuses_what_the_package_never_passes(module, changes):
    """Nothing that comes makes it read or write where there is no array."""
    right = arguments(module)
    assert module.softmax_loss(*right.values()) == pytest.approx(np.log(3) + 0.05 * 12)
    with pytest.raises(ValueError):
        module.softmax_loss(*{**right, **changes}.values())


@pytest.mark.parametrize("changes", [{"W": [[1.0]]}, {"y": None}, {"reg": "a"}, {"threads": 1.5}])
def test_the_kernel_refuses_what_is_no_array_or_number(module, changes):
    """As any function written in C does."""
    with pytest.raises(TypeError):
        module.softmax_loss(*{**arguments(module), **changes}.values())


EACH_ROW = {
    "a set that does not exist": ("sse9", 1, 0, None, np.ones((2, 3)), np.empty((2, 3))),
    "one dimension": ("plain", 1, 0, None, np.ones(3), np.empty(3)),
    "other shapes": ("plain", 1, 0, None, np.ones((2, 3)), np.empty((3, 2))),
    "rows too few": ("plain", 1, 0, None, np.ones((3, 2)), np.empty((2, 2))),
    "rows too short": ("plain", 1, 0, None, np.ones((3, 2)), np.empty((3, 1))),
    "dy too short": ("plain", 1, 2, np.ones((3, 1)), np.ones((3, 2)), np.empty((3, 2))),
    "dy with gaps": ("plain", 1, 2, np.ones((3, 4))[:, ::2], np.ones((3, 2)), np.empty((3, 2))),
    "other dtypes": ("plain", 1, 0, None, np.ones((2, 3)), np.empty((2, 3), np.float32)),
    "whole numbers": ("plain", 1, 0, None, np.ones((2, 3), int), np.empty((2, 3), int)),
    "no order": ("plain", 1, 0, None, np.ones((2, 3), order="F"), np.empty((2, 3))),
    "no such function": ("plain", 1, 3, None, np.ones((2, 3)), np.empty((2, 3))),
    "a negative function": ("plain", 1, -1, None, np.ones((2, 3)), np.empty((2, 3))),
    "rows of nothing": ("plain", 1, 0, None, np.ones((2, 0)), np.empty((2, 0))),
    "read-only": ("plain", 1, 0, None, np.ones((2, 3)), read_only(np.empty((2, 3)))),
    "dy of another shape": ("plain", 1, 2, np.ones((3, 2)), np.ones((2, 3)), np.empty((2, 3))),
}


@pytest.mark.parametrize("arguments", EACH_ROW.values(), ids=EACH_ROW)
def test_the_kernel_refuses_rows_that_do_not_fit(module, arguments):
    """The functions along an axis trust nobody either."""
    with pytest.raises(ValueError):
        module.each_row(*arguments)


# ---- what it never touches -------------------------------------------------------------------

FENCED = """
    import ctypes, itertools, mmap, os, sys
    import numpy as np
    import softmax_engine._kernel as kernel

    PAGE, libc = mmap.PAGESIZE, ctypes.CDLL(None)
    kept = []

    def fenced(values, at_end):
        "A copy whose last byte, or whose first, lies beside a page that no one may touch."
        pages = -(-values.nbytes // PAGE)
        memory = mmap.mmap(-1, (pages + 2) * PAGE)
        kept.append(memory)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for page in (0, pages + 1):
            assert libc.mprotect(ctypes.c_void_p(address + page * PAGE), PAGE, 0) == 0
        begin = (pages + 1) * PAGE - values.nbytes if at_end else PAGE
        array = np.ndarray(values.shape, values.dtype, memory, begin)
        array[...] = values
        return array

    name, kind, at_end = sys.argv[1], sys.argv[2], sys.argv[3] == "True"
    rng = np.random.default_rng(0)
    T = "f8" if kind == "f8" else "f4"
    if kind == "trap":
        X, W = fenced(np.ones((3, 5)), at_end), np.ones((6, 2))
        # One feature more than there is: behind the last row, or before the first.
        X = np.lib.stride_tricks.as_strided(X, (3, 6), (40, 8 if at_end else -8))
        y, dW = np.zeros(3, int), np.empty_like(W)
        kernel.softmax_loss(name, 1, W, X, None, None, None, False, y, 0.0, dW)
        os._exit(3)
    for D in range(1, 70):
        N, C = 1 + 11 * D % 43, 2 + D % 11
        X = fenced(rng.integers(256, size=(N, D)).astype(kind), at_end)
        y = fenced(rng.integers(C, size=N), at_end)
        W, dW = (fenced(rng.standard_normal((D, C)).astype(T), at_end) for _ in range(2))
        shift, scale = (fenced(1 + rng.random(D), at_end) for _ in range(2))
        index = fenced(rng.integers(N, size=N), at_end)
        for view in ((None, None, None), (index, shift, scale)):
            kernel.softmax_loss(name, 1, W, X, *view, False, y, 0.1, dW)
            assert np.isfinite(dW).all()
    for n in [*range(1, 70), 300]:
        dy, z = (fenced(rng.standard_normal((3, n)).astype(T), at_end) for _ in range(2))
        for which in range(3):
            out = fenced(np.full((3, n), np.nan, T), at_end)
            kernel.each_row(name, 1, which, dy, z, out)
            assert np.isfinite(out).all()
    print("done", flush=True)
    os._exit(0)  # the memory is still in use, and cannot be closed
"""


@linux
@pytest.mark.parametrize("at_end", [True, False], ids=["behind", "before"])
@pytest.mark.parametrize("kind", ["f4", "f8", "u1"])
def test_nothing_outside_an_array_is_read_or_written(tmp_path, compiled, kind, at_end):
    """With pages beside each array that must not be touched, every length runs to its end."""
    assert answer(tmp_path, FENCED, compiled, kind, at_end) == "done"


@linux
@pytest.mark.parametrize("at_end", [True, False], ids=["behind", "before"])
def test_the_pages_beside_an_array_are_guarded(tmp_path, module, at_end):
    """An array said to be one feature longer than it is ends the process: the trap is set."""
    done = run(tmp_path, FENCED, "plain", "trap", at_end, **LET_DIE)
    assert done.returncode == -signal.SIGSEGV


@pytest.mark.parametrize("size", [*itertools.product([1, 5, 41], [1, 7, 33], [2, 11])], ids=str)
def test_only_dW_is_written(compiled, module, size):
    """The memory around dW keeps its bytes, at any size of a block."""
    N, D, C = size
    around = np.full((D + 20, C), 7.5)
    dW = around[10:-10]
    X, W, y = np.ones((N, D)), np.ones((D, C)), np.zeros(N, int)
    module.softmax_loss(compiled, 1, W, X, None, None, None, False, y, 0.0, dW)
    assert (around[:10] == 7.5).all()
    assert (around[-10:] == 7.5).all()
    assert (dW != 7.5).all()


def test_indices_are_checked_again(compiled):
    """Rows whose index was tampered with after it was made are refused, not followed."""
    rows = Rows(np.ones((6, 4)))[np.arange(6)]
    rows.index = np.full(6, 10**12)
    with pytest.raises(ValueError, match="the index must lie in"):
        softmax_loss(np.ones((4, 3)), rows, np.zeros(6, int), 0.0)


def test_labels_that_change_meanwhile_are_refused(compiled):
    """What another thread wrote after the door had looked is not used as an index."""
    N, D, C = 100_000, 3000, 10
    X, W = np.broadcast_to(np.float32(1), (N, D)), np.zeros((D, C), np.float32)
    for _ in range(10):  # it may come too early, or too late
        y = np.zeros(N, np.int64)
        late = threading.Timer(0.03, y.__setitem__, (-1, 10**12))
        late.start()
        try:
            softmax_loss(W, X, y, 0.0)
            said = ""
        except ValueError as error:
            said = str(error)
        late.join()
        if said == "y must lie in [0, C), one index for each class of W":
            return
    pytest.fail(f"in ten attempts no label was changed between the door and the end: {said}")
