"""The main job: find images, time the rungs, train a softmax classifier, draw what it learned.

python train.py                     L-BFGS, to the minimum
python train.py --method sgd        mini-batches
python train.py --help              the options
"""

import argparse
import functools
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

import vis_utils
from classifiers import (
    Softmax,
    rows,
    softmax_loss_compiled,
    softmax_loss_naive,
    softmax_loss_vectorized,
)
from classifiers.files import whole_file
from data_utils import load_images, to_features

RUNGS = {
    "naive": softmax_loss_naive,
    "vectorized": softmax_loss_vectorized,
    "compiled": softmax_loss_compiled,
}
SCALE = 1 / 64  # about one over the standard deviation of a pixel: L-BFGS wants features near 1
BATCH = 500  # rows of the timed batch, as many as the course's dev set has


def main(argv=None):
    args = parse(argv)
    rng = np.random.default_rng(args.seed)

    images = load_images(args.data)
    print(f"data: {images.source}", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    # The compiled rung reads the pixels as they are stored; the others need them expanded.
    as_stored = args.loss in ("auto", "compiled")
    splits, mean = preprocess(
        images, functools.partial(rows, bias=True) if as_stored else to_features
    )
    X, y = splits["train"]

    W = (1e-2 * rng.standard_normal((X.shape[1], len(images.classes)))).astype(np.float32)
    timings, batch = compare_rungs(W, np.asarray(X[:BATCH]), y[:BATCH], args.reg)

    model = Softmax(RUNGS.get(args.loss))
    seconds = fit(model, X, y, args, rng)
    results = {
        "data": images.source,
        "loss": model.loss(X, y, args.reg)[0],
        **{f"{name}_accuracy": model.accuracy(*split) for name, split in splits.items()},
        "seconds": seconds,
        "timings": timings,
        "batch": batch,
        "options": vars(args),
    }
    print(
        f"loss {results['loss']:.4f}, accuracy: train {results['train_accuracy']:.3f}, "
        f"validation {results['val_accuracy']:.3f}, test {results['test_accuracy']:.3f}"
    )
    write(model, mean, splits["test"], images.classes, results, args)
    print(f"pictures, model and results are in {args.out}")


def parse(argv):
    parser = argparse.ArgumentParser(
        description="Train a softmax classifier on CIFAR-10, or on generated images like it.",
        epilog="Without --data, the images are those of the environment variable CIFAR10_DIR, else "
        "of datasets/, else generated.",
    )
    add = parser.add_argument
    add(
        "--data",
        metavar="DIR",
        help="folder of CIFAR-10 or -100 batches, or of images.npy and labels.npy",
    )
    add("--method", choices=["lbfgs", "sgd"], default="lbfgs", help="default: %(default)s")
    add("--loss", choices=["auto", *RUNGS], default="auto", help="default: %(default)s")
    add("--reg", type=float, default=0.1, help="of the loss; default: %(default)s")
    add("--num-iters", type=at_least(1), metavar="N", help="default: lbfgs 1000, sgd 1500")
    add("--learning-rate", type=float, default=1e-3, help="of sgd; default: %(default)s")
    add("--batch-size", type=at_least(1), metavar="N", default=200, help="of sgd; default: 200")
    add("--seed", type=at_least(0), default=0, help="of all that is random; default: %(default)s")
    add("--out", type=Path, metavar="DIR", default=Path("outputs"), help="default: %(default)s")
    return parser.parse_args(argv)


def at_least(low):
    """The argparse type of whole numbers from low up."""

    def whole_number(text):
        if int(text) < low:
            raise argparse.ArgumentTypeError(f"must be {low} or more; got {text}")
        return int(text)

    return whole_number


def preprocess(images, view=to_features):
    """Split off the validation images, and see pixels as features.

    view : (pixels, mean image, scale) -> features, with a last 1
    Returns ({"train", "val", "test": (X, y)}, mean (3072,) float32 of the training images).
    """
    first = len(images.X_train) - images.num_validation
    mean = images.X_train[:first].mean(axis=0).astype(np.float32)
    pixels = {
        "train": (images.X_train[:first], images.y_train[:first]),
        "val": (images.X_train[first:], images.y_train[first:]),
        "test": (images.X_test, images.y_test),
    }
    return {name: (view(X, mean, SCALE), y) for name, (X, y) in pixels.items()}, mean


def compare_rungs(W, X, y, reg):
    """Time the rungs and print their times. Returns `time_rungs` and the batch in words."""
    batch = f"{len(X)} x {X.shape[1]} {X.dtype}, {blas_threads()} BLAS threads"
    print(f"one loss and gradient on {batch}:")
    timings = time_rungs(RUNGS, W, X, y, reg)
    for name, timing in timings.items():
        print(f"  {name:<12}{1e3 * timing['seconds']:8.2f} ms{timing['ratio']:8.1f}x")
    return timings, batch


def time_rungs(rungs, W, X, y, reg, repeats=7):
    """Time each rung on one batch, taking turns, after holding its answer against the first's.

    rungs : dict of name -> loss function; those that are not written or not installed yet
            are said and left out
    Returns a dict of name -> {"seconds": median, "ratio": the first rung's median over it}.
    Raises ValueError where a rung's loss or gradient is not that of the first.
    """
    answers, seconds = {}, {}
    for name, loss_function in rungs.items():
        try:
            answers[name] = loss_function(W, X, y, reg)
        except (ImportError, NotImplementedError) as error:
            print(f"  {name:<12}left out: {error}")
            continue
        seconds[name] = []
        first = next(iter(answers))
        for mine, its in zip(answers[name], answers[first], strict=True):
            off = np.abs(mine - its).max() / np.abs(its).max()
            if not off < 1e-4:  # float32 sums of a few hundred rows agree to about 1e-6
                raise ValueError(
                    f"{name} must agree with {first} before it is timed; "
                    f"got a difference of {off:.1e}; try `make check`"
                )
    for _ in range(repeats):
        for name in seconds:
            start = time.perf_counter()
            rungs[name](W, X, y, reg)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: float(np.median(times)) for name, times in seconds.items()}
    return {
        name: {"seconds": median, "ratio": next(iter(medians.values())) / median}
        for name, median in medians.items()
    }


