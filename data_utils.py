"""CIFAR-10, and images laid out like it: find, load, split, fetch, generate.

An image is a row of 3072 uint8 values, as in the files: 1024 of red, then green, then blue,
each plane 32 rows of 32 pixels. Images come as X (N, 3072), classes as y (N,) in [0, C).

    find_CIFAR10      where the images are
    load_images       those found, or generated ones: pixels as they are
    open_images       those of images.npy, left on the disk: what is not asked for is not read
    get_CIFAR10_data  what the notebooks train on: split, mean subtracted, a column of ones

`python data_utils.py --help` tells how to fetch images and how to generate them.

A batch file is a pickle, and a pickle can run code when it is read. These are read by an
unpickler that admits what a batch is made of, and nothing else.

Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

import argparse
import contextlib
import io
import os
import pickle
import reprlib
import shutil
import struct
import sys
import tarfile
import zlib
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from tqdm import tqdm

from cifar_like import CLASSES, make_cifar_like

DATASETS = Path(__file__).resolve().parent / "datasets"
PIXELS = 3 * 32 * 32
IMAGES, LABELS = "images.npy", "labels.npy"
GENERATED = 20_000  # drawn in about three seconds; from fewer, templates are noisy
HELD_OUT = 1000  # for validation, and as many for test where no file says which those are
FETCH = "`python data_utils.py fetch`"
ANEW = f"removing the folder, then {FETCH}"
# What a batch file may cost. The largest official one has 155 MB and takes 200,000 steps to read;
# a step leaves some 100 bytes behind, the pixels pass through three copies.
MOST_BYTES, MOST_STEPS = 2**29, 2**20


class Layout(NamedTuple):
    """The files of one of the official sets, and what is in them."""

    title: str
    folder: str
    train: tuple
    test: str
    labels: str  # the key of the labels, in each file
    num_classes: int
    names: tuple = ()  # the file of the names of the classes, where they are not CLASSES


BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
CIFAR10 = Layout("CIFAR-10", "cifar-10-batches-py", BATCHES, "test_batch", "labels", 10)
CIFAR100 = Layout(
    "CIFAR-100", "cifar-100-python", ("train",), "test", "fine_labels", 100, ("meta",)
)
LAYOUTS = {"cifar-10": CIFAR10, "cifar-100": CIFAR100}


class Images(NamedTuple):
    """Images with their classes, as `load_images` found them."""

    X_train: np.ndarray  # (N, 3072) uint8, in file order
    y_train: np.ndarray  # (N,) int64
    X_test: np.ndarray
    y_test: np.ndarray
    source: str  # which images these are, for people to read
    classes: tuple  # the names of the C classes
    num_validation: int  # how many of the training images, the last ones, are for validation


def find_CIFAR10(root=None):
    """The folder that holds the images: root, else `CIFAR10_DIR`, else in datasets/.

    root : path of a folder of CIFAR-10 or CIFAR-100 batches, or of the one it lies in, or of
           images.npy and labels.npy; None looks in the other two places
    Returns a Path, or None where nobody named a folder and datasets/ has no CIFAR-10.
    Raises FileNotFoundError where root, or `CIFAR10_DIR`, names a folder without images.
    """
    named = os.environ.get("CIFAR10_DIR") or None if root is None else root
    if named is None:
        places = [DATASETS / CIFAR10.folder]
    else:
        places = [Path(named), *(Path(named) / layout.folder for layout in LAYOUTS.values())]
    for place in places:
        if _layout_of(place) or (place / IMAGES).is_file():
            return place
    if named is None:
        return None
    name = "CIFAR10_DIR" if root is None else "the folder of images"
    raise FileNotFoundError(
        f"{name} must hold CIFAR-10 batches, CIFAR-100 batches or {IMAGES}; got no "
        f"{CIFAR10.train[0]}, {CIFAR100.train[0]} or {IMAGES} in {' or '.join(map(str, places))}; "
        f"try {FETCH}, which fills {DATASETS / CIFAR10.folder}"
    )


def load_CIFAR10(root):
    """Load the five training batches and the test batch.

    root : path of the folder, or of the one it lies in
    Returns X_train (N, 3072) uint8, y_train (N,) int64, X_test, y_test, in file order.
    Raises FileNotFoundError where the folder or one of its files is missing, ValueError where
    a file is not a batch of images.
    """
    return _load(find_CIFAR10(DATASETS if root is None else root), CIFAR10)


def load_images(root=None):
    """The images that `find_CIFAR10` finds, else generated ones, as `Images`.

    Those of images.npy stay on the disk. Of them, and of generated ones, the last 1,000 are for
    test and the 1,000 before them for validation, or a fifth each where there are fewer.
    """
    folder = find_CIFAR10(root)
    if folder is None:
        none = f"generated images: none found in datasets/{CIFAR10.folder}; try {FETCH}"
        return _split(*make_cifar_like(GENERATED), f"{GENERATED:,} {none}")
    layout = _layout_of(folder)
    if layout is None:
        images = _split(*open_images(folder), f"{IMAGES} in {folder}")
    else:
        arrays = _load(folder, layout)
        classes = CLASSES if layout is CIFAR10 else _load_names(folder / "meta")
        held_out = _held_out(len(arrays[1]))
        images = Images(*arrays, f"{layout.title} in {folder}", classes, held_out)
    counts = f"{len(images.y_train):,} training and {len(images.y_test):,} test images"
    return images._replace(source=f"{images.source}, {counts}")


def open_images(path):
    """Open the images of a folder of images.npy and labels.npy, as `generate` writes them.

    Returns X (N, 3072) uint8, which stays on the disk and cannot be written to, and y (N,) int64.
    Raises FileNotFoundError where a file is missing, ValueError where one is damaged, not of the
    shape and dtype above, or without a row, or y is not in [0, 10) and as long as X.
    """
    remedy = "generating it anew"
    _must_hold(Path(path), (IMAGES, LABELS), remedy)
    with _clear_errors(path, f"hold images of {len(CLASSES)} classes", remedy):
        X, y = (_map_npy(Path(path) / name) for name in (IMAGES, LABELS))
        if X.dtype != np.uint8 or X.ndim != 2 or X.shape[1] != PIXELS:
            raise ValueError(f"{IMAGES} of shape {X.shape} {X.dtype}, not (N, {PIXELS}) uint8")
        if not np.issubdtype(y.dtype, np.integer) or y.shape != X.shape[:1]:
            raise ValueError(f"{LABELS} of shape {y.shape} {y.dtype}, not {X.shape[:1]} int64")
        if len(X) < 1:
            raise ValueError("no images")
        if y.min() < 0 or y.max() >= len(CLASSES):
            raise ValueError(f"labels from {y.min()} to {y.max()}, not in [0, {len(CLASSES)})")
        return X, y.astype(np.int64)


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
    Where there are fewer images than asked for, validation keeps its number, but has no more
    than a fifth of the training images, or what `load_images` sets apart where that is more;
    training has the rest, dev no more than that, test what there is. A printed line says so.
    Raises ValueError where a number is not one or the images are not of ten classes, and what
    reading them raises.
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
    if len(images.classes) != len(CLASSES):
        raise ValueError(
            f"the images must be of {len(CLASSES)} classes; got {images.source}, of "
            f"{len(images.classes)}; try another root or CIFAR10_DIR, or `train.py --data`, "
            f"which takes these"
        )
    print(images.source)
    asked = num_training, num_validation, num_test
    num_training, num_validation, num_test = _numbers_to_be_had(images, *asked)
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


def load_batch(path, layout=CIFAR10):
    """Load one batch file, whoever wrote it: nothing in it is run.

    Returns X (N, 3072) uint8 and y (N,) int64. Raises ValueError where the file is damaged in
    its structure, not a batch, or asks for anything else than a batch is made of. A pixel or a
    label that was changed into another cannot be told: a batch carries no checksum.
    """
    with _clear_errors(path, f"be a whole batch of {layout.title}"):
        batch = _unpickle(path)
        X = batch["data"].to_uint8()
        y = batch[layout.labels]
        if type(y) is not list or len(y) != len(X):
            raise ValueError(f"{len(X)} images without a list of as many labels")
        if not all(type(label) is int and 0 <= label < layout.num_classes for label in y):
            raise ValueError(f"a label that is not an integer in [0, {layout.num_classes})")
        return X, np.array(y, np.int64)


def fetch(name="cifar-10"):
    """Download CIFAR-10, or CIFAR-100, into datasets/, verify it and unpack it.

    name : str    one of LAYOUTS
    What is there already is kept. An interrupted download or unpacking leaves no folder.
    Raises ValueError where the checksum differs, the archive is not what it should be, or what is
    there already is damaged; OSError where the network or the disk fails.
    """
    layout = LAYOUTS[name]
    folder = DATASETS / layout.folder
    if folder.exists():
        _load(folder, layout)
        print(f"{folder} is there already")
        return
    import pooch  # only here: nobody else should wait for it

    registry = pooch.create(path=DATASETS, base_url="")
    registry.load_registry(DATASETS / "registry.txt")
    archive = Path(registry.fetch(f"{name}-python.tar.gz", progressbar=True))
    with _whole_folder(folder) as partial:
        _unpack(archive, partial, layout)
        _load(partial, layout)
    archive.unlink()
    print(f"{layout.title} is in {folder}")


def generate(folder, num=GENERATED, seed=0, format="batches"):
    """Write the images of `make_cifar_like(num, seed)` into a folder, a thousand at a time.

    folder : path    it must be new, and appears when all is written
    num    : int     how many, from 10 up; of npy from 1 up
    seed   : int     0 or more
    format : "batches", files laid out as CIFAR-10's, the test batch the last 1,000 images or a
             fifth where there are fewer than 5,000; or "npy", images.npy (num, 3072) uint8 and
             labels.npy (num,) int64, in which as many are for test when they are loaded
    Raises ValueError where num or seed cannot be, OSError where the folder is there already or
    the disk fails; then, and after Ctrl-C, nothing is left of it. What ends the process at once,
    SIGTERM or SIGKILL, leaves NAME.PID.partial beside it, which may be removed.
    """
    # Each batch has an image, and is read whole, so it stays within MOST_BYTES.
    least, most, other = 10, 5 * MOST_BYTES // (PIXELS + 100), ", or npy for fewer or more"
    if format == "npy":
        least, most, other = 1, sys.maxsize, ""
    if not isinstance(num, (int, np.integer)) or not least <= num <= most:
        raise ValueError(
            f"num must be an integer in [{least}, {most}] for {format}; got {num}; "
            f"try {GENERATED}{other}"
        )
    make_cifar_like(0, seed)  # refuses a wrong seed before anything is written
    write = {"batches": _write_batches, "npy": _write_npy}[format]
    with _whole_folder(folder) as partial, tqdm(total=num, unit=" images") as bar:

        def draw(first, stop):
            for start in range(first, stop, 1000):
                some = min(1000, stop - start)
                yield make_cifar_like(some, seed, first=start)
                bar.update(some)

        write(partial, num, draw)
    print(f"{num:,} images are in {folder}")


def _load(folder, layout):
    """X_train, y_train, X_test, y_test of all the files of a layout."""
    _must_hold(folder, (*layout.train, layout.test, *layout.names), ANEW)
    X, y = zip(*(load_batch(folder / name, layout) for name in layout.train), strict=True)
    return np.concatenate(X), np.concatenate(y), *load_batch(folder / layout.test, layout)


def _must_hold(folder, names, remedy):
    missing = [str(folder / name) for name in names if not (folder / name).exists()]
    if missing:
        raise FileNotFoundError(
            f"the folder must hold {', '.join(names)}; got no {', no '.join(missing)}; try {remedy}"
        )


def _layout_of(folder):
    """The `Layout` of the batches in a folder, None where there are none."""
    for layout in LAYOUTS.values():
        if any((folder / name).is_file() for name in (layout.train[0], layout.test)):
            return layout
    return None


def _load_names(path):
    """The names of CIFAR-100's classes, a tuple of 100 words."""
    with _clear_errors(path, f"be the meta file of {CIFAR100.title}"):
        names = _unpickle(path)["fine_label_names"]
        names = tuple(name.decode() if type(name) is bytes else name for name in names)
        # They go into pictures and to the terminal, where other text may be a command.
        if len(names) != CIFAR100.num_classes or not all(map(str.isidentifier, names)):
            raise ValueError(f"no list of {CIFAR100.num_classes} words under fine_label_names")
        return names


