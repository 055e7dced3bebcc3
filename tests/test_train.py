"""The main job, run as its user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

import data_utils
import train
from classifiers import Softmax, softmax_loss_naive, softmax_loss_vectorized

from .batches import write_dataset

ROOT = Path(__file__).parent.parent
WRITTEN = {"loss.png", "templates.png", "confusion.png", "timing.png", "model.npz", "results.json"}
KEYS = {"data", "loss", "train_accuracy", "val_accuracy", "test_accuracy", "seconds", "timings"}


def run(*args, **environment):
    """`python train.py ARGS` in the root, without CIFAR10_DIR but where given."""
    inherited = {name: value for name, value in os.environ.items() if name != "CIFAR10_DIR"}
    return subprocess.run(
        [sys.executable, "train.py", *map(str, args)],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder of 600 images."""
    folder = tmp_path_factory.mktemp("small")
    write_dataset(folder)
    return folder


@pytest.mark.parametrize("method", ["lbfgs", "sgd"])
def test_the_main_job(small, tmp_path, method):
    """It says what it found, what it measured and what it reached, and writes six files."""
    done = run("--data", small, "--out", tmp_path, "--method", method)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"data: CIFAR-10 in {small}, 480 training and 120 test images"
    assert {path.name for path in tmp_path.iterdir()} == WRITTEN
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results) >= KEYS
    assert results["timings"]["naive"]["ratio"] == 1
    assert results["timings"]["vectorized"]["ratio"] > 1
    assert f"loss {results['loss']:.4f}" in done.stdout
    assert "100%" in done.stderr  # the progress bar, at its end

    model = Softmax()
    arrays = model.load(tmp_path / "model.npz")
    assert set(arrays) == {"mean", "scale", "classes"}
    assert arrays["classes"][3] == "cat"
    _, _, X_test, y_test = data_utils.load_CIFAR10(small)
    X = data_utils.to_features(X_test, arrays["mean"], arrays["scale"])
    assert model.accuracy(X, y_test) == results["test_accuracy"]


def test_the_same_seed_gives_the_same_digits(small, tmp_path):
    """Two runs agree to the last bit, times aside; another seed does not."""
    outcomes = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        done = run("--data", small, "--out", tmp_path / name, "--method", "sgd", "--seed", seed)
        assert done.returncode == 0, done.stderr
        results = json.loads((tmp_path / name / "results.json").read_text())
        model = (tmp_path / name / "model.npz").read_bytes()
        outcomes.append((results["loss"], results["val_accuracy"], model))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] != outcomes[2][0]


def test_images_are_found_by_the_environment(small, tmp_path):
    """CIFAR10_DIR is looked at, and --data goes before it."""
    options = ("--out", tmp_path, "--num-iters", 1)
    assert f"CIFAR-10 in {small}," in run(*options, CIFAR10_DIR=str(small)).stdout
    assert f"CIFAR-10 in {small}," in run(*options, "--data", small, CIFAR10_DIR="/none").stdout


