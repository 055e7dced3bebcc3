"""The truth the engine is held to, in float64 numpy, with the round-off it may have; and cases.

What a float of precision eps leaves behind is proportional to the terms that were summed, not to
their sum, which may be small because they cancel:

    score    (X W)_ij               is off by eps * (|X| |W|)_ij
    P        row i of it            by P_ij times twice the most that a score of its row is off
    dW       (1/N) X^T (P - Y)      by (1/N) |X|^T (what P is off + eps |P - Y|)

`truth` returns those sums beside the results. |X| stands for what the arithmetic works on: of
bytes that is x - 128 and the shift from there, of shifted floats x and the shift. Each is a sum of
many terms, n of them, and so of n round-offs: they walk about and arrive at sqrt(n), but where the
terms are one and the same, so are their round-offs, and there are n.
"""

from dataclasses import dataclass

import numpy as np
import softmax_engine

EPS = {"float32": 2.0**-24, "float64": 2.0**-53, "uint8": 2.0**-24}  # half a last digit
# Of the largest entry of dW: what is promised where the batch is large enough to average.
PROMISED = {"float32": 1e-6, "float64": 1e-13, "uint8": 3e-6}
LABELS = [np.dtype(kind + size) for kind in "iu" for size in "1248"]


@dataclass
class Truth:
    """Loss and gradient in float64; and for eps = 1, what round-off may add to each."""

    loss: float
    dW: np.ndarray
    loss_roundoff: float
    dW_roundoff: float


def truth(W, X, y, reg, size=None, rows_at_once=2000):
    """What softmax_loss must return for X (N, D), an array of float64 or what numpy makes one of.

    size : (N, D) or None    the |X| of the arithmetic, if it is not that of X
    """
    N, W = len(y), np.asarray(W, np.float64)
    loss, dW = np.longdouble(0), np.zeros(W.shape, np.longdouble)
    loss_roundoff, dW_roundoff = 0.0, np.zeros(W.shape)
    for start in range(0, N, rows_at_once):
        block = slice(start, start + rows_at_once)
        x = np.asarray(X[block], np.float64)
        terms = np.abs(x if size is None else np.asarray(size[block], np.float64))
        labels = np.asarray(y[block]).astype(np.int64)
        rows = np.arange(len(x))
        S = x @ W
        S -= S.max(axis=1, keepdims=True)
        P = np.exp(S)
        sums = P.sum(axis=1, keepdims=True)
        P /= sums
        loss += np.sum(np.log(sums)) - np.sum(S[rows, labels])
        off = 2 * (terms @ np.abs(W)).max(axis=1, keepdims=True) + 1  # and 1 of the exponential
        loss_roundoff += np.sum(off + np.log(sums))
        G = P.copy()
        G[rows, labels] -= 1
        dW += x.T @ G
        dW_roundoff += terms.T @ (P * off + np.abs(G))
    return Truth(
        float(loss / N + 0.5 * reg * np.sum(W * W)),
        np.float64(dW / N + reg * W),
        loss_roundoff / N + 0.5 * reg * np.sum(W * W),
        np.max(dW_roundoff / N + reg * np.abs(W)),
    )


def excess(result, expected, kind, roundings):
    """How far (loss, dW) is from the truth, in what is allowed: above 1 it is wrong."""
    loss, dW = result
    allowed_loss = roundings * EPS[kind] * expected.loss_roundoff
    allowed_dW = max(
        PROMISED[kind] * np.max(np.abs(expected.dW)), roundings * EPS[kind] * expected.dW_roundoff
    )
    off_loss = abs(loss - expected.loss) / allowed_loss
    off_dW = np.max(np.abs(dW.astype(np.float64) - expected.dW)) / allowed_dW
    return max(off_loss, off_dW)


