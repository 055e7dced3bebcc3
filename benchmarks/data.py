"""The data of the cases, in files that workers map, and the float64 answers they are held against.

Everything is drawn from one seed. float64 data are the float32 ones, widened: one answer holds
for both. What was drawn is checked in scipy's arithmetic, by none of the contenders' code.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from cifar_like import make_cifar_like

from .works import REG

ROWS = 4096  # rows made or checked at once: 100 MB of float64
SCALE = {"bytes": np.float32(1 / 74), "images": np.float32(1 / 64)}  # 74: the spread of a byte
GAP = 1e-4  # how near to its optimum a training must come, relative
SLACK = 1.01  # on the gap: float32 losses steer by their last digits


def indices(case):
    """Random rows for 256 mini-batches; the answer is checked on the first."""
    return np.random.default_rng(3).integers(case.N, size=(256, case.batch))


class Store:
    """A folder of .npy files, made when first asked for.

    files(case)     dict of name -> path
    reference(case) (loss, gradient) in float64; of an optimum (its loss, None)
    keep(cases)     delete the files of all others
    """

    def __init__(self, folder):
        self.folder = folder
        self.answers = {}

    def files(self, case):
        return {name: self.path(name, case) for name in NAMES[case.kind]}

    def planned(self, case):
        """The paths of a case's files, whether they are there or not."""
        return [self.folder / filename(name, case) for name in NAMES[case.kind]]

    def path(self, name, case):
        path = self.folder / filename(name, case)
        if not path.exists():
            MAKERS[name](self, case, path)
        return path

    def reference(self, case):
        kind = "loss" if case.kind == "bytes" else case.kind
        key = (kind, case.N, case.D, case.C, case.source, case.batch)
        if key not in self.answers:
            self.answers[key] = REFERENCES[kind](self, case)
        return self.answers[key]

    def keep(self, cases):
        wanted = {filename(name, case) for case in cases for name in FILES[case.kind]}
        for path in self.folder.glob("*.npy"):
            if path.name not in wanted:
                path.unlink()


def filename(name, case):
    parts = {
        "X": f"X-{case.source}-{case.N}x{case.D}-{case.dtype}",
        "stored": f"stored-{case.source}-{case.N}",
        "shift": f"shift-{case.source}-{case.N}",
        "y": f"y-{case.source}-{case.N}-{case.C}",
        "W": f"W-{case.D}x{case.C}-{case.dtype}",
        "p": f"p-{case.N}x{case.C}-{case.dtype}",
        "dy": f"dy-{case.N}x{case.C}-{case.dtype}",
    }
    return parts[name] + ".npy"


def loss_in_float64(blocks, W, y, reg=REG):
    """(loss, dW) of rows that come in blocks, all in float64.

    blocks : iterable of (k, D) arrays, the rows of X in order
    """
    W = W.astype(np.float64)
    loss, dW, start = 0.0, np.zeros_like(W), 0
    for X in blocks:
        X = X.astype(np.float64, copy=False)
        log_p = log_softmax(X @ W, axis=1)
        here = y[start : start + len(X)]
        picked = np.arange(len(X)), here
        loss -= log_p[picked].sum()
        P = np.exp(log_p)
        P[picked] -= 1
        dW += (P.T @ X).T
        start += len(X)
    return loss / start + 0.5 * reg * np.sum(W * W), dW / start + reg * W


def expand(stored, shift, scale, dtype, bias=True):
    """(stored - shift) * scale, with a last column of ones where there is a bias."""
    X = np.ones((len(stored), stored.shape[1] + bias), dtype)
    body = X[:, : stored.shape[1]]
    np.subtract(stored, shift, out=body, dtype=dtype)
    body *= dtype(scale)
    return X


def bytes_in_blocks(store, case, dtype):
    stored = np.load(store.path("stored", case), mmap_mode="r")
    shift = np.load(store.path("shift", case))
    for start in range(0, case.N, ROWS):
        bias = case.source == "bytes"
        yield expand(stored[start : start + ROWS], shift, SCALE[case.source], dtype, bias)


def rows_in_blocks(store, case, dtype=np.float64):
    if case.source != "normal":
        return bytes_in_blocks(store, case, dtype)
    X = np.load(store.path("X", case), mmap_mode="r")
    return (X[start : start + ROWS] for start in range(0, case.N, ROWS))


def make_X(store, case, path):
    if case.source == "normal":
        rng = np.random.default_rng([1, case.N, case.D])
        sizes = (min(ROWS, case.N - start) for start in range(0, case.N, ROWS))
        blocks = (rng.standard_normal((n, case.D), dtype=np.float32) for n in sizes)
    else:  # in float32 first: both dtypes hold the same numbers
        blocks = bytes_in_blocks(store, case, np.float32)
    write_in_blocks(path, (case.N, case.D), case.dtype, blocks)


