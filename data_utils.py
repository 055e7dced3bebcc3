"""CIFAR-10: find, fetch, load, split.

An image is a row of 3072 uint8 values, as in the files: 1024 of red, then green, then blue,
each plane 32 rows of 32 pixels. Images come as X (N, 3072), classes as y (N,) in [0, 10).

    find_CIFAR10      where the images are
    load_images       those found, or generated ones: pixels as they are
    get_CIFAR10_data  what the notebooks train on: split, mean subtracted, a column of ones

A batch file is a pickle, and a pickle can run code when it is read. These are read by an
unpickler that admits what a batch is made of, and nothing else.

Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

import argparse
import io
import os
import pickle
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from cifar_like import CLASSES, make_cifar_like

DATASETS = Path(__file__).resolve().parent / "datasets"
FOLDER = "cifar-10-batches-py"
TRAIN_FILES = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST_FILE = "test_batch"
PIXELS = 3 * 32 * 32
GENERATED = 20_000  # drawn in about three seconds; from fewer, templates are noisy
FETCH = "`python data_utils.py fetch`"


class Images(NamedTuple):
    """Images with their classes, as `load_images` found them."""

    X_train: np.ndarray  # (N, 3072) uint8, in file order
    y_train: np.ndarray  # (N,) int64
    X_test: np.ndarray
    y_test: np.ndarray
    source: str  # which images these are, for people to read


def find_CIFAR10(root=None):
    """The folder that holds the batch files: root, else `CIFAR10_DIR`, else in datasets/.

    root : path of the folder, or of the one it lies in; None looks in the other two places
    Returns a Path, or None where nobody named a folder and datasets/ has none.
    Raises FileNotFoundError where root, or `CIFAR10_DIR`, names a folder without batch files.
    """
    named = os.environ.get("CIFAR10_DIR") or None if root is None else root
    places = [DATASETS / FOLDER] if named is None else [Path(named), Path(named) / FOLDER]
    for place in places:
        if (place / TRAIN_FILES[0]).exists() or (place / TEST_FILE).exists():
            return place
    if named is None:
        return None
    name = "CIFAR10_DIR" if root is None else "the folder of images"
    raise FileNotFoundError(
        f"{name} must hold CIFAR-10 batches; got no "
        f"{TRAIN_FILES[0]} in {' or '.join(map(str, places))}; "
        f"try {FETCH}, which puts one in {DATASETS / FOLDER}"
    )


def load_CIFAR10(root):
    """Load the five training batches and the test batch.

    root : path of the folder, or of the one it lies in
    Returns X_train (N, 3072) uint8, y_train (N,) int64, X_test, y_test, in file order.
    Raises FileNotFoundError where the folder or one of its files is missing, ValueError where
    a file is not a batch of images.
    """
    folder = find_CIFAR10(DATASETS if root is None else root)
    missing = [
        str(folder / name) for name in (*TRAIN_FILES, TEST_FILE) if not (folder / name).exists()
    ]
    if missing:
        raise FileNotFoundError(
            f"the folder must hold {TRAIN_FILES[0]} to 5 and {TEST_FILE}; got no "
            f"{', no '.join(missing)}; try {FETCH}"
        )
    X, y = zip(*(load_batch(folder / name) for name in TRAIN_FILES), strict=True)
    return np.concatenate(X), np.concatenate(y), *load_batch(folder / TEST_FILE)


def load_images(root=None):
    """The images that `find_CIFAR10` finds, else generated ones, as `Images`."""
    folder = find_CIFAR10(root)
    if folder is None:
        X, y = make_cifar_like(GENERATED)
        source = f"{GENERATED:,} generated images: none found in datasets/{FOLDER}; try {FETCH}"
        return Images(X[:-1000], y[:-1000], X[-1000:], y[-1000:], source)
    arrays = load_CIFAR10(folder)
    counts = f"{len(arrays[1]):,} training and {len(arrays[3]):,} test images"
    return Images(*arrays, f"CIFAR-10 in {folder}, {counts}")


def get_CIFAR10_data(
    root=None, num_training=49000, num_validation=1000, num_test=1000, num_dev=500, rng=None
):
    """The splits of the course: preprocessed, and ready for a linear classifier.

    root           : path or None, as in `find_CIFAR10`; generated images where there are none
    num_training   : int    the first training images
    num_validation : int    those after them
    num_test       : int    the first test images
    num_dev        : int    drawn from the training split without replacement
    rng            : numpy Generator; None is a fresh one
    Returns a dict: X_train, X_val, X_test, X_dev, each (N, 3073) float32, the mean training
    image subtracted and a column of ones appended; y_train, y_val, y_test, y_dev, int64; and
    mean_image (3072,) float32.
    Where there are fewer images than asked for, validation and test keep their number, but
    have no more than a fifth of the images they are taken from; training has the rest, and
    dev no more than that. A printed line says so.
    """
    for name, number in {
        "num_training": num_training,
        "num_validation": num_validation,
        "num_test": num_test,
        "num_dev": num_dev,
    }.items():
        if not isinstance(number, (int, np.integer)) or number < 1:
            raise ValueError(f"{name} must be a whole number from 1 up; got {number}; try 1000")
    images = load_images(root)
    n, n_test = len(images.X_train), len(images.X_test)
    asked = f"{num_training} training, {num_validation} validation and {num_test} test images"
    if n < num_training + num_validation:
        num_validation = min(num_validation, n // 5)
        num_training = min(num_training, n - num_validation)
    num_test = min(num_test, n_test)
    taken = f"{num_training} training, {num_validation} validation and {num_test} test images"
    print(images.source)
    if taken != asked:
        print(f"asked for {asked}, got {taken}")

    train, val = np.split(np.arange(num_training + num_validation), [num_training])
    dev = np.random.default_rng(rng).choice(train, min(num_dev, num_training), replace=False)
    mean_image = images.X_train[:num_training].mean(axis=0).astype(np.float32)
    data = {"mean_image": mean_image}
    for name, rows in {"train": train, "val": val, "dev": dev}.items():
        data[f"X_{name}"] = to_features(images.X_train[rows], mean_image)
        data[f"y_{name}"] = images.y_train[rows]
    data["X_test"] = to_features(images.X_test[:num_test], mean_image)
    data["y_test"] = images.y_test[:num_test]
    return data


def to_features(X, mean_image, scale=1.0):
    """(X - mean_image) * scale with a last column of ones, whose weights are the bias.

    X (N, 3072) uint8, mean_image (3072,), scale a number. Returns (N, 3073) float32.
    """
    features = np.ones((len(X), X.shape[1] + 1), np.float32)
    np.subtract(X, mean_image, out=features[:, :-1], dtype=np.float32)
    features[:, :-1] *= np.float32(scale)
    return features


def load_batch(path):
    """Load one batch file, whoever wrote it: nothing in it is run.

    Returns X (N, 3072) uint8 and y (N,) int64. Raises ValueError where the file is damaged,
    not a batch, or asks for anything else than a batch is made of.
    """
    try:
        batch = _BatchUnpickler(io.BytesIO(Path(path).read_bytes()), encoding="bytes").load()
        # Keys are bytes where Python 2 wrote them, as it did the official files.
        batch = {key if isinstance(key, str) else key.decode(): batch[key] for key in batch}
        X = batch["data"].to_uint8()
        y = batch["labels"]
        if type(y) is not list or len(y) != len(X):
            raise ValueError(f"{len(X)} images without a list of as many labels")
        if not all(type(label) is int and 0 <= label < len(CLASSES) for label in y):
            raise ValueError(f"a label that is not an integer in [0, {len(CLASSES)})")
    except OSError:
        raise
    except Exception as error:  # damaged pickles raise nearly any
        raise ValueError(
            f"{path} must be a whole batch of CIFAR-10; got {type(error).__name__}: {error}; "
            f"try removing the folder, then {FETCH}"
        ) from None
    return X, np.array(y, np.int64)


class _Inert:
    """Stands for whatever a batch file names; it keeps what it is given and does nothing."""

    __slots__ = ("args", "state")

    def __init__(self, *args):
        self.args = args

    def __setstate__(self, state):
        self.state = state


class _Encoded(_Inert):
    """Python 3's way to write bytes for Python 2: encode(text, "latin1")."""

    __slots__ = ()

    def to_bytes(self):
        return self.args[0].encode("latin1")