@dataclass
class Case:
    """Arguments, and what they mean: X in float64 with the |X| of its arithmetic."""

    kind: str
    W: np.ndarray
    X: object
    y: np.ndarray
    reg: float
    threads: int
    in_columns: bool
    expanded: np.ndarray
    size: np.ndarray
    words: str

    def run(self):
        """(loss, dW) of the engine, dW in rows."""
        W, X = (self.W.T, self.X.T) if self.in_columns else (self.W, self.X)
        with softmax_engine.threads(self.threads):
            loss, dW = softmax_engine.softmax_loss(W, X, self.y, self.reg)
        assert type(loss) is float
        assert dW.dtype == W.dtype
        assert dW.shape == W.shape
        return loss, dW.T if self.in_columns else dW

    def excess(self):
        """How far the engine is from the truth, in what is allowed."""
        expected = truth(self.W, self.expanded, self.y, self.reg, self.size)
        (N, D), C = self.expanded.shape, self.W.shape[1]
        n = min(N, 2000) + D + C  # after 2000 rows sums go on in float64
        alike = any(not np.ptp(a, axis).any() for a in (self.expanded, self.W) for axis in (0, 1))
        return excess(self.run(), expected, self.kind, n if alike else np.sqrt(n))


def random_case(seed, folder):
    """Any shape, dtype, memory, view, layout, labels and threads; all of it follows from the seed.

    folder : where files are made that X is mapped to
    """
    rng = np.random.default_rng(seed)
    kind = str(rng.choice(["float32", "float64", "uint8"]))
    N, D, C = _sizes(rng)
    words = [f"{kind} N={N} D={D} C={C}"]
    if kind == "uint8":
        values = rng.integers(256, size=(N, D)).astype(np.uint8)
    else:
        values = (rng.choice([0.0, 1, 5]) + rng.standard_normal((N, D))).astype(kind)
    stored = _anywhere(values, rng, words, folder / f"{seed}.bin")
    values = np.array(stored, np.float64)
    if kind == "uint8" or rng.random() < 0.4:
        X, expanded, size = _view(stored, values, rng, words)
    else:
        X, expanded, size = stored, values, np.abs(values)
    N, D = expanded.shape
    W = rng.choice([1e-3, 0.1, 1, 30]) * rng.standard_normal((D, C)) / D
    W = _anywhere(W.astype("float64" if kind == "float64" else "float32"), rng, words)
    dtypes = [dtype for dtype in LABELS if np.iinfo(dtype).max >= C - 1]
    dtype = dtypes[rng.integers(len(dtypes))]
    y = _anywhere(rng.integers(C, size=N).astype(dtype), rng, words)
    # Where both layouts fit, columns would be taken for rows.
    in_columns = isinstance(X, np.ndarray) and not N == D == C and rng.random() < 0.2
    threads = int(rng.integers(1, 5))
    words.append(f"labels {dtype}, {threads} threads{', in columns' * in_columns}")
    reg = float(rng.choice([0.0, 0.1, 10]))
    return Case(kind, W, X, y, reg, threads, in_columns, expanded, size, "; ".join(words))


def _sizes(rng):
    """Every tail of a vector, of a tile and of a chunk; now and then enough for four threads."""
    if rng.random() < 0.02:
        return int(rng.integers(960, 1500)), int(rng.integers(600, 800)), int(rng.integers(12, 20))
    edge = [40, 80, 240, 480][rng.integers(4)] + int(rng.integers(-1, 2))
    N = edge if rng.random() < 0.3 else int(np.exp(rng.uniform(0, np.log(500))))
    D = int(rng.integers(1, 70)) if rng.random() < 0.7 else int(rng.integers(70, 260))
    C = 2 + int(np.exp(rng.uniform(0, np.log(30)))) - 1
    if rng.random() < 0.04:
        few = rng.random() < 0.5  # or more than are worth a kernel
        C = int(rng.integers(32, 400) if few else rng.integers(400, 1300))
        N, D = 1 + N % 20, 1 + D % 20
    return N, D, C


