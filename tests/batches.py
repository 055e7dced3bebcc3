"""Batch files as Python 2 wrote the official ones, and as others might."""

import pickle

import numpy as np

from cifar_like import make_cifar_like
from data_utils import CIFAR10


def official_pickle(X, y):
    """The bytes of a batch as Python 2 and numpy 1 pickled it, opcode by opcode."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    def number(value):
        return b"J" + int(value).to_bytes(4, "little", signed=True)

    data = np.ascontiguousarray(X).tobytes()
    shape = b"".join(number(n) for n in X.shape)
    return b"".join(
        [
            b"\x80\x02}q\x01(",
            text(b"batch_label") + text(b"training batch 1 of 5"),
            text(b"labels") + b"]q\x04(" + b"".join(number(label) for label in y) + b"e",
            text(b"data"),
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(" + number(0) + b"t",
            text(b"b") + b"tR(" + number(1) + b"(" + shape + b"t",
            b"cnumpy\ndtype\n(" + text(b"u1") + number(0) + number(1) + b"tR(",
            number(3) + text(b"|") + b"NNN" + number(-1) + number(-1) + number(0) + b"tb",
            b"\x89T" + len(data).to_bytes(4, "little") + data + b"tb",
            b"u.",
        ]
    )


def write_batch(path, X, y, **others):
    """A batch as today's Python pickles it in protocol 2."""
    path.write_bytes(pickle.dumps({"data": X, "labels": y, **others}, protocol=2))


def write_dataset(folder, num=600):
    """A whole folder of batches of generated images: five uneven ones and a test batch."""
    folder.mkdir(parents=True, exist_ok=True)
    X, y = make_cifar_like(num, seed=3)
    cuts = np.array([2, 3, 4, 6, 8]) * num // 10
    parts = zip((*CIFAR10.train, CIFAR10.test), np.split(X, cuts), np.split(y, cuts), strict=True)
    for name, X_part, y_part in parts:
        (folder / name).write_bytes(official_pickle(X_part, y_part))
    return X, y