def make_stored(store, case, path):
    if case.source == "images":
        images, labels = make_cifar_like(case.N)
        np.save(path, images)
        np.save(store.folder / filename("y", case), labels)
        return
    rng = np.random.default_rng(2)
    sizes = (min(ROWS, case.N - start) for start in range(0, case.N, ROWS))
    blocks = (rng.integers(256, size=(n, case.D - 1), dtype=np.uint8) for n in sizes)
    write_in_blocks(path, (case.N, case.D - 1), np.uint8, blocks)


def make_shift(store, case, path):
    stored = np.load(store.path("stored", case), mmap_mode="r")[:10_000]
    np.save(path, stored.mean(axis=0).astype(np.float32))


def make_y(store, case, path):
    if case.source == "images":
        make_stored(store, case, store.folder / filename("stored", case))
    else:
        np.save(path, np.random.default_rng(4).integers(case.C, size=case.N))


def make_W(store, case, path):
    W = np.random.default_rng(5).standard_normal((case.D, case.C), dtype=np.float32)
    np.save(path, (np.float32(0.01) * W).astype(case.dtype))


def make_p(store, case, path):
    z = np.random.default_rng(6).standard_normal((case.N, case.C))
    np.save(path, np.exp(log_softmax(z, axis=1)).astype(case.dtype))


def make_dy(store, case, path):
    dy = np.random.default_rng(7).standard_normal((case.N, case.C))
    np.save(path, dy.astype(case.dtype))


def write_in_blocks(path, shape, dtype, blocks):
    file = np.lib.format.open_memmap(path, "w+", dtype, shape)
    start = 0
    for block in blocks:
        file[start : start + len(block)] = block
        start += len(block)
    file.flush()


def reference_loss(store, case):
    W, y = np.load(store.path("W", case)), np.load(store.path("y", case))
    return loss_in_float64(rows_in_blocks(store, case), W, y)


def reference_batch(store, case):
    W, y = np.load(store.path("W", case)), np.load(store.path("y", case))
    rows = indices(case)[0]
    X = np.load(store.path("X", case), mmap_mode="r")[rows]
    return loss_in_float64([X], W, y[rows])


def reference_vjp(store, case):
    p, dy = (np.load(store.path(name, case)).astype(np.float64) for name in ("p", "dy"))
    return 0.0, p * (dy - np.sum(p * dy, axis=1, keepdims=True))


def reference_control(store, case):
    A = np.load(store.path("X", case)).astype(np.float64)
    return 0.0, A @ A


def reference_optimum(store, case):
    """The loss at the optimum, to within a tenth of the gap that is asked for.

    The loss is reg-strongly convex, so it is at most |dW|^2 / (2 reg) above its optimum, and in
    truth a tenth of that.
    """
    X = np.load(store.path("X", case), mmap_mode="r").astype(np.float64)
    y = np.load(store.path("y", case))
    best = {}

    def objective(w):
        loss, dW = loss_in_float64([X], w.reshape(case.D, case.C), y)
        best[loss] = np.sum(dW * dW) / (2 * REG)
        return loss, dW.ravel()

    def stop(intermediate_result):
        if best[intermediate_result.fun] < 0.1 * GAP * intermediate_result.fun:
            raise StopIteration

    options = {"maxiter": 2000, "maxfun": np.inf, "ftol": 0, "gtol": 0}
    start = np.zeros(case.D * case.C)
    result = minimize(objective, start, jac=True, method="L-BFGS-B", callback=stop, options=options)
    return result.fun, None


def training_error(store, case, W):
    """How far above its optimum the loss at W is, relative; computed in float64."""
    y = np.load(store.path("y", case))
    loss, _ = loss_in_float64(rows_in_blocks(store, case), W, y)
    best, _ = store.reference(case)
    return (loss - best) / best


NAMES = {  # what a worker is given
    "loss": ("X", "W", "y"),
    "batch": ("X", "W", "y"),
    "bytes": ("stored", "shift", "W", "y"),
    "vjp": ("p", "dy"),
    "optimum": ("X", "y"),
    "control": ("X",),
}
FILES = NAMES | {  # and what making it leaves behind, worth keeping
    "loss": ("X", "W", "y", "stored", "shift"),
    "optimum": ("X", "y", "stored", "shift"),
}
MAKERS = {
    "X": make_X,
    "stored": make_stored,
    "shift": make_shift,
    "y": make_y,
    "W": make_W,
    "p": make_p,
    "dy": make_dy,
}
REFERENCES = {
    "loss": reference_loss,
    "batch": reference_batch,
    "vjp": reference_vjp,
    "optimum": reference_optimum,
    "control": reference_control,
}
