"""Finding, reading, splitting and fetching images; a batch file can hurt nobody."""

import collections
import functools
import http.server
import os
import pickle
import tarfile
import threading

import numpy as np
import pytest

import data_utils
from cifar_like import make_cifar_like

from .batches import official_pickle, write_batch, write_dataset


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
    for other in (X, np.asfortranarray(X)):
        path.write_bytes(pickle.dumps({"data": other, "labels": y.tolist()}, protocol=protocol))
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
    """Both places that were looked in, and the command that fetches."""
    expected = (
        f"must hold CIFAR-10 batches; got no data_batch_1 in {tmp_path / 'no'} or "
        f"{tmp_path / 'no' / 'cifar-10-batches-py'}; try `python data_utils.py fetch`"
    )
    with pytest.raises(FileNotFoundError) as error:
        data_utils.load_CIFAR10(tmp_path / "no")
    assert expected in str(error.value)
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path / "no"))
    with pytest.raises(FileNotFoundError) as error:
        data_utils.load_images()
    assert f"CIFAR10_DIR {expected}" in str(error.value)


def test_no_root_at_all_looks_in_datasets():
    """load_CIFAR10(None) names datasets/, where fetch would put the images."""
    with pytest.raises(FileNotFoundError, match=r"datasets.cifar-10-batches-py; try `python"):
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
    with pytest.raises(FileNotFoundError, match=r"got no \S*data_batch_4; try"):
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
    monkeypatch.setattr(data_utils, "GENERATED", 1500)
    images = data_utils.load_images()
    assert (len(images.X_train), len(images.X_test)) == (500, 1000)
    assert images.source.startswith("1,500 generated images: none found in ")
    np.testing.assert_array_equal(images.X_train, make_cifar_like(500)[0])


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

    def serve(md5=None, leave_out=None, damage=None, cut=0):
        import pooch

        if damage:
            (tmp_path / "cifar-10-batches-py" / damage).write_bytes(b"not a batch")

        archive = tmp_path / "served/cifar-10-python.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for path in sorted((tmp_path / "cifar-10-batches-py").iterdir()):
                if path.name != leave_out:
                    tar.add(path, f"cifar-10-batches-py/{path.name}")
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
    [{"md5": "0" * 32}, {"cut": 100}, {"leave_out": "data_batch_2"}, {"damage": "test_batch"}],
    ids=str,
)
def test_a_fetch_that_fails_leaves_nothing_that_looks_whole(tmp_path, archive_server, fault):
    """A wrong checksum, a torn archive, a missing or a damaged batch: an error, and no folder."""
    archive_server(**fault)
    with pytest.raises((ValueError, OSError, EOFError, KeyError)):
        data_utils.fetch()
    assert data_utils.find_CIFAR10() is None
    assert [p.name for p in (tmp_path / "datasets").iterdir() if p.is_dir()] == []


def test_real_batches_are_what_pickle_reads(real_images):
    """On real images the restricted unpickler gives what the ordinary one does."""
    folder = data_utils.find_CIFAR10(real_images)
    X, y = data_utils.load_batch(folder / "data_batch_2")
    batch = pickle.loads((folder / "data_batch_2").read_bytes(), encoding="latin1")
    np.testing.assert_array_equal(X, batch["data"])
    np.testing.assert_array_equal(y, batch["labels"])