def _held_out(num):
    return min(HELD_OUT, num // 5)


def _split(X, y, source):
    """`Images` of the ten classes, the last of them for test, those before for validation."""
    n = _held_out(len(X))
    if n < 1:
        raise ValueError(f"{source} must have 5 images or more to be split; got {len(X)}; try more")
    return Images(X[:-n], y[:-n], X[-n:], y[-n:], source, CLASSES, n)


def _numbers_to_be_had(images, num_training, num_validation, num_test):
    """Those asked for, or fewer where there are not as many; a printed line says so."""
    asked, n = (num_training, num_validation, num_test), len(images.X_train)
    if n < num_training + num_validation:
        num_validation = min(num_validation, max(n // 5, images.num_validation))
        num_training = min(num_training, n - num_validation)
    had = num_training, num_validation, min(num_test, len(images.X_test))
    if had != asked:
        words = "{} training, {} validation and {} test images"
        print(f"asked for {words.format(*asked)}, got {words.format(*had)}")
    return had


@contextlib.contextmanager
def _clear_errors(path, what, remedy=ANEW):
    """Whatever reading a damaged file raises becomes a ValueError of four parts."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # damaged files raise nearly any
        text = "".join(c if c.isprintable() else "?" for c in f"{error}"[:300])
        raise ValueError(
            f"{path} must {what}; got {type(error).__name__}: {text}; try {remedy}"
        ) from None


def _map_npy(path):
    array = np.lib.format.open_memmap(path, mode="r")  # never unpickles
    if path.stat().st_size != array.offset + array.nbytes:
        raise ValueError(f"{path.name} of another size than its header says")
    return array


@contextlib.contextmanager
def _whole_folder(folder):
    """A folder to write in, which becomes `folder`, a new one, when all is there, or goes."""
    folder = Path(folder).resolve()
    # Nor an empty one: to be replaced it would have to go first, and it may be somebody's current
    # folder, or a mount point.
    if folder.exists():
        raise FileExistsError(
            f"{folder} must be a new folder; got something there; try another name"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    partial.mkdir()
    try:
        yield partial
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _unpack(archive, folder, layout):
    """Write a layout's files into a folder; all else in the archive is left alone."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            # Members are taken by name and written by us: the archive cannot say where.
            for name in (*layout.train, layout.test, *layout.names):
                member = tar.getmember(f"{layout.folder}/{name}")
                if not member.isreg() or member.size > MOST_BYTES:
                    raise tarfile.TarError(f"{member.name} that is no file, or too large")
                with open(folder / name, "wb") as file:
                    shutil.copyfileobj(tar.extractfile(member), file)
    except (EOFError, KeyError, tarfile.TarError, zlib.error) as error:
        raise ValueError(
            f"{archive} must hold the files of {layout.title}; got {error}; "
            f"try removing it, then {FETCH}"
        ) from None


def _write_npy(folder, num, draw):
    with open(folder / IMAGES, "wb") as images, open(folder / LABELS, "wb") as labels:
        for file, descr, shape in (images, "|u1", (num, PIXELS)), (labels, "<i8", (num,)):
            header = {"descr": descr, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
        for X, y in draw(0, num):
            images.write(X)
            labels.write(y.astype("<i8"))


def _write_batches(folder, num, draw):
    last = num - _held_out(num)
    cuts = [*(last * i // 5 for i in range(6)), num]
    for i, name in enumerate((*CIFAR10.train, CIFAR10.test)):
        X, y = map(np.concatenate, zip(*draw(cuts[i], cuts[i + 1]), strict=True))
        title = f"training batch {i + 1} of 5" if i < 5 else "testing batch 1 of 1"
        names = [f"{CLASSES[label]}_{j:06d}.png" for j, label in enumerate(y, cuts[i])]
        batch = {"batch_label": title, "labels": y.tolist(), "data": X, "filenames": names}
        with open(folder / name, "wb") as file:
            _Python2Pickler(file, protocol=2).dump(batch)
    meta = {"label_names": list(CLASSES), "num_cases_per_batch": cuts[1], "num_vis": PIXELS}
    with open(folder / "batches.meta", "wb") as file:
        _Python2Pickler(file, protocol=2).dump(meta)


class _Python2Pickler(pickle._Pickler):
    """Writes text and bytes alike as Python 2 did, so a batch opens by any recipe for CIFAR-10."""

    def save_text(self, text):
        text = text if isinstance(text, bytes) else text.encode()
        self.write(pickle.BINSTRING + struct.pack("<i", len(text)) + text)

    dispatch: ClassVar = {**pickle._Pickler.dispatch, str: save_text, bytes: save_text}


def _unpickle(path):
    """The dict in a file, its keys as text; arrays in it are `_Array`."""
    size = Path(path).stat().st_size
    if size > MOST_BYTES or not Path(path).is_file():
        raise ValueError(f"{size:,} bytes, or no file; the most is {MOST_BYTES:,}")
    content = _BatchUnpickler(io.BytesIO(Path(path).read_bytes()), encoding="bytes").load()
    if type(content) is not _Dict:
        raise ValueError(f"a {type(content).__name__}, not a dict")
    return content


class _Dict(dict):
    """Admits text for keys, each once. To hash a tuple of tuples of tuples may take for ever."""

    __slots__ = ()

    def __setitem__(self, key, value):
        key = key.decode() if type(key) is bytes else key  # as Python 2 wrote the official files
        if type(key) is not str or key in self:
            raise ValueError("a key that is not text, or is there twice")
        super().__setitem__(key, value)


class _Inert:
    """Stands for whatever a batch file names; it keeps what it is given and does nothing."""

    def __init__(self, *args):
        self.args = args

    def __setstate__(self, state):
        self.state = state


class _Encoded(_Inert):
    """Python 3's way to write bytes for Python 2: encode(text, "latin1")."""

    def to_bytes(self):
        return self.args[0].encode("latin1")


class _Array(_Inert):
    """A numpy array as pickled: state (version, shape, dtype, is Fortran order, bytes)."""

    def to_uint8(self):
        _, shape, dtype, fortran, data = self.state
        if dtype.args[0] not in ("u1", b"u1"):
            raise ValueError(f"pixels of dtype {reprlib.repr(dtype.args[0])}, not uint8")
        whole = type(shape) is tuple and [type(n) for n in shape] == [int, int]
        if not whole or shape[0] < 1 or shape[1] != PIXELS:
            raise ValueError(f"pixels of shape {reprlib.repr(shape)}, not (N, {PIXELS})")
        if fortran is not False:  # in no official file, and one flipped bit away from it
            raise ValueError("pixels in Fortran order")
        data = data.to_bytes() if isinstance(data, _Encoded) else data
        return np.frombuffer(data, np.uint8).reshape(shape)


# The Python unpickler, not the C one: the latter allocates gigabytes for one hostile memo index,
# and its steps cannot be counted.
class _BatchUnpickler(pickle._Unpickler):
    """Admits dicts, lists, text, numbers, and the names below, none of which does anything."""

    NAMES: ClassVar = {
        "numpy.core.multiarray _reconstruct": _Array,
        "numpy._core.multiarray _reconstruct": _Array,
        "numpy ndarray": _Inert,
        "numpy dtype": _Inert,
        "_codecs encode": _Encoded,
    }
    STEPS = (
        "proto frame mark stop none true false int binint binint1 binint2 long long1 long4 float "
        "binfloat string binstring short_binstring binbytes binbytes8 short_binbytes unicode "
        "binunicode binunicode8 short_binunicode tuple empty_tuple tuple1 tuple2 tuple3 list "
        "empty_list append appends dict empty_dictionary setitem setitems global stack_global "
        "reduce build put binput long_binput memoize get binget long_binget"
    )
    ADMITTED: ClassVar = frozenset(STEPS.split())
    steps = 0

    @property
    def dispatch(self):  # `load` looks up here what to do for each opcode
        return self

    def __getitem__(self, opcode):
        self.steps += 1
        step = pickle._Unpickler.dispatch.get(opcode)
        if step is None or step.__name__.removeprefix("load_") not in self.ADMITTED:
            raise pickle.UnpicklingError(f"opcode {bytes([opcode])}, of which no batch is made")
        if self.steps > MOST_STEPS:
            raise pickle.UnpicklingError(f"more than {MOST_STEPS:,} opcodes")
        return getattr(type(self), step.__name__)

    def load_reduce(self):
        # No more arguments than these names take, so that no call copies a long list.
        if type(self.stack[-1]) is not tuple or len(self.stack[-1]) > 3:
            raise pickle.UnpicklingError("a call with other than one to three arguments")
        super().load_reduce()

    def load_dict(self):
        if self.pop_mark():  # protocol 0 makes an empty dict, too, and fills it later
            raise pickle.UnpicklingError("a dict made of a list")
        self.append(_Dict())

    def load_empty_dictionary(self):
        self.append(_Dict())

    def find_class(self, module, name):
        if f"{module} {name}" not in self.NAMES:
            raise pickle.UnpicklingError(f"a request for {module}.{name}, which was not run")
        return self.NAMES[f"{module} {name}"]


def main():
    parser = argparse.ArgumentParser(
        description="Fetch images for the commands of this folder, or generate some.",
        epilog="`python data_utils.py fetch --help` and `... generate --help` tell the options.",
    )
    verbs = parser.add_subparsers(dest="command", required=True, metavar="fetch | generate")
    about = f"download CIFAR-10 (170 MB) into {DATASETS}, where every command finds it"
    add = verbs.add_parser("fetch", help=about, description=about).add_argument
    help = "default: %(default)s; CIFAR-100 must then be named with --data"
    add("--set", choices=LAYOUTS, default="cifar-10", dest="name", help=help)
    about = "write drawn images into a folder, for `train.py --data DIR` or CIFAR10_DIR"
    add = verbs.add_parser("generate", help=about, description=about).add_argument
    add("folder", type=Path, metavar="DIR", help="new; appears when all is written")
    add("--num", type=int, metavar="N", default=GENERATED, help="default: %(default)s")
    add("--seed", type=int, metavar="S", default=0, help="default: %(default)s")
    help = "CIFAR-10's files, or images.npy and labels.npy, of any size; default: %(default)s"
    add("--format", choices=["batches", "npy"], default="batches", help=help)
    options = vars(parser.parse_args())
    command = {"fetch": fetch, "generate": generate}[options.pop("command")]
    try:
        command(**options)
    except (OSError, ValueError) as error:
        hint = f"try again, or unpack by hand the archive that {DATASETS / 'registry.txt'} names"
        sys.exit(f"data_utils.py: {error}" + (f"; {hint}" if command is fetch else ""))
    except KeyboardInterrupt:
        sys.exit("data_utils.py: interrupted; nothing half-written was kept")


if __name__ == "__main__":
    main()
