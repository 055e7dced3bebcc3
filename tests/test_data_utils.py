"""Finding, reading, splitting and fetching images; a batch file can hurt nobody."""

import collections
import functools
import http.server
import os
import pickle
import random
import signal
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import data_utils
import train
from cifar_like import make_cifar_like

from .batches import official_pickle, write_batch, write_dataset

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def no_images_around(monkeypatch, tmp_path):
    """No test sees images of the machine it runs on."""
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    monkeypatch.setattr(data_utils, "DATASETS", tmp_path / "datasets")


@pytest.fixture
def images():
    return make_cifar_like(20, seed=1)


def test_a_folder_is_read_in_file_order(tmp_path):
    """Five uneven batches come as one array of uint8 rows, the test batch as another."""
    X, y = write_dataset(tmp_path / "cifar")
    X_train, y_train, X_test, y_test = data_utils.load_CIFAR10(tmp_path / "cifar")
    np.testing.assert_array_equal(np.vstack([X_train, X_test]), X)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), y)
    assert (X_train.shape, X_test.shape) == ((480, 3072), (120, 3072))
    assert (X_train.dtype, y_train.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_batches_of_any_python_are_read(tmp_path, images, protocol):
    """Protocol 0 to 4, keys as text, gives the same arrays as the official bytes."""
    X, y = images
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({"data": X, "labels": y.tolist()}, protocol=protocol))
    X_read, y_read = data_utils.load_batch(path)
    np.testing.assert_array_equal(X_read, X)
    np.testing.assert_array_equal(y_read, y)


