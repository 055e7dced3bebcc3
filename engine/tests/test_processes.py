"""What only a process of its own can show: Ctrl-C, memory, and what is read before a refusal."""

import json
import signal
import time

import pytest
from apart import EMULATED, LET_DIE, SANITIZED, answer, linux, posix, run, start

# ---- Ctrl-C ----------------------------------------------------------------------------------

LONG = """
    import sys
    import numpy as np
    from softmax_engine import Rows, softmax_loss, threads

    N, D = 3 * 10**7, 3072  # a minute of work on one row, seen again and again
    row = np.arange(D, dtype=np.uint8)
    if sys.argv[1] == "bytes":
        X = Rows(np.broadcast_to(row, (N, D)), 128.0, 1 / 64, bias=True)
    elif sys.argv[1] == "strided":
        X = Rows(np.broadcast_to(row, (N, D))[::-2, ::-1], 128.0, 1 / 64, bias=True)
    else:
        X = np.broadcast_to(np.ones(D + 1, np.float32), (N, D + 1))
    W, y = np.zeros((D + 1, 10), np.float32), np.broadcast_to(np.int8(3), len(X))
    print("begun", flush=True)
    try:
        with threads(int(sys.argv[2])):
            softmax_loss(W, X, y, 0.0)
    except KeyboardInterrupt:
        print("stopped", flush=True)
        loss, dW = softmax_loss(W, X[:1000], y[:1000], 0.0)
        assert abs(loss - np.log(10)) < 1e-6
        print("right again", flush=True)
"""


@posix
@pytest.mark.parametrize(
    ("X", "threads"),
    [
        ("bytes", 2),
        pytest.param("bytes", 1, marks=pytest.mark.proof),
        pytest.param("strided", 8, marks=pytest.mark.proof),
        pytest.param("floats", 3, marks=pytest.mark.proof),
    ],
)
def test_ctrl_c_is_heard_within_two_seconds(tmp_path, instructions, X, threads):
    """A call of a minute ends in KeyboardInterrupt, and the next one works."""
    with start(tmp_path, LONG, X, threads) as process:
        try:
            assert process.stdout.readline() == "begun\n"
            time.sleep(0.8)  # it has looked through the labels, and works
            process.send_signal(signal.SIGINT)
            sent = time.monotonic()
            assert process.stdout.readline() == "stopped\n"
            assert time.monotonic() - sent < 2
            # By readline again: both lines may have come at once, and lie in its buffer.
            said = process.stdout.readline()
            assert said == "right again\n", process.stderr.read()
        finally:
            process.kill()


# ---- memory ----------------------------------------------------------------------------------

GROWTH = """
    import json, os, sys, threading, time
    import numpy as np
    from softmax_engine import Rows, softmax, softmax_loss

    def held():
        "Megabytes of this process that are of no file."
        with open("/proc/self/status") as status:
            return int(status.read().split("RssAnon:")[1].split()[0]) / 1024

    def growth(call):
        "The most held during the call, above what was held before it; short ones are repeated."
        before, over = held(), threading.Event()
        most = [before]
        def watch():
            while not over.wait(0.001):
                most[0] = max(most[0], held())
        watcher = threading.Thread(target=watch)
        watcher.start()
        begun = time.monotonic()
        while time.monotonic() - begun < 0.3:
            call()
        most[0] = max(most[0], held())
        over.set()
        watcher.join()
        return most[0] - before

    D, C = 256, 10
    longest = int(sys.argv[1])
    with open("pixels", "wb") as file:
        file.truncate(longest * D)  # holes: they read as zeros, and take no disk
    pixels = np.memmap("pixels", np.uint8, "r", shape=(longest, D))
    floats = np.memmap("pixels", np.float32, "r", shape=(longest // 4, D))
    y = np.ones(longest, np.int8)
    W = np.ones((D, C), np.float32)
    rng = np.random.default_rng(0)
    rows = Rows(pixels, np.full(D, 120.5), 1 / 64)
    softmax_loss(W, rows[:1], y[:1], 0.1)
    grown = {}
    for N in (10_000, longest):
        batch = rows[rng.integers(N, size=N)]
        some = floats[:N]
        grown[f"bytes {N}"] = growth(lambda: softmax_loss(W, rows[:N], y[:N], 0.1))
        grown[f"random bytes {N}"] = growth(lambda: softmax_loss(W, batch, y[:N], 0.1))
        grown[f"floats {N}"] = growth(lambda: softmax_loss(W, some, y[: len(some)], 0.1))
        grown[f"columns {N}"] = growth(lambda: softmax_loss(W.T, some.T, y[: len(some)], 0.1))
    print(json.dumps(grown))
"""


