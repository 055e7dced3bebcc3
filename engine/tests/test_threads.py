"""Threads: one bit pattern whatever their number, whose they are, and what they leave free."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import softmax_engine
from apart import answer, posix
from softmax_engine import Rows, log_softmax, softmax, softmax_backward, softmax_loss

RNG = np.random.default_rng(0)
# Work for eight threads, 4 million multiply-adds each, and more chunks of rows than threads.
N, D, C = 4000, 500, 10
PIXELS = RNG.integers(256, size=(N, D)).astype(np.uint8)
LABELS = RNG.integers(C, size=N)
W = RNG.standard_normal((D, C)) / 50
INDEX = RNG.integers(N, size=N)
Z = RNG.standard_normal((33_000, 97))


def calls(kind):
    """What is to have the same bits: a function without arguments."""
    X, W32 = PIXELS / 64 - 2, W.astype(np.float32)
    rows = Rows(PIXELS, 120.0, 1 / 64)
    X32, Z32 = X.astype(np.float32), Z.astype(np.float32)
    return {
        "float32": lambda: softmax_loss(W32, X32, LABELS, 0.1),
        "float64": lambda: softmax_loss(W, X, LABELS, 0.1),
        "bytes": lambda: softmax_loss(W32, rows, LABELS, 0.1),
        "a batch": lambda: softmax_loss(W32, rows[INDEX], LABELS[INDEX], 0.1),
        "columns": lambda: softmax_loss(W.T, X.T, LABELS, 0.1),
        "many classes": lambda: softmax_loss(np.tile(W32, 41), X32[:1100], LABELS[:1100], 0.1),
        "softmax": lambda: (0.0, softmax(Z32)),
        "log_softmax": lambda: (0.0, log_softmax(Z, axis=0)),
        "softmax_backward": lambda: (0.0, softmax_backward(Z, Z)),
    }[kind]


KINDS = [
    *("float32", "float64", "bytes", "a batch", "columns", "many classes"),
    *("softmax", "log_softmax", "softmax_backward"),
]


def bits(result):
    return result[0].hex(), result[1].tobytes()


# ---- one bit pattern -------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [16, pytest.param(200, marks=pytest.mark.proof)])
@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_threads_gives_the_same_bits(instructions, kind, runs):
    """One to eight threads, run after run: loss and gradient agree to the last bit."""
    call = calls(kind)
    with softmax_engine.threads(1):
        expected = bits(call())
    for run in range(runs):
        with softmax_engine.threads(1 + run % 8):
            assert bits(call()) == expected, f"{1 + run % 8} threads"


def test_more_threads_than_rows(instructions):
    """A thousand threads are no more than there is work for, and ask no more of the machine."""
    with softmax_engine.threads(10**9):
        loss, _ = softmax_loss(np.zeros((1, 2)), np.ones((3, 1)), np.zeros(3, int), 0.0)
        softmax(np.ones((3, 2)))
    assert loss == pytest.approx(np.log(2), abs=1e-15)


@pytest.mark.parametrize("kind", ["float32", "bytes", "many classes", "softmax"])
def test_python_threads_at_once_get_what_each_gets_alone(instructions, kind):
    """Four callers in one process, each with threads of its own, do not meet."""
    call = calls(kind)
    expected = bits(call())
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(call) for _ in range(12)]:
            assert bits(future.result()) == expected


# ---- how many --------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_number_in_the_environment(monkeypatch):
    monkeypatch.delenv("SOFTMAX_ENGINE_THREADS", raising=False)


def count():
    return softmax_engine.status().threads


def test_blocks_nest_and_restore():
    """The innermost counts, and each block leaves what it found, also on an error."""
    before = count()
    with softmax_engine.threads(3):
        with softmax_engine.threads(np.int64(2)):
            assert count() == 2
        assert count() == 3
        with pytest.raises(ZeroDivisionError), softmax_engine.threads(5):
            assert count() == 5
            raise ZeroDivisionError
        assert count() == 3
    assert count() == before


def test_a_block_counts_in_its_own_python_thread():
    """Other threads keep their number, at the same time."""
    seen, there, done = [], threading.Event(), threading.Event()

    def other():
        with softmax_engine.threads(7):
            there.set()
            done.wait(10)
            seen.append(count())

    thread = threading.Thread(target=other)
    with softmax_engine.threads(3):
        thread.start()
        assert there.wait(10)
        assert count() == 3
        done.set()
        thread.join()
    assert seen == [7]
    with softmax_engine.threads(3), ThreadPoolExecutor(1) as pool:
        assert pool.submit(count).result() == count_of_the_machine()


def test_tasks_of_one_loop_have_their_own_number():
    """A block around an await counts in its own task."""

    async def task(n):
        with softmax_engine.threads(n):
            await asyncio.sleep(0.01)
            return count()

    async def both():
        return await asyncio.gather(task(3), task(4))

    assert asyncio.run(both()) == [3, 4]


def count_of_the_machine():
    import os

    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def test_the_environment_counts_outside_of_blocks(monkeypatch):
    """SOFTMAX_ENGINE_THREADS, read at each call; without it all cores of this process."""
    assert count() == count_of_the_machine()
    monkeypatch.setenv("SOFTMAX_ENGINE_THREADS", "5")
    assert count() == 5
    with softmax_engine.threads(2):
        assert count() == 2
    monkeypatch.setenv("SOFTMAX_ENGINE_THREADS", "")
    assert count() == count_of_the_machine()


REFUSED = [0, -1, 1.5, "a", "1.5", None, [2], np.nan, np.inf, -np.inf, 1j, ""]


@pytest.mark.parametrize("n", REFUSED, ids=repr)
def test_no_number_of_threads_is_refused(n):
    """In four parts, before the block is entered; the number stays what it was."""
    before = count()
    with pytest.raises(ValueError) as error, softmax_engine.threads(n):
        pytest.fail("the block was entered")
    assert str(error.value) == (
        f"n must be a whole number from 1 up; got {n!r}; try 1, or the number of cores"
    )
    assert count() == before


@pytest.mark.parametrize("n", ["0", "-1", "1.5", "two", "1e3"])
def test_a_bad_number_in_the_environment_is_refused(compiled, monkeypatch, n):
    """At each call of the kernel, by the name of the variable."""
    monkeypatch.setenv("SOFTMAX_ENGINE_THREADS", n)
    expected = (
        f"SOFTMAX_ENGINE_THREADS must be a whole number from 1 up; got {n!r}; "
        "try 1, or the number of cores"
    )
    for call in (
        lambda: softmax(np.ones(3)),
        lambda: softmax_loss(np.ones((2, 2)), np.ones((3, 2)), np.zeros(3, int), 0.0),
        count,
    ):
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == expected


# ---- what they leave free --------------------------------------------------------------------


def test_others_run_during_a_long_call(instructions):
    """A Python thread that wakes every few milliseconds does so while the kernel works."""
    ticks, over = [], threading.Event()

    def tick():
        while not over.wait(0.002):
            ticks.append(time.perf_counter())

    X = np.broadcast_to(PIXELS[:1], (10**8, D))
    y, W32 = np.broadcast_to(np.int8(0), 10**8), W.astype(np.float32)
    thread = threading.Thread(target=tick)
    thread.start()
    with softmax_engine.threads(1):
        n = 2000
        while True:  # longer and longer, until the call takes a third of a second
            begin = time.perf_counter()
            softmax_loss(W32, Rows(X[:n]), y[:n], 0.0)
            end = time.perf_counter()
            if end - begin > 0.3:
                break
            n *= 2
    over.set()
    thread.join()
    # Alone it wakes 150 times in 0.3 s; kept out, only where the call begins and ends.
    inside = [t for t in ticks if begin + 0.05 < t < end - 0.05]
    assert len(inside) > 10


def test_others_run_during_a_long_softmax(instructions):
    """So they do while softmax works, whatever the axis."""
    ticks, over = [], threading.Event()

    def tick():
        while not over.wait(0.001):
            ticks.append(time.perf_counter())

    z = np.zeros((3_000_000, 16), np.float32)
    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    softmax(z)
    end = time.perf_counter()
    over.set()
    thread.join()
    middle = [t for t in ticks if begin + (end - begin) / 4 < t < end - (end - begin) / 4]
    assert len(middle) >= 3


# ---- other processes -------------------------------------------------------------------------

FORK = """
    import os, sys
    import numpy as np
    from softmax_engine import softmax, softmax_loss, threads

    rng = np.random.default_rng(0)
    X, W, y = rng.standard_normal((4000, 500)), rng.standard_normal((500, 10)), np.arange(4000) % 10

    def bits():
        with threads(4):
            loss, dW = softmax_loss(W, X, y, 0.1)
            return loss.hex() + dW.tobytes().hex() + softmax(X).tobytes().hex()

    before = bits()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"same" if bits() == before else b"other")
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        assert bits() == before
        print(pipe.read())
    os.waitpid(child, 0)
"""


@posix
def test_a_child_of_a_fork_computes_the_same(tmp_path, instructions):
    """Threads do not survive a fork, and none is waited for: each call has its own."""
    assert answer(tmp_path, FORK, seconds=60) == "same"


POOL = """
    import multiprocessing, sys
    import numpy as np
    from softmax_engine import Rows, softmax_loss

    if __name__ == "__main__":
        rng = np.random.default_rng(0)
        X = Rows(rng.integers(256, size=(900, 200)).astype(np.uint8), 120.0, 1 / 64, True)
        W, y = rng.standard_normal((201, 10)).astype(np.float32), np.arange(900) % 10
        here = softmax_loss(W, X, y, 0.1)
        with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
            for loss, dW in pool.starmap(softmax_loss, [(W, X, y, 0.1)] * 4):
                assert loss == here[0] and (dW == here[1]).all()
        print("same")
"""


@pytest.mark.parametrize("method", ["spawn", pytest.param("fork", marks=posix)])
def test_workers_of_multiprocessing_compute_the_same(tmp_path, method):
    """Functions and Rows go to the workers by pickle, and the bits come back."""
    assert answer(tmp_path, POOL, method, seconds=60) == "same"