class Hostile:
    """A pickle of this runs a command when an ordinary unpickler reads it."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_a_batch_that_would_run_code_does_not(tmp_path, images):
    """The file is refused, the error says what it asked for, and nothing ran."""
    X, y = images
    marker = tmp_path / "it-ran"
    write_batch(tmp_path / "batch", X, y.tolist(), extra=Hostile(marker))
    with pytest.raises(ValueError, match=r"request for (posix|nt)\.mkdir, which was not run"):
        data_utils.load_batch(tmp_path / "batch")
    assert not marker.exists()
    pickle.loads((tmp_path / "batch").read_bytes())
    assert marker.exists()  # it was no blank cartridge


@pytest.mark.parametrize(
    "value",
    [collections.OrderedDict(), np.float64(3), np.array([1.5]), {1, 2}, print, complex(1)],
    ids=lambda value: type(value).__name__,
)
def test_only_what_a_batch_is_made_of_is_admitted(tmp_path, images, value):
    """Even a harmless object of another class is refused, or never built."""
    X, y = images
    write_batch(tmp_path / "batch", X, y.tolist(), extra=value)
    try:
        data_utils.load_batch(tmp_path / "batch")
    except ValueError as error:
        assert "which was not run" in str(error)
    else:
        assert isinstance(value, np.ndarray)  # a float array beside the pixels stays inert


def test_a_hostile_memo_index_costs_no_memory(tmp_path):
    """One opcode asks the C unpickler for 64 GB; here it is an entry of a dict."""
    path = tmp_path / "batch"
    path.write_bytes(b"\x80\x02}r\xff\xff\xff\xff.")
    with pytest.raises(ValueError, match="must be a whole batch of CIFAR-10; got KeyError"):
        data_utils.load_batch(path)


X20, Y20 = np.zeros((20, 3072), np.uint8), [0] * 20
BAD_BATCHES = {
    "truncated": official_pickle(X20, Y20)[:-1000],
    "empty": b"",
    "no pickle": b"<html>404</html>",
    "wrong dtype": pickle.dumps({"data": X20.astype(np.float32), "labels": Y20}, 2),
    "wrong shape": pickle.dumps({"data": X20.reshape(20, 32, 32, 3), "labels": Y20}, 2),
    "wrong width": pickle.dumps({"data": X20[:, :-1], "labels": Y20}, 2),
    "no images": pickle.dumps({"data": X20[:0], "labels": []}, 2),
    "label out of range": pickle.dumps({"data": X20, "labels": [0] * 19 + [10]}, 2),
    "label negative": pickle.dumps({"data": X20, "labels": [0] * 19 + [-1]}, 2),
    "label true": pickle.dumps({"data": X20, "labels": [0] * 19 + [True]}, 2),
    "too few labels": pickle.dumps({"data": X20, "labels": [0] * 19}, 2),
    "no labels": pickle.dumps({"data": X20}, 2),
    "no dict": pickle.dumps([X20, Y20], 2),
    "Fortran order": pickle.dumps({"data": np.asfortranarray(X20), "labels": Y20}, 2),
    "a key twice": official_pickle(X20, Y20)[:-2] + b"U\x06labels](" + b"K\1" * 20 + b"eu.",
    "a key of bytes and of text": pickle.dumps({"data": X20, b"data": X20, "labels": Y20}, 3),
    "pixels a list": pickle.dumps({"data": X20.tolist(), "labels": Y20}, 2),
    "too few bytes": official_pickle(X20, Y20).replace(
        b"T" + X20.size.to_bytes(4, "little") + bytes(9),
        b"T" + (X20.size - 9).to_bytes(4, "little"),
    ),
}


@pytest.mark.parametrize("content", BAD_BATCHES.values(), ids=BAD_BATCHES)
def test_a_bad_batch_is_refused(tmp_path, content):
    """The error names the file, what came, and how to get a whole one."""
    path = tmp_path / "data_batch_3"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"data_batch_3 must be a whole batch") as error:
        data_utils.load_batch(path)
    assert "; got " in str(error.value)
    assert str(error.value).endswith("try removing the folder, then `python data_utils.py fetch`")


def test_a_missing_folder_names_every_place_and_the_command(tmp_path, monkeypatch):
    """All three places that were looked in, what for, and the command that fetches."""
    no = tmp_path / "no"
    expected = (
        "must hold CIFAR-10 batches, CIFAR-100 batches or images.npy; got no data_batch_1, train "
        f"or images.npy in {no} or {no / 'cifar-10-batches-py'} or {no / 'cifar-100-python'}; "
        "try `python data_utils.py fetch`"
    )
    with pytest.raises(FileNotFoundError) as error:
        data_utils.load_CIFAR10(no)
    assert expected in str(error.value)
    monkeypatch.setenv("CIFAR10_DIR", str(no))
    with pytest.raises(FileNotFoundError) as error:
        data_utils.load_images()
    assert f"CIFAR10_DIR {expected}" in str(error.value)


def test_no_root_at_all_looks_in_datasets():
    """load_CIFAR10(None) names datasets/, where fetch would put the images."""
    with pytest.raises(FileNotFoundError, match=r"datasets.cifar-10-batches-py or .*; try `python"):
        data_utils.load_CIFAR10(None)


@pytest.mark.parametrize("number", [0, -1, 2.5])
def test_a_split_must_have_images(number):
    """A number of images that is not one is named."""
    with pytest.raises(
        ValueError, match=f"num_test must be a whole number from 1 up; got {number}"
    ):
        data_utils.get_CIFAR10_data(num_test=number)


def test_a_missing_batch_is_named(tmp_path):
    """A folder without its fourth batch says so."""
    write_dataset(tmp_path)
    (tmp_path / "data_batch_4").unlink()
    with pytest.raises(FileNotFoundError, match=r"got no \S*data_batch_4; try removing"):
        data_utils.load_CIFAR10(tmp_path)


def test_images_are_found_in_order(tmp_path, monkeypatch):
    """The root that is named, else CIFAR10_DIR, else datasets/, else none."""
    here, env, given = (
        tmp_path / "datasets/cifar-10-batches-py",
        tmp_path / "env",
        tmp_path / "given",
    )
    assert data_utils.find_CIFAR10() is None
    for folder in (here, env, given):
        write_dataset(folder, num=60)
    assert data_utils.find_CIFAR10() == here
    monkeypatch.setenv("CIFAR10_DIR", str(env))
    assert data_utils.find_CIFAR10() == env
    assert data_utils.find_CIFAR10(given) == given
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path / "datasets"))  # the folder it lies in
    assert data_utils.find_CIFAR10() == here


def test_without_images_there_are_generated_ones(monkeypatch):
    """The last thousand are test images, and the source says that they were generated."""
    monkeypatch.setattr(data_utils, "GENERATED", 5500)
    images = data_utils.load_images()
    assert (len(images.X_train), len(images.X_test), images.num_validation) == (4500, 1000, 1000)
    assert images.source.startswith("5,500 generated images: none found in ")
    np.testing.assert_array_equal(images.X_train, make_cifar_like(4500)[0])


def test_the_splits_of_the_course(tmp_path, capsys):
    """480 images: a fifth for validation, after the rest; the test images that are there."""
    X, y = write_dataset(tmp_path)
    data = data_utils.get_CIFAR10_data(tmp_path, rng=np.random.default_rng(0))
    sizes = {name: data[f"X_{name}"].shape for name in ("train", "val", "test", "dev")}
    assert sizes == {
        "train": (384, 3073),
        "val": (96, 3073),
        "test": (120, 3073),
        "dev": (384, 3073),
    }
    mean = X[:384].mean(axis=0)
    np.testing.assert_allclose(data["mean_image"], mean, rtol=1e-6)
    np.testing.assert_allclose(data["X_val"][:, :-1], X[384:480] - mean, atol=1e-4)
    np.testing.assert_allclose(data["X_test"][:, :-1], X[480:] - mean, atol=1e-4)
    for name in sizes:
        assert data[f"X_{name}"].dtype == np.float32
        assert (data[f"X_{name}"][:, -1] == 1).all()
    np.testing.assert_array_equal(data["y_val"], y[384:480])
    assert "asked for 49000 training, 1000 validation and 1000 test images, got 384" in (
        capsys.readouterr().out
    )


def test_enough_images_are_split_as_asked(tmp_path, capsys):
    """Validation follows training; dev is drawn from training, without replacement."""
    _, y = write_dataset(tmp_path)
    data = data_utils.get_CIFAR10_data(tmp_path, 300, 100, 50, 40, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(data["y_val"], y[300:400])
    np.testing.assert_array_equal(data["y_test"], y[480:530])
    rows = {row.tobytes(): i for i, row in enumerate(data["X_train"])}
    drawn = [rows[row.tobytes()] for row in data["X_dev"]]
    assert len(set(drawn)) == 40
    np.testing.assert_array_equal(data["y_dev"], data["y_train"][drawn])
    assert "asked for" not in capsys.readouterr().out


def test_features_by_hand():
    """(x - mean) * scale, and a last column of ones."""
    features = data_utils.to_features(
        np.array([[0, 255, 64]], np.uint8), np.array([32, 32, 32.0]), 0.5
    )
    np.testing.assert_array_equal(features, np.array([[-16, 111.5, 16, 1]], np.float32))
    assert features.dtype == np.float32


@pytest.fixture
def archive_server(tmp_path, monkeypatch):
    """Serves an archive on loopback; the registry has its address and, unless told, its md5."""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "served").mkdir()
    write_dataset(tmp_path / "cifar-10-batches-py", num=60)
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "served")
    )
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *args: None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(md5=None, leave_out=None, damage=None, cut=0, instead=None):
        import pooch

        if damage:
            (tmp_path / "cifar-10-batches-py" / damage).write_bytes(b"not a batch")

        archive = tmp_path / "served/cifar-10-python.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for path in sorted((tmp_path / "cifar-10-batches-py").iterdir()):
                if path.name != leave_out:
                    tar.add(path, f"cifar-10-batches-py/{path.name}")
            if instead:  # the last of a name is the one that counts
                member = tarfile.TarInfo("cifar-10-batches-py/data_batch_2")
                member.type, member.linkname = instead, "../../outside.py"
                tar.addfile(member)
            link = tarfile.TarInfo("cifar-10-batches-py/batches.meta")
            link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "outside.py")
            tar.addfile(link)
            tar.add(__file__, "cifar-10-batches-py/batches.meta")  # would be written through it
            tar.add(__file__, "../outside.py")
        archive.write_bytes(archive.read_bytes()[: -cut or None])
        md5 = md5 or pooch.file_hash(str(archive), alg="md5")
        url = f"http://127.0.0.1:{server.server_port}/cifar-10-python.tar.gz"
        (tmp_path / "datasets/registry.txt").write_text(f"cifar-10-python.tar.gz md5:{md5} {url}\n")

    yield serve
    server.shutdown()
    server.server_close()


def test_fetch_downloads_verifies_and_unpacks(tmp_path, archive_server, capsys):
    """The images are found, the archive is gone, and a second fetch downloads nothing."""
    archive_server()
    data_utils.fetch()
    assert data_utils.find_CIFAR10() == tmp_path / "datasets/cifar-10-batches-py"
    assert len(data_utils.load_images().X_train) == 48
    names = {path.name for path in (tmp_path / "datasets").iterdir()}
    assert names == {"registry.txt", "cifar-10-batches-py"}
    assert not (tmp_path / "outside.py").exists()
    archive_server(md5="0" * 32)
    data_utils.fetch()
    assert "is there already" in capsys.readouterr().out


@pytest.mark.parametrize(
    "fault",
    [
        {"md5": "0" * 32},
        {"cut": 100},
        {"leave_out": "data_batch_2"},
        {"damage": "test_batch"},
        {"instead": tarfile.SYMTYPE},
        {"instead": tarfile.LNKTYPE},
        {"instead": tarfile.DIRTYPE},
        {"instead": tarfile.CHRTYPE},
        {"instead": tarfile.FIFOTYPE},
    ],
    ids=str,
)
def test_a_fetch_that_fails_leaves_nothing_that_looks_whole(tmp_path, archive_server, fault):
    """A wrong checksum, a torn archive, a batch that is missing, damaged, a link, a folder or a
    device: a ValueError, no folder, and nothing outside of datasets/."""
    archive_server(**fault)
    before = set(tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"must|does not match"):
        data_utils.fetch()
    assert set(tmp_path.iterdir()) == before
    assert data_utils.find_CIFAR10() is None
    assert [p.name for p in (tmp_path / "datasets").iterdir() if p.is_dir()] == []


def test_what_is_there_is_kept_if_it_is_whole(tmp_path, archive_server):
    """A folder that lacks a batch is not said to be there: the error tells to remove it."""
    archive_server()
    write_dataset(tmp_path / "datasets/cifar-10-batches-py", num=60)
    (tmp_path / "datasets/cifar-10-batches-py/data_batch_5").unlink()
    with pytest.raises(FileNotFoundError, match=r"data_batch_5; try removing the folder, then"):
        data_utils.fetch()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_an_interrupted_download_leaves_nothing_that_looks_whole(tmp_path, slow_archive, sent):
    """Ended in mid-download: no archive, no folder of images; the next fetch is as the first."""
    code = (
        "import data_utils, sys; from pathlib import Path; "
        f"data_utils.DATASETS = Path({str(tmp_path / 'datasets')!r}); "
        "sys.argv[1:] = ['fetch']; data_utils.main()"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert slow_archive.begun.wait(60)
    time.sleep(0.5)
    process.send_signal(getattr(signal, sent))
    _, stderr = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "%|" in stderr  # the progress bar
    if sent == "SIGINT":
        assert stderr.endswith("data_utils.py: interrupted; nothing half-written was kept\n")
        assert [path.name for path in (tmp_path / "datasets").iterdir()] == ["registry.txt"]
    assert data_utils.find_CIFAR10() is None
    names = {path.name for path in (tmp_path / "datasets").iterdir()}
    assert not names & {"cifar-10-python.tar.gz", "cifar-10-batches-py"}
    slow_archive.resume.set()
    data_utils.fetch()
    assert len(data_utils.load_images().X_train) == 48


@pytest.fixture
def slow_archive(tmp_path, archive_server, monkeypatch):
    """The archive, of which half is sent until `resume` is set; `begun` is set after that half."""
    begun, resume = threading.Event(), threading.Event()

    def copyfile(self, source, outputfile):
        content = source.read()
        outputfile.write(content[: len(content) // 2])
        outputfile.flush()
        begun.set()
        if resume.wait(60):
            outputfile.write(content[len(content) // 2 :])

    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "copyfile", copyfile)
    archive_server()
    yield SimpleNamespace(begun=begun, resume=resume)
    resume.set()


def test_the_registry_names_both_sets():
    """A line each, with the checksum that its authors give."""
    lines = (ROOT / "datasets/registry.txt").read_text().splitlines()
    address = "https://www.cs.toronto.edu/~kriz/cifar-"
    assert lines == [
        f"cifar-10-python.tar.gz md5:c58f30108f718f92721af3b95e74349a {address}10-python.tar.gz",
        f"cifar-100-python.tar.gz md5:eb9058c3a382ffc7106e4002c42a8d85 {address}100-python.tar.gz",
    ]


@pytest.fixture
def hundred(tmp_path):
    """A folder as CIFAR-100's: 200 images, every class twice, in file order."""
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    X, _ = make_cifar_like(250, seed=4)
    y = np.arange(250) % 100
    for name, rows in (("train", slice(200)), ("test", slice(200, 250))):
        content = official_pickle(X[rows], y[rows]).replace(b"U\x06labels", b"U\x0bfine_labels")
        coarse = b"U\x0dcoarse_labels](" + b"K\1" * len(y[rows]) + b"e"
        (folder / name).write_bytes(content[:-2] + coarse + b"u.")
    meta = {"fine_label_names": [f"kind_{i}" for i in range(100)], "coarse_label_names": ["a"] * 20}
    (folder / "meta").write_bytes(pickle.dumps(meta, protocol=2))
    return folder, X, y