def _anywhere(values, rng, words, path=None):
    """The values as an array somewhere in memory: steps, order, alignment, whose, and writable."""
    shape = values.shape
    how = rng.choice(["C", "Fortran", "steps", "steps", "beside", "misaligned", "mapped", "again"])
    if how == "Fortran":
        array = np.asfortranarray(values)
    elif how == "steps":
        steps = rng.choice([-3, -2, -1, 1, 2, 3], size=len(shape))
        around = np.ones([n * abs(s) for n, s in zip(shape, steps, strict=True)], values.dtype)
        array = around[tuple(slice(None, None, s) for s in steps)]
        array[...] = values
        how = f"steps {'x'.join(map(str, steps))}"
    elif how == "beside":  # what lies around it must never be used
        around = np.full([n + 3 for n in shape], 255, np.uint8).astype(values.dtype)
        if values.dtype.kind == "f":
            around[...] = np.nan
        array = around[tuple(slice(1, 1 + n) for n in shape)]
        array[...] = values
    elif how == "misaligned":
        memory = np.zeros(values.nbytes + 1, np.uint8)
        array = memory[1:].view(values.dtype).reshape(shape)
        array[...] = values
    elif how == "mapped" and path:
        values.tofile(path)
        array = np.memmap(path, values.dtype, "r", shape=shape)
    elif how == "again":
        axis = int(rng.integers(len(shape)))
        array = np.broadcast_to(np.take(values, [0], axis), shape)
        how = f"one along axis {axis}"
    else:
        array = values.copy()
    if rng.random() < 0.3 and array.flags.writeable:
        array.setflags(write=False)
        how = f"{how}, read-only"
    words.append(str(how))
    return array


def _view(stored, values, rng, words):
    """Rows of it, a view of a view up to three times, and what it stands for."""
    N, D = stored.shape
    scales = (1.0, 1 / 64, rng.uniform(0.5, 2, D), None)
    shifts = (None, 120.5, rng.uniform(100, 140, D))
    if stored.dtype != np.uint8:
        shifts = (None, 0.5, rng.standard_normal(D))
    shift, scale = shifts[rng.integers(3)], scales[rng.integers(4)]
    bias = bool(rng.integers(2))
    X = softmax_engine.Rows(stored, shift, scale, bias)
    where = np.arange(N)
    for _ in range(rng.integers(4)):
        X, where = _smaller(X, where, rng, words)
    shift = np.zeros(D) if shift is None else np.broadcast_to(shift, D).astype(np.float64)
    scale = np.ones(D) if scale is None else np.broadcast_to(scale, D).astype(np.float64)
    expanded = (values[where] - shift) * scale
    if stored.dtype == np.uint8:
        size = (np.abs(values[where] - 128) + np.abs(shift - 128)) * scale
    else:
        size = (np.abs(values[where]) + np.abs(shift)) * scale
    with_it = (" shift", shift.any()), (" scale", (scale != 1).any()), (" bias", bias)
    words.append("Rows" + "".join(name for name, used in with_it if used))
    if bias:
        ones = np.ones((len(where), 1))
        expanded, size = np.hstack([expanded, ones]), np.hstack([size, ones])
    return X, expanded, size


def _smaller(X, where, rng, words):
    N = len(X)
    how = rng.choice(["slice", "backwards", "integers", "negative", "mask"])
    if how == "slice":
        begin = int(rng.integers(N))
        idx = slice(begin, int(rng.integers(begin, N)) + 1, int(rng.integers(1, 3)))
    elif how == "backwards":
        idx = slice(None, None, -int(rng.integers(1, 3)))
    elif how == "mask":
        idx = rng.random(N) < 0.7
        idx[rng.integers(N)] = True
    else:
        idx = rng.integers(-N if how == "negative" else 0, N, size=int(rng.integers(1, 2 * N + 1)))
        idx = idx.astype(["i8", "i4", "i2"][rng.integers(3)])
        idx = idx[:: -1 if rng.random() < 0.3 else 1]
    words.append(f"[{how}]")
    return X[idx], where[idx]