@linux
@pytest.mark.skipif(bool(SANITIZED or EMULATED), reason="memory is not only the engine's here")
@pytest.mark.parametrize("longest", [200_000, pytest.param(1_000_000, marks=pytest.mark.proof)])
def test_memory_does_not_grow_with_the_rows(tmp_path, instructions, longest):
    """A few megabytes beyond the arguments and dW, for ten thousand rows and for a million."""
    # Glibc is to give large pieces back, so that what is held is what is needed at the time.
    grown = json.loads(answer(tmp_path, GROWTH, longest, MALLOC_MMAP_THRESHOLD_="65536"))
    assert len(grown) == 8
    assert max(grown.values()) < 12, grown
    for kind in ("bytes", "random bytes", "floats", "columns"):
        assert grown[f"{kind} {longest}"] - grown[f"{kind} 10000"] < 4, grown


# ---- what is read before a refusal -----------------------------------------------------------

TRAP = """
    import os, sys
    import numpy as np
    from softmax_engine import Rows, softmax_loss

    def trap(shape, dtype):
        "An array in a file that is gone: to read a number of it ends the process."
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        with open("trap", "wb") as file:
            file.truncate(size)
        array = np.memmap("trap", dtype, "r", shape=shape)
        os.truncate("trap", 0)
        return array

    N, D, C = 20_000, 50, 3
    X, pixels = trap((N, D), np.float32), trap((N, D), np.uint8)
    W, y = np.ones((D, C), np.float32), np.zeros(N, int)
    late = y.copy()
    late[-1] = C
    negative = late - C
    cases = [
        (W, X, late, 0.0),
        (W, X, negative, 0.0),
        (W, Rows(pixels), late, 0.0),
        (W, Rows(pixels)[::-1], negative, 0.0),
        (W, Rows(pixels)[np.arange(N)], late, 0.0),
        (W.T, X.T, late, 0.0),
        (W, X, y[1:], 0.0),
        (W, X, y[:, None], 0.0),
        (W, X, y.astype(float), 0.0),
        (W[1:], X, y, 0.0),
        (W[:, :1], X, y, 0.0),
        (W.astype(float), X, y, 0.0),
        (W, X, y, -1.0),
        (W, X, y, float("nan")),
        (W, Rows(pixels, bias=True), y, 0.0),
        (W, X.reshape(N, D // 2, 2), y, 0.0),
        (W, X.view(np.int32), y, 0.0),
    ]
    refused = 0
    for case in cases:
        try:
            softmax_loss(*case)
        except ValueError as error:
            assert "; try " in str(error), error
            refused += 1
    for index in ([N], [-N - 1], [0.5]):
        try:
            Rows(pixels)[np.array(index)]
        except ValueError:
            refused += 1
    assert refused == len(cases) + 3
    print("refused", flush=True)
    softmax_loss(W, Rows(pixels) if sys.argv[1] == "bytes" else X, y, 0.0)
    print("read")
"""


@linux
@pytest.mark.parametrize("X", ["bytes", "floats"])
def test_what_is_wrong_is_said_before_X_is_read(tmp_path, instructions, X):
    """X may lie in a file that is gone: reading it, as right arguments do, ends the process."""
    done = run(tmp_path, TRAP, X, **LET_DIE)
    assert done.stdout == "refused\n", done.stderr
    assert done.returncode == -signal.SIGBUS


GIANT = """
    import sys
    import numpy as np
    from softmax_engine import Rows, softmax_loss

    def giant(*shape, of=np.float32(0)):
        "An array of one number, seen again and again."
        return np.broadcast_to(of, shape)

    byte, far = np.uint8(0), 2**58
    W, y = np.ones((3, 2), np.float32), np.zeros(5, int)
    case = {
        "rows without labels": lambda: (W, giant(far, 3), y),
        "bytes without labels": lambda: (W, Rows(giant(far, 3, of=byte)), y),
        "features without weights": lambda: (W, giant(5, far), y),
        "labels without rows": lambda: (W, giant(5, 3), giant(far, of=byte)),
        "columns": lambda: (W.T, giant(3, far), y),
        "a view of too many": lambda: (W, Rows(giant(2**62, 1, of=byte), bias=True)[::-3], y),
        "more rows than have a size": lambda: (
            W[:1], Rows(giant(2**60, 1, of=byte)), giant(2**60, of=byte)
        ),
        "more features than have a size": lambda: (giant(2**59, 2), giant(5, 2**58), y),
        "more classes than have a size": lambda: (giant(3, 2**59), giant(5, 3), y),
        "weights for nothing": lambda: (giant(2**59, 2), giant(5, 3), y),
    }[sys.argv[1]]
    try:
        softmax_loss(*case(), 0.0)
    except ValueError:
        print("refused")
"""


@pytest.mark.parametrize(
    "case",
    [
        *("rows without labels", "bytes without labels", "features without weights"),
        *("labels without rows", "columns", "a view of too many", "more rows than have a size"),
        *("more features than have a size", "more classes than have a size"),
        "weights for nothing",
    ],
)
def test_sizes_no_machine_has_are_refused_at_once(tmp_path, case):
    """Arrays of one number and steps of 0 are larger than any memory: nothing of them is read."""
    assert answer(tmp_path, GIANT, case, seconds=10) == "refused"