def test_a_hundred_classes_are_read_as_ten_are(hundred):
    """The folder, or the one it lies in, gives pixels, fine labels and the names of the classes."""
    folder, X, y = hundred
    for root in (folder, folder.parent):
        images = data_utils.load_images(root)
        np.testing.assert_array_equal(np.vstack([images.X_train, images.X_test]), X)
        np.testing.assert_array_equal(np.concatenate([images.y_train, images.y_test]), y)
        assert images.classes == tuple(f"kind_{i}" for i in range(100))
        assert images.source == f"CIFAR-100 in {folder}, 200 training and 50 test images"


def test_the_splits_of_the_course_are_of_ten_classes(hundred, monkeypatch):
    """A hundred are refused by name before any label is, and the error tells who takes them."""
    folder, _, _ = hundred
    monkeypatch.setenv("CIFAR10_DIR", str(folder))
    with pytest.raises(ValueError) as error:
        data_utils.get_CIFAR10_data()
    assert str(error.value) == (
        f"the images must be of 10 classes; got CIFAR-100 in {folder}, 200 training and 50 test "
        "images, of 100; try another root or CIFAR10_DIR, or `train.py --data`, which takes these"
    )


@pytest.mark.parametrize(
    "names",
    [
        ["a"] * 99,
        ["a"] * 99 + ["$x^2$"],
        ["a"] * 99 + ["\x1b[2J"],
        ["a"] * 99 + [3],
        3,
        Hostile("it-ran"),
    ],
    ids=["few", "formula", "command", "number", "none", "code"],
)
def test_names_of_classes_are_words(hundred, names):
    """What is no name, or is a formula or a command where it is shown, is refused."""
    folder, _, _ = hundred
    (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": names}, protocol=2))
    with pytest.raises(ValueError, match=r"meta must be the meta file of CIFAR-100; got "):
        data_utils.load_images(folder)
    assert not Path("it-ran").exists()


@pytest.mark.proof  # pictures of a hundred classes take their time
def test_a_hundred_classes_are_trained_on(hundred, tmp_path):
    """The main job takes them, and its model has their names."""
    folder, _, _ = hundred
    out = tmp_path / "out"
    stdout = run_python("train.py", "--data", folder, "--out", out, "--num-iters", 2).stdout
    assert stdout.splitlines()[0] == (
        f"data: CIFAR-100 in {folder}, 200 training and 50 test images"
    )
    with np.load(out / "model.npz") as model:
        assert model["classes"][99] == "kind_99"
        assert model["W"].shape == (3073, 100)


def run_python(*command):
    """A command of this folder, as its user types it."""
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["latin1", "bytes"])
def test_generated_batches_are_as_the_official_ones(tmp_path, encoding):
    """Both recipes for the official files read them; with our own the images are those drawn."""
    done = run_python("data_utils.py", "generate", tmp_path / "drawn", "--num", 60, "--seed", 3)
    assert done.returncode == 0, done.stderr
    assert "60/60" in done.stderr  # the progress bar
    X, y = make_cifar_like(60, seed=3)
    names = (*data_utils.CIFAR10.train, "test_batch")
    parts = []
    for name in names:
        content = (tmp_path / "drawn" / name).read_bytes()
        assert content.startswith(b"\x80\x02")
        batch = pickle.loads(content, encoding=encoding)
        parts.append({k if encoding == "latin1" else k.decode(): v for k, v in batch.items()})
        assert set(parts[-1]) == {"batch_label", "labels", "data", "filenames"}
    assert [len(part["labels"]) for part in parts] == [9, 10, 9, 10, 10, 12]
    np.testing.assert_array_equal(np.vstack([part["data"] for part in parts]), X)
    np.testing.assert_array_equal(np.concatenate([part["labels"] for part in parts]), y)
    images = data_utils.load_images(tmp_path / "drawn")
    np.testing.assert_array_equal(np.vstack([images.X_train, images.X_test]), X)
    np.testing.assert_array_equal(np.concatenate([images.y_train, images.y_test]), y)
    meta = pickle.loads((tmp_path / "drawn/batches.meta").read_bytes(), encoding="latin1")
    assert meta["label_names"] == list(images.classes)