def test_without_the_engine_its_rung_is_one_clear_line(small, tmp_path):
    """And the way on; by default, training goes on without."""
    done = run("--data", small, "--loss", "compiled", "--out", tmp_path, SOFTMAX_ENGINE="off")
    assert done.returncode != 0
    assert "must have the package softmax_engine; got SOFTMAX_ENGINE=off; try" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("--data", small, "--num-iters", 3, "--out", tmp_path, SOFTMAX_ENGINE="off")
    assert done.returncode == 0
    assert "compiled    left out: softmax_loss_compiled must have" in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--data", "nowhere"), "try `python data_utils.py fetch`"),
        (("--reg", "-1"), "reg must be a finite number >= 0; got -1.0"),
        (("--num-iters", "0"), "must be 1 or more; got 0"),
        (("--num-iters", "many"), "invalid whole_number value: 'many'"),
        (("--seed", "-1"), "must be 0 or more; got -1"),
        (
            ("--method", "sgd", "--learning-rate", "nan"),
            "learning_rate must be a finite number > 0",
        ),
        (("--data", ""), "the folder of images must hold CIFAR-10 batches"),
    ],
)
def test_a_wrong_option_is_one_clear_line(small, tmp_path, args, message):
    """No traceback, a status that is not zero, and nothing written."""
    done = run("--data", small, *args, "--out", tmp_path / "out")
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out/results.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_keeps_what_was_trained(small, tmp_path):
    """Interrupted in mid-training it says so, evaluates, and writes all six files."""
    command = [sys.executable, "train.py", "--data", small, "--out", tmp_path, "--method", "sgd"]
    command = [*map(str, command), "--num-iters", "100000000"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.startswith("training on"):
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "keeping what was trained" in stdout
    assert {path.name for path in tmp_path.iterdir()} == WRITTEN
    assert json.loads((tmp_path / "results.json").read_text())["train_accuracy"] > 0.2


def test_rungs_are_checked_before_they_are_timed():
    """A rung whose gradient is off is named, not timed; one that is not written is left out."""
    rng = np.random.default_rng(0)
    W, X, y = rng.standard_normal((4, 3)), rng.standard_normal((9, 4)), rng.integers(3, size=9)

    def wrong(W, X, y, reg):
        loss, dW = softmax_loss_naive(W, X, y, reg)
        return loss, 1.001 * dW

    def unfinished(W, X, y, reg):
        raise NotImplementedError("write me")

    def not_a_number(W, X, y, reg):
        loss, dW = softmax_loss_naive(W, X, y, reg)
        return loss, np.nan * dW

    rungs = {"naive": softmax_loss_naive, "unfinished": unfinished}
    assert set(train.time_rungs(rungs, W, X, y, 0.1)) == {"naive"}
    for bad in (wrong, not_a_number):
        with pytest.raises(ValueError, match="bad must agree with naive before it is timed"):
            train.time_rungs({**rungs, "bad": bad}, W, X, y, 0.1)


def independent_minimum(X, y, reg):
    """The minimum by scipy's Newton-CG on scipy's log_softmax, in float64."""
    X = X.astype(np.float64)
    Y = np.eye(10)[y]
    shape = X.shape[1], 10

    def loss(w):
        log_P = log_softmax(X @ w.reshape(shape), axis=1)
        return -np.sum(Y * log_P) / len(y) + 0.5 * reg * w @ w

    def gradient(w):
        P = np.exp(log_softmax(X @ w.reshape(shape), axis=1))
        return (X.T @ (P - Y) / len(y)).ravel() + reg * w

    def hessian_product(w, v):
        P = np.exp(log_softmax(X @ w.reshape(shape), axis=1))
        PS = P * (X @ v.reshape(shape))
        return (X.T @ (PS - P * PS.sum(axis=1, keepdims=True)) / len(y)).ravel() + reg * v

    start = np.zeros(shape).ravel()
    return minimize(
        loss, start, jac=gradient, hessp=hessian_product, method="Newton-CG", options={"xtol": 1e-9}
    ).fun


def test_it_ends_at_the_minimum(small, tmp_path):
    """The loss is within 1e-4 of what another solver finds on another loss."""
    assert run("--data", small, "--out", tmp_path).returncode == 0
    loss = json.loads((tmp_path / "results.json").read_text())["loss"]
    splits, _ = train.preprocess(data_utils.load_images(small))
    assert loss == pytest.approx(independent_minimum(*splits["train"], reg=0.1), abs=1e-4)


def test_real_images_by_default(real_images, tmp_path):
    """L-BFGS comes within 1e-4 of the minimum, at 0.37 or more on validation and test."""
    assert run("--out", tmp_path, CIFAR10_DIR=real_images).returncode == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["val_accuracy"] >= 0.37
    assert results["test_accuracy"] >= 0.37
    # |dW|^2 / (2 reg) bounds the distance from the minimum of a reg-strongly convex loss.
    splits, _ = train.preprocess(data_utils.load_images(real_images))
    X, y = splits["train"]
    model = Softmax()
    model.load(tmp_path / "model.npz")
    _, dW = softmax_loss_vectorized(model.W.astype(np.float64), X.astype(np.float64), y, 0.1)
    assert np.sum(dW**2) / (2 * 0.1) < 1e-4


@pytest.mark.proof
def test_real_images_end_at_the_minimum(real_images, tmp_path):
    """The same, against Newton-CG on scipy's loss."""
    assert run("--out", tmp_path, CIFAR10_DIR=real_images).returncode == 0
    loss = json.loads((tmp_path / "results.json").read_text())["loss"]
    splits, _ = train.preprocess(data_utils.load_images(real_images))
    assert loss == pytest.approx(independent_minimum(*splits["train"], reg=0.1), abs=1e-4)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_real_images_by_sgd(real_images, tmp_path, seed):
    """By its own defaults SGD reaches 0.35 on validation and test, whatever the seed."""
    options = ("--out", tmp_path, "--method", "sgd", "--seed", seed)
    assert run(*options, CIFAR10_DIR=real_images).returncode == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["val_accuracy"] >= 0.35
    assert results["test_accuracy"] >= 0.35
