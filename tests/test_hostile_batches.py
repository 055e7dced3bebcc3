"""Batch files that were damaged, or made to hurt: a clear error or the right arrays.

They are read in a process of its own, `python -m tests.test_hostile_batches`, that may hold little
memory and records all it does by an audit hook: a crash, a command or a bomb is then seen.
"""

import json
import os
import pickle
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import data_utils
from cifar_like import make_cifar_like

from .batches import official_pickle

ROOT = Path(__file__).parent.parent
NUM = 8  # images in a file: small, so that most damage hits what is not pixels
MEGABYTE = 2**20

HOSTILE = {
    "a command": b"cos\nmkdir\n(X\x06\x00\x00\x00canarytR",
    "a command by stack": b"\x8c\x02os\x8c\x05mkdir\x93\x8c\x06canary\x85R",
    "a command by inst": b"(X\x06\x00\x00\x00canaryios\nmkdir\n",
    "a command by obj": b"(cos\nmkdir\nX\x06\x00\x00\x00canaryo",
    "a class by newobj": b"cnumpy\ndtype\n)\x81",
    "a class by newobj_ex": b"cnumpy\ndtype\n)}\x92",
    "eval": b"cbuiltins\neval\n(U\x11__import__('os').getcwd()tR",
    "an attribute": b"cnumpy\ndtype.__init__.__globals__\n",
    "numpy load": b"cnumpy\nload\n(U\x06canarytR",
    "an extension": b"\x82\x01",
    "a persistent id": b"Pcanary\n",
    "a persistent id of the stack": b"U\x06canaryQ",
    "a state": b"}U\x09__class__cnumpy\ndtype\nsb",
    "8 GB by bytearray8": b"\x96" + struct.pack("<Q", 2**33),
    "8 GB by binbytes8": b"\x8e" + struct.pack("<Q", 2**33),
    "2 GB by binstring": b"T" + struct.pack("<i", 2**31 - 1),
    "a frame of 8 GB": b"\x95" + struct.pack("<Q", 2**33),
    "a frame without end": b"\x95" + b"\xff" * 8,
    "a memo of 64 GB": b"r\xff\xff\xff\xff",
    "a memo below 0": b"p-1\n",
    "a get below 0": b"g-1\n",
    "an end": b".",
    "a mark": b"(",
    "an old protocol": b"\x80\x00",
    "a coming protocol": b"\x80\xff",
    "a set": b"\x8f",
    "a buffer": b"\x97",
    "pop": b"0",
    "pop to the mark": b"1",
    "dup": b"2",
    "a call of nothing": b"NNR",
}


def bombs():
    """Small files that take much: gigabytes, hours, or the C stack. name -> content."""
    start, batch = b"\x80\x02}", official_pickle(np.zeros((NUM, 3072), np.uint8), [0] * NUM)
    doubled = b"(K\x01t" + b"q\x00h\x00\x86" * 60  # a tuple of two of the tuple before, 60 times
    shape = b"(J" + struct.pack("<i", NUM) + b"J" + struct.pack("<i", 3072) + b"t"
    assert shape in batch
    many = b"(" + b"K\x01" * 400_000 + b"lq\x00"
    return {
        "text of 2 to the 60": batch.replace(shape, doubled + b"h\x00h\x00\x87"),
        "a dtype of 2 to the 60": batch.replace(b"dtype\n(U\x02u1", b"dtype\n(" + doubled),
        "a key of 2 to the 60": start + doubled + b"K\x01s.",
        "a key of 2 to the 60 in a dict": b"\x80\x02(" + doubled + b"K\x01d.",
        "a key a million deep": start + b")" + b"\x85" * 1_000_000 + b"K\x01s.",
        "a list a million deep": b"\x80\x02" + b"]" * 1_000_000 + b"a" * 999_999 + b".",
        "five million dicts": b"\x80\x02" + b"}" * 5_000_000,
        "five million marks": b"\x80\x02" + b"(" * 5_000_000,
        "calls of many arguments": b"\x80\x02" + many + b"(" + b"cnumpy\ndtype\nh\x00R" * 5000,
        "a call of a long text": b"\x80\x02cnumpy\ndtype\nT"
        + struct.pack("<i", 30 * MEGABYTE)
        + bytes(30 * MEGABYTE)
        + b"R.",
        "ten million digits": b"L" + b"9" * 10_000_000 + b"\n.",
        "a shape of many digits": batch.replace(
            shape, b"(\x8b" + struct.pack("<i", 10**6) + b"\x7f" * 10**6 + b"M\x00\x0ct"
        ),
        "a terminal command": b"c\x1b[2J\xed\xa0\x80\nos\n.",
        **{name: start + snippet + b"." for name, snippet in HOSTILE.items()},
    }