@pytest.fixture
def npy(tmp_path, capsys):
    """A folder of images.npy and labels.npy, of 1,600 images: more than are drawn at once."""
    data_utils.generate(tmp_path / "npy", 1600, seed=2, format="npy")
    return tmp_path / "npy"


def test_generated_arrays_are_those_drawn(npy):
    """Piece by piece or at once: the same images; numpy itself reads them."""
    X, y = make_cifar_like(1600, seed=2)
    np.testing.assert_array_equal(np.load(npy / "images.npy", allow_pickle=False), X)
    np.testing.assert_array_equal(np.load(npy / "labels.npy", allow_pickle=False), y)
    assert {path.name for path in npy.iterdir()} == {"images.npy", "labels.npy"}


def test_images_are_opened_where_they_are(npy):
    """X is a map of the file that cannot be written to; y is int64."""
    X, y = data_utils.open_images(npy)
    assert isinstance(X, np.memmap) and X.shape == (1600, 3072) and X.dtype == np.uint8
    assert y.shape == (1600,) and y.dtype == np.int64
    np.testing.assert_array_equal(X[1234], make_cifar_like(1600, seed=2)[0][1234])
    with pytest.raises(ValueError, match="read-only"):
        X[0, 0] = 1


@pytest.mark.parametrize(("num", "held_out"), [(5500, 1000), (1600, 320), (12, 2), (5, 1)])
def test_the_last_rows_are_for_test_and_those_before_for_validation(tmp_path, num, held_out):
    """A thousand of each, or a fifth of all where there are fewer; training has the rest. The
    main job and the splits of the course agree."""
    data_utils.generate(tmp_path / "npy", num, format="npy")
    images = data_utils.load_images(tmp_path / "npy")
    splits, _ = train.preprocess(images)
    _, y = make_cifar_like(num)
    assert images.source == (
        f"images.npy in {tmp_path / 'npy'}, {num - held_out:,} training and "
        f"{held_out:,} test images"
    )
    np.testing.assert_array_equal(splits["test"][1], y[num - held_out :])
    np.testing.assert_array_equal(splits["val"][1], y[num - 2 * held_out : num - held_out])
    np.testing.assert_array_equal(splits["train"][1], y[: num - 2 * held_out])
    data = data_utils.get_CIFAR10_data(tmp_path / "npy")
    for name, (_, labels) in splits.items():
        np.testing.assert_array_equal(data[f"y_{name}"], labels)