class _Array(_Inert):
    """A numpy array as pickled: state (version, shape, dtype, is Fortran order, bytes)."""

    __slots__ = ()

    def to_uint8(self):
        _, shape, dtype, fortran, data = self.state
        if dtype.args[0] not in ("u1", b"u1"):
            raise ValueError(f"pixels of dtype {dtype.args[0]!r}, not uint8")
        if len(shape) != 2 or shape[0] < 1 or shape[1] != PIXELS:
            raise ValueError(f"pixels of shape {shape}, not (N, {PIXELS})")
        data = data.to_bytes() if isinstance(data, _Encoded) else data
        return np.frombuffer(data, np.uint8).reshape(shape, order="F" if fortran else "C")


# The Python unpickler, not the C one: the latter allocates gigabytes for one hostile memo index.
class _BatchUnpickler(pickle._Unpickler):
    """Admits dicts, lists, text, numbers, and these names, none of which does anything."""

    ADMITTED: ClassVar = {
        "numpy.core.multiarray _reconstruct": _Array,
        "numpy._core.multiarray _reconstruct": _Array,
        "numpy ndarray": _Inert,
        "numpy dtype": _Inert,
        "_codecs encode": _Encoded,
    }

    def find_class(self, module, name):
        if f"{module} {name}" not in self.ADMITTED:
            raise pickle.UnpicklingError(f"a request for {module}.{name}, which was not run")
        return self.ADMITTED[f"{module} {name}"]


def fetch():
    """Download CIFAR-10 into datasets/, verify it and unpack it.

    What is there already is kept. An interrupted download or unpacking leaves no folder.
    Raises ValueError where the checksum differs, OSError where the network or the disk does.
    """
    folder = DATASETS / FOLDER
    if folder.exists():
        print(f"{folder} is there already")
        return
    import pooch  # only here: nobody else should wait for it

    registry = pooch.create(path=DATASETS, base_url="")
    registry.load_registry(DATASETS / "registry.txt")
    archive = Path(registry.fetch("cifar-10-python.tar.gz", progressbar=True))
    partial = Path(tempfile.mkdtemp(dir=DATASETS))
    try:
        with tarfile.open(archive) as tar:
            # Members are taken by name and written by us: the archive cannot say where.
            for name in (*TRAIN_FILES, TEST_FILE):
                with open(partial / name, "wb") as file:
                    shutil.copyfileobj(tar.extractfile(f"{FOLDER}/{name}"), file)
        load_CIFAR10(partial)
        partial.chmod(0o755)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    archive.unlink()
    print(f"CIFAR-10 is in {folder}")


def main():
    parser = argparse.ArgumentParser(description="CIFAR-10 for the commands of this folder.")
    parser.add_argument("command", choices=["fetch"], help=f"download it (170 MB) to {DATASETS}")
    parser.parse_args()
    try:
        fetch()
    except (OSError, ValueError) as error:
        sys.exit(
            f"{FOLDER} must come whole; got {error}; try again, or unpack by hand the archive "
            f"that {DATASETS / 'registry.txt'} names"
        )


if __name__ == "__main__":
    main()