class Good(NamedTuple):
    """A batch file before anything is done to it."""

    layout: data_utils.Layout
    content: bytes
    spans: tuple  # where the pixels are, and the labels: (first, last) byte
    X: np.ndarray
    y: np.ndarray


def good_files():
    """The official bytes, those of five protocols of Python 3, and CIFAR-100's."""
    X, y = make_cifar_like(NUM, seed=5)
    latin = X.tobytes().decode("latin1")
    escaped = latin.replace("\\", "\\u005c").replace("\0", "\\u0000").replace("\n", "\\u000a")
    escaped = escaped.replace("\r", "\\u000d").replace("\x1a", "\\u001a")
    pixels = [escaped.encode("raw-unicode-escape"), latin.encode(), latin.encode()]
    pixels += [X.tobytes(), X.tobytes()]
    labels = ["".join(f"I{label}\na" for label in y).encode()]
    labels += [b"".join(b"K" + bytes([label]) for label in y)] * 4
    numbers = b"".join(b"J" + struct.pack("<i", label) for label in y)
    files = [(data_utils.CIFAR10, official_pickle(X, y), X.tobytes(), numbers, y)]
    batch = {"batch_label": "training batch 1 of 5", "labels": y.tolist(), "data": X}
    for protocol in range(5):
        content = pickle.dumps(batch, protocol=protocol)
        files.append((data_utils.CIFAR10, content, pixels[protocol], labels[protocol], y))
    fine = 10 * y + 9
    hundred = {"filenames": ["a.png"] * NUM, "fine_labels": fine.tolist()}
    hundred |= {"coarse_labels": y.tolist(), "data": X}
    numbers = b"".join(b"K" + bytes([label]) for label in fine)
    files.append((data_utils.CIFAR100, pickle.dumps(hundred, 2), pixels[2], numbers, fine))
    for layout, content, pixels, labels, y in files:
        assert content.count(pixels) == content.count(labels) == 1
        spans = tuple((content.index(b), content.index(b) + len(b)) for b in (pixels, labels))
        yield Good(layout, content, spans, X, y)


def mutate(goods, random):
    """One of the good files, changed. Returns (what was done, content, the good file, whether a
    byte of pixels or labels was touched)."""
    good = random.choice(goods)
    content, kind = (
        good.content,
        random.choice(["cut", "flip", "insert", "rename", "splice", "lose"]),
    )
    touched = kind in ("cut", "splice")

    def place():
        """Anywhere, or as often where the pixels are not."""
        first, last = good.spans[0]
        if random.random() < 0.3:
            return random.randrange(len(content))
        i = random.randrange(len(content) - (last - first))
        return i if i < first else i + last - first

    def touches(start, stop):
        return any(start <= last and first <= stop for first, last in good.spans)

    if kind == "cut":
        content = content[: place()]
    elif kind == "flip":
        content = bytearray(content)
        for _ in range(random.choice([1, 1, 1, 2, 4])):
            i = place()
            content[i] ^= 1 << random.randrange(8)
            touched |= any(first <= i < last for first, last in good.spans)
    elif kind == "insert":
        i = place()
        kind, snippet = random.choice([*HOSTILE.items(), ("noise", random.randbytes(3))])
        content, touched = content[:i] + snippet + content[i:], touches(i, i)
    elif kind == "rename":
        keys = [b"data", b"labels", b"fine_labels", b"coarse_labels", b"batch_label", b"uint8"]
        old, new = random.choice([key for key in keys if key in content]), random.choice(keys)
        # With the length before it, or, as damage has it, without.
        if random.random() < 0.7:
            for size in "B", "<I", "<Q":
                lengths = (struct.pack(size, len(key)) for key in (old, new))
                content = content.replace(
                    *(n + k for n, k in zip(lengths, (old, new), strict=True))
                )
        else:
            content = content.replace(old, new)
    elif kind == "splice":
        other = random.choice(goods).content
        content = content[: place()] + other[random.randrange(len(other)) :]
    else:
        i = place()
        j = min(len(content), i + random.choice([1, 2, 5, 30]))
        content = content[:i] + content[j:]
        touched = touches(i, j)
        if random.random() < 0.5:  # twice there, in place of lost
            content = good.content[:j] + good.content[i:]
    return kind, bytes(content), good, touched