def test_arrays_are_trained_on(npy, tmp_path):
    """`train.py --data` and CIFAR10_DIR take the folder, and the first line says so."""
    done = run_python("train.py", "--data", npy, "--out", tmp_path / "out", "--num-iters", 2)
    assert done.stdout.splitlines()[0] == (
        f"data: images.npy in {npy}, 1,280 training and 320 test images"
    )
    assert (tmp_path / "out/model.npz").exists()


def damaged(name, change):
    """A way to damage one of the two files: its bytes, changed."""
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def saved(name, array):
    """A way to damage one of the two files: another array in it."""
    return lambda folder: np.save(folder / name, array, allow_pickle=True)


Y1600 = np.zeros(1600, np.int64)
BAD_ARRAYS = {
    "cut": damaged("images.npy", lambda content: content[:-1]),
    "longer": damaged("images.npy", lambda content: content + b"0"),
    "fewer said": damaged("images.npy", lambda content: content.replace(b"(1600,", b"(1500,")),
    "more said": damaged("images.npy", lambda content: content.replace(b"(1600,", b"(9999,")),
    "less than none": damaged("images.npy", lambda content: content.replace(b"(1600,", b"(-600,")),
    "empty": damaged("images.npy", lambda content: b""),
    "header cut": damaged("images.npy", lambda content: content[:40]),
    "no array": damaged("images.npy", lambda content: b"PK\x03\x04" + content),
    "a header of code": damaged(
        "images.npy", lambda content: content.replace(b"False", b"exit()")[:128] + content[129:]
    ),
    "floats": saved("images.npy", np.zeros((1600, 3072), np.float32)),
    "narrow": saved("images.npy", np.zeros((1600, 3071), np.uint8)),
    "flat": saved("images.npy", np.zeros(1600 * 3072, np.uint8)),
    "deep": saved("images.npy", np.zeros((1600, 3072, 1), np.uint8)),
    "no images": saved("images.npy", np.zeros((0, 3072), np.uint8)),
    "objects": saved("images.npy", np.array([Hostile("it-ran")] * 1600)),
    "labels cut": damaged("labels.npy", lambda content: content[:-1]),
    "few labels": saved("labels.npy", Y1600[1:]),
    "a label too large": saved("labels.npy", Y1600 + 10),
    "a label negative": saved("labels.npy", Y1600 - 1),
    "labels of floats": saved("labels.npy", Y1600 + 0.5),
    "labels in a column": saved("labels.npy", Y1600[:, None]),
    "labels of objects": saved("labels.npy", np.array([Hostile("it-ran")] * 1600)),
}