def blas_threads():
    """The number of threads numpy's matrix products use here."""
    blas = (pool for pool in threadpool_info() if pool["user_api"] == "blas")
    return max((pool["num_threads"] for pool in blas), default=1)


def fit(model, X, y, args, rng):
    """Train the model as args say; Ctrl-C ends it and keeps what was trained. Returns seconds."""
    print(f"training on {len(X):,} images by {args.method}, reg {args.reg:g}", flush=True)
    start = time.perf_counter()
    try:
        if args.method == "lbfgs":
            model.solve(X, y, args.reg, max_iters=args.num_iters or 1000, verbose=True)
        else:
            model.train(
                X,
                y,
                args.learning_rate,
                args.reg,
                args.num_iters or 1500,
                args.batch_size,
                verbose=True,
                rng=rng,
            )
    except KeyboardInterrupt:
        if not model.loss_history:
            raise
        print(f"\ninterrupted after {len(model.loss_history)} losses; keeping what was trained")
    return time.perf_counter() - start


def write(model, mean, test, classes, results, args):
    """Write the model, the results and the four pictures, each whole or not at all."""
    model.save(args.out / "model.npz", mean=mean, scale=SCALE, classes=classes)
    with whole_file(args.out / "results.json") as file:
        file.write(json.dumps(results, indent=2, default=str).encode())
    X, y = test
    unit = "iteration" if args.method == "lbfgs" else "step"
    pictures = {
        "loss.png": vis_utils.show_loss(model.loss_history, unit),
        "templates.png": vis_utils.show_templates(model.W, classes),
        "confusion.png": vis_utils.show_confusion(y, model.predict(X), classes),
        "timing.png": vis_utils.show_timings(results["timings"], results["batch"]),
    }
    for name, picture in pictures.items():
        with whole_file(args.out / name) as file:
            picture.savefig(file, format="png", dpi=120)


if __name__ == "__main__":
    warnings.formatwarning = lambda message, *_: f"{message}\n"  # for people, not for debugging
    try:
        main()
    except (ImportError, NotImplementedError, OSError, ValueError) as error:
        sys.exit(f"train.py: {error}")
    except KeyboardInterrupt:
        sys.exit("train.py: interrupted before anything was trained")