def verdict(path, good, touched):
    """What `load_batch` makes of a file: "refused", "read", or what is wrong with that."""
    try:
        X, y = data_utils.load_batch(path, good.layout)
    except ValueError as error:
        text = str(error)
        clear = text.startswith(f"{path} must be a whole batch of CIFAR-10") and "; try " in text
        if not clear or "MemoryError" in text or not text.isprintable() or len(text) > 1000:
            return f"an unclear error: {text[:300]}"
        return "refused"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    if X.dtype != np.uint8 or X.shape != (len(y), 3072) or y.dtype != np.int64:
        return f"wrong arrays: {X.shape} {X.dtype}, {y.shape} {y.dtype}"
    if len(y) < 1 or y.min() < 0 or y.max() >= good.layout.num_classes:
        return f"wrong labels: {y}"
    if not touched and not (np.array_equal(X, good.X) and np.array_equal(y, good.y)):
        return "other arrays, though no byte of pixels or labels was touched"
    return "read"


def read_hostile_files(what, count, seed):
    """Read the bombs, or `count` mutated files, and print as JSON what came of it."""
    import resource

    path, goods, chance = Path("batch").resolve(), list(good_files()), random.Random(seed)
    outcomes, events, reading = {}, set(), False

    def hook(event, args):
        if reading and not (event == "open" and str(args[0]) == str(path)):
            events.add(f"{event} {args!r:.100}")

    sys.addaudithook(hook)
    if what == "bombs":
        files = ((name, bomb, goods[0], True) for name, bomb in bombs().items())
    else:
        files = (mutate(goods, chance) for _ in range(count))
    for good in goods:  # whatever reading imports, it imports now
        path.write_bytes(good.content)
        assert verdict(path, good, False) == "read"
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 256 * MEGABYTE,) * 2)
    before = peak()
    for kind, content, good, touched in files:
        path.write_bytes(content)
        reading = True
        outcome = verdict(path, good, touched)
        reading = False
        outcomes.setdefault(outcome, []).append(kind)
    print(json.dumps([outcomes, sorted(events), sorted(os.listdir()), peak() - before]))


def peak():
    """The most memory this process ever held, in megabytes."""
    # Not ru_maxrss, which a process starts with from its parent.
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


def run(tmp_path, *arguments):
    """The above in a process of its own: (outcomes, events, files, megabytes grown)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_hostile_batches", *map(str, arguments)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-2000:]}"
    return json.loads(done.stdout)


linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set on Linux only")


@linux
@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.proof)])
def test_damaged_batches_are_refused_or_read_right(tmp_path, count):
    """Each is a clear error or the right arrays; nothing runs, and memory does not grow."""
    outcomes, events, files, grown = run(tmp_path, "mutants", count, 3)
    assert set(outcomes) == {"refused", "read"}, {k: v[:5] for k, v in outcomes.items()}
    assert len(outcomes["refused"]) + len(outcomes["read"]) == count
    assert len(outcomes["read"]) > count // 20  # flipped pixels, lost titles: it is no blanket no
    assert events == []
    assert files == ["batch"]
    assert grown < 64


@linux
def test_bombs_do_not_go_off(tmp_path):
    """Files that ask for gigabytes, hours, a deep stack or a command: each one is refused."""
    outcomes, events, files, grown = run(tmp_path, "bombs", 0, 0)
    assert set(outcomes) == {"refused"}, outcomes
    assert len(outcomes["refused"]) == len(bombs())
    assert events == []
    assert files == ["batch"]
    assert grown < 192


@pytest.mark.parametrize("good", list(good_files()), ids=lambda good: good.layout.title)
def test_the_files_they_are_made_of_are_good(tmp_path, good):
    """Before damage each file gives its arrays."""
    (tmp_path / "batch").write_bytes(good.content)
    assert verdict(tmp_path / "batch", good, touched=False) == "read"


if __name__ == "__main__":
    read_hostile_files(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