@pytest.mark.parametrize("damage", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_bad_arrays_are_refused(npy, damage):
    """The error names the folder and what came; nothing in the files is run."""
    damage(npy)
    with pytest.raises(ValueError, match=r"npy must hold images of 10 classes; got .*; try ") as e:
        data_utils.open_images(npy)
    assert len(str(e.value)) < 600
    assert not Path("it-ran").exists()


@pytest.mark.filterwarnings("ignore")  # of numpy, on the headers that come of it
@pytest.mark.parametrize("name", ["images.npy", "labels.npy"])
def test_a_damaged_header_is_refused_or_changes_nothing(tmp_path, name):
    """500 times one to three flipped bits: a clear error, or images and labels as they were."""
    data_utils.generate(tmp_path / "npy", 10, format="npy")
    X, y = make_cifar_like(10)
    path, chance, read = tmp_path / "npy" / name, random.Random(0), 0
    good = path.read_bytes()
    for _ in range(500):
        content = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(128)] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        try:
            X_read, y_read = data_utils.open_images(tmp_path / "npy")
        except ValueError as error:
            assert "npy must hold images of 10 classes; got " in str(error)
        else:
            np.testing.assert_array_equal(X_read, X)
            np.testing.assert_array_equal(y_read, y)
            read += 1
    assert read < 250


@pytest.mark.parametrize("names", [["images.npy"], ["labels.npy"], ["images.npy", "labels.npy"]])
def test_arrays_that_are_not_there_are_named(npy, names):
    """Each file that is missing, and only that; what should be there, and how to get it."""
    for name in names:
        (npy / name).unlink()
    with pytest.raises(FileNotFoundError) as error:
        data_utils.open_images(npy)
    assert str(error.value) == (
        f"the folder must hold images.npy, labels.npy; got no "
        f"{', no '.join(str(npy / name) for name in names)}; try generating it anew"
    )


def test_images_without_labels_are_not_loaded(npy):
    """A folder that is found by its images.npy says that it has no labels."""
    (npy / "labels.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"got no \S*labels\.npy; try generating it anew"):
        data_utils.load_images(npy)


def test_no_images_at_all_are_said_to_be_none(npy):
    """Whole files of zero rows."""
    np.save(npy / "images.npy", np.zeros((0, 3072), np.uint8))
    np.save(npy / "labels.npy", np.zeros(0, np.int64))
    with pytest.raises(ValueError) as error:
        data_utils.open_images(npy)
    expected = "must hold images of 10 classes; got ValueError: no images; try generating it anew"
    assert str(error.value) == f"{npy} {expected}"


def test_one_image_is_a_set_of_arrays(tmp_path):
    """It is opened as any other; to be split it is too few."""
    data_utils.generate(tmp_path / "npy", 1, format="npy")
    X, y = data_utils.open_images(tmp_path / "npy")
    X_drawn, y_drawn = make_cifar_like(1)
    np.testing.assert_array_equal(X, X_drawn)
    np.testing.assert_array_equal(y, y_drawn)
    with pytest.raises(ValueError, match=r"must have 5 images or more to be split; got 1; try"):
        data_utils.load_images(tmp_path / "npy")


@pytest.mark.parametrize("format", ["batches", "npy"])
def test_a_folder_that_is_there_is_not_written_to(tmp_path, monkeypatch, format):
    """Full, empty, the current one, a file: all stay as they are. Folders above are made."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    for there in (tmp_path, tmp_path / "mine", tmp_path / "a/b", "."):
        with pytest.raises(FileExistsError) as error:
            data_utils.generate(there, 10, format=format)
        assert str(error.value) == (
            f"{Path(there).resolve()} must be a new folder; got something there; try another name"
        )
    assert sorted(map(str, tmp_path.rglob("*"))) == [
        str(tmp_path / name) for name in ("a", "a/b", "mine")
    ]
    data_utils.generate(tmp_path / "c/d", 10, format=format)
    assert len(data_utils.load_images(tmp_path / "c/d").X_test) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "a", "c"}


@pytest.mark.parametrize("format", ["batches", "npy"])
@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_generating_that_fails_leaves_nothing(tmp_path, monkeypatch, format, fault):
    """A full disk or Ctrl-C after the first images: no folder, and nothing beside it."""

    def fail(num, seed, first=0):
        if first >= 9:
            raise fault
        return make_cifar_like(num, seed, first)

    monkeypatch.setattr(data_utils, "make_cifar_like", fail)
    with pytest.raises(type(fault)):
        data_utils.generate(tmp_path / "new", 1200, format=format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--num", 9), "num must be an integer in [10, "),
        (("--num", 10**9), "try 20000, or npy for fewer or more\n"),
        (("--num", 0, "--format", "npy"), "for npy; got 0; try 20000\n"),
        (("--seed", -1), "seed must be an integer, 0 or more; got -1"),
        (("--format", "zip"), "invalid choice: 'zip'"),
    ],
)
def test_what_cannot_be_generated_is_one_clear_line(tmp_path, options, message):
    """No traceback, a status that is not zero, and nothing written."""
    done = run_python("data_utils.py", "generate", tmp_path / "new", *options)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr and "%|" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_flat_whatever_the_number(tmp_path):
    """6,000 images take no more memory than 2,000: less than half of what they weigh more."""
    code = (
        "import sys, data_utils; data_utils.generate(sys.argv[1], int(sys.argv[2]), format='npy'); "
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("limits of memory are set on Linux only")
    few, many = (
        int(run_python("-c", code, tmp_path / str(num), num).stdout.split()[-1])
        for num in (2000, 6000)
    )
    assert many - few < 0.5 * 4000 * 3072 / 1024


def test_help_tells_the_verbs_and_their_options():
    """Each verb and option is named, with its default."""
    text = run_python("data_utils.py", "--help").stdout
    assert "fetch" in text and "generate" in text
    text = run_python("data_utils.py", "generate", "--help").stdout
    for words in ("DIR", "new;", "--num", "20000", "--seed", "--format", "batches", "npy"):
        assert words in text
    text = " ".join(run_python("data_utils.py", "fetch", "--help").stdout.split())
    assert "default: cifar-10; CIFAR-100 must then be named with --data" in text
    assert run_python("data_utils.py").returncode == 2


def test_real_batches_are_what_pickle_reads(real_images):
    """On real images the restricted unpickler gives what the ordinary one does."""
    folder = data_utils.find_CIFAR10(real_images)
    X, y = data_utils.load_batch(folder / "data_batch_2")
    batch = pickle.loads((folder / "data_batch_2").read_bytes(), encoding="latin1")
    np.testing.assert_array_equal(X, batch["data"])
    np.testing.assert_array_equal(y, batch["labels"])
