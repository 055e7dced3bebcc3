# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # 5. One large batch
#
# You wrote the loss with loops and then in matrices. Here both meet a third form, compiled from C++ for
# this one purpose, on one batch of 10,000 images. The answers are the same. The times are not, and this
# notebook asks why: where the time goes, what the machine could do at best, and how near each form
# comes to that.
#
# There is nothing to write but the answers, and one prediction at the end. The first two forms are your
# own, from `classifiers/softmax.py`. The third needs a C++ compiler, once: type `make engine` in a
# terminal and restart this notebook. Without it everything runs, and says what is left out.

# %% id="setup"
import importlib.util
import itertools
import os
import sys
import time
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents]
root = str(next(folder for folder in folders if (folder / "classifiers").is_dir()))
if sys.path[0] != root:
    sys.path.insert(0, root)

# %reload_ext autoreload
# %autoreload 2

import numpy as np
import scipy.special
from threadpoolctl import threadpool_limits

import vis_utils
from cifar_like import make_cifar_like
from classifiers import (
    Softmax,
    rows,
    softmax_loss_compiled,
    softmax_loss_naive,
    softmax_loss_vectorized,
)
from grading.check import check
from train import time_rungs

# %% id="check"
check(softmax_loss_naive)
check(softmax_loss_vectorized)

# %% [markdown] id="engine-text"
# ## The third form
#
# `softmax_loss_compiled` has the signature of the other two. It asks the package `softmax_engine` to do
# the work, in instructions that treat 4, 8 or 16 numbers at once, as the machine has them.
#
# To compare like with like, all three work on one thread, until the section on threads: a matrix
# product would otherwise take as many cores as it finds.

# %% id="engine"
engine = None
if os.environ.get("SOFTMAX_ENGINE") == "off":
    print("switched off: SOFTMAX_ENGINE=off")
elif importlib.util.find_spec("softmax_engine"):
    import softmax_engine

    os.environ["SOFTMAX_ENGINE_THREADS"] = "1"
    print(softmax_engine.status())
    if softmax_engine.status().instructions != "numpy":
        engine = softmax_engine
if engine is None:
    print("There is no compiled form here, and what needs it is left out. Try `make engine`.")
threadpool_limits(1, "blas")


def left_out(what):
    """Say so where there is no engine."""
    if engine is None:
        print(f"left out: {what}; try `make engine`")
    return engine is None


# %% [markdown] id="data-text"
# ## One batch
#
# 10,000 drawn images, seen as in the notebooks before: the mean image subtracted, divided by 64, a 1
# appended. With $N = 10000$ examples of $D = 3073$ features, $X$ has 31 million numbers: more than the caches of
# most machines can hold. The weights are random, and small enough for no class to be certain.

# %% id="data"
SCALE = 1 / 64
pixels, y = make_cifar_like(10_000)
mean = pixels.mean(axis=0).astype(np.float32)
X = np.asarray(rows(pixels, mean, SCALE, bias=True))  # more of `rows` further down
(N, D), C = X.shape, 10
rng = np.random.default_rng(0)
W = (1e-2 * rng.standard_normal((D, C))).astype(np.float32)
reg = 0.1
print(f"X {X.shape} {X.dtype}, {X.nbytes / 1e6:.0f} MB; W {W.shape}")

# %% [markdown] id="compare-text"
# First the answers. A time of a wrong answer is worth nothing. All are held against your vectorized
# form in float64, which has sixteen digits where float32 has seven.

# %% id="compare"
rungs = {"naive": softmax_loss_naive, "vectorized": softmax_loss_vectorized}
if not left_out("the compiled form"):
    rungs["compiled"] = softmax_loss_compiled

exact_loss, exact_dW = softmax_loss_vectorized(W.astype(float), X.astype(float), y, reg)
for name, loss_function in rungs.items():
    loss, dW = loss_function(W, X, y, reg)
    error = np.linalg.norm(dW - exact_dW) / np.linalg.norm(exact_dW)
    print(f"{name:<11} loss {loss:.6f}, gradient: relative difference {error:.1e}")

# %% [markdown] id="timing-text"
# Then the times, in turns, and the median of each.

# %% id="timing"
timings = time_rungs(rungs, W, X, y, reg, repeats=5)
vis_utils.show_timings(timings, f"{N:,} images, float32, one thread")

# %% [markdown] id="timing-reading"
# The naive form loses its time between the numbers: for each example Python calls numpy a few dozen
# times, and each call works on 3,073 numbers or on ten. That was notebook 1. The other step is the
# interesting one. The vectorized form *is* compiled code, two matrix products of a good library. What is
# there left to gain?

# %% [markdown] id="parts-text"
# ## Where the time goes
#
# The vectorized form has three parts: the scores, the softmax, and the gradient. Each product takes $NDC$
# multiplications and as many additions, so $2NDC$ operations; both together, and with them the whole
# loss, take $4NDC$. The softmax has $NC$ exponentials and some more for each, so a few hundred thousand
# operations against more than a thousand million.
#
# From here on, the question is what the machine can do. Time is now that of the processor, so that other
# programs do not count, and the fastest of several turns: what disturbs a run makes it slower, never
# faster.

# %% id="parts"
# Windows counts the time of the processor in steps of 16 ms, too rough for this.
clock = time.perf_counter if os.name == "nt" else time.process_time


def fastest(ways, repeats=5):
    """Seconds of each of a dict of functions without arguments: the least of some turns."""
    seconds = dict.fromkeys(ways, np.inf)
    for _ in range(repeats):
        for name, way in ways.items():
            start = clock()
            way()
            seconds[name] = min(seconds[name], clock() - start)
    return seconds


scores = X @ W
G = rng.standard_normal((N, C)).astype(np.float32)  # as large as P - Y; the time is the same
products = {"X @ W": lambda: X @ W, "X.T @ G": lambda: X.T @ G}
other = {
    "softmax": lambda: scipy.special.softmax(scores, axis=1),
    "all of it": lambda: softmax_loss_vectorized(W, X, y, reg),
}
seconds = fastest(products | other)
for name in ("X @ W", "softmax", "X.T @ G", "all of it"):
    share = seconds[name] / seconds["all of it"]
    operations = 2 * N * D * C * {"X @ W": 1, "X.T @ G": 1, "all of it": 2}.get(name, np.nan)
    rate = "" if name == "softmax" else f"{operations / seconds[name] / 1e9:8.1f} billion a second"
    print(f"{name:<10}{1e3 * seconds[name]:8.1f} ms{share:8.0%}{rate}")

# %% [markdown] id="parts-reading"
# The two products are nearly all of it, so the softmax, of which the formulas speak most, is not worth a
# thought here. The last column counts operations. Whether that is many or few, only the machine can say.

# %% [markdown] id="question-1"
# **Question 1.** The time of the softmax is the same for any number of features $D$. At what $D$ would it
# be half of the whole?
#
# *Your answer:*

# %% [markdown] id="limits-text"
# ## What the machine can do
#
# Two speeds limit any program that multiplies and adds: how fast it can do that with numbers at hand,
# and how fast numbers come from memory.
#
# For the first we ask the library itself, with the product it is best at: two square matrices. Each of
# their $2n^2$ numbers takes part in $n$ multiplications, so memory hardly counts. For the second we let it
# read all of $X$ once and do as little as possible with it: one multiplication and one addition for each
# number. Both are what this machine was seen to do, not what its maker promises.

# %% id="limits"
n = 1536
flat = X.ravel()
square = {dtype: rng.standard_normal((n, n)).astype(dtype) for dtype in ("float32", "float64")}
limits = fastest(
    {dtype: lambda A=A: A @ A for dtype, A in square.items()} | {"read": lambda: flat @ flat}, 7
)
peaks = {dtype: 2 * n**3 / limits[dtype] for dtype in square}
bandwidth = X.nbytes / limits["read"]
for dtype, peak in peaks.items():
    print(f"{dtype}: {peak / 1e9:.0f} billion operations a second")
print(f"memory:  {bandwidth / 1e9:.0f} billion bytes a second")
for name in products:
    part = 2 * N * D * C / seconds[name] / peaks["float32"]
    print(f"{name:<8} does {part:.0%} of what a square product does")

# %% [markdown] id="skinny-text"
# ## Why a skinny product is slow
#
# The same library, the same instructions, and yet with ten columns it does a fraction of what it does
# with square matrices. Let the number of columns grow and see. Beside the two products is the compiled
# form, which does both and the softmax, and the square product as a level line.

# %% id="skinny"
columns = np.array([1, 2, 5, 10, 20, 50, 100, 500])
some, labels = X[:5000], y[:5000]
COMPILED = "compiled loss"
taken = {name: np.full(len(columns), np.nan) for name in (*products, COMPILED)}
for place, c in enumerate(columns):
    W_c = (1e-2 * rng.standard_normal((D, c))).astype(np.float32)
    G_c = rng.standard_normal((len(some), c)).astype(np.float32)
    ways = {"X @ W": lambda: some @ W_c, "X.T @ G": lambda: some.T @ G_c}
    if engine and c > 1:
        ways[COMPILED] = lambda: softmax_loss_compiled(W_c, some, labels % c, 0.0)
    for name, least in fastest(ways, 3 if c > 50 else 7).items():
        taken[name][place] = least

if left_out("the curve of the compiled form"):
    del taken[COMPILED]
work = 2 * some.size * columns / 1e9  # of one product; the loss has two
rates = {name: (columns, (1 + (name == COMPILED)) * work / t) for name, t in taken.items()}
rates["square product"] = columns, np.full(len(columns), peaks["float32"] / 1e9)

# %% id="skinny-picture"
vis_utils.show_curves({"columns, or classes": rates}, "billion operations a second", log_x=True)

# %% [markdown] id="fit-text"
# Now look at the time itself, of `X @ W`. If a column costs $b$, and there is a cost $a$ that comes once,
# whatever the number of columns, then $c$ columns take $a + bc$. A line through the times from two columns
# on gives both.

# %% id="fit"
product = taken["X @ W"]
each, once = np.polyfit(columns[1:], product[1:], 1, w=1 / product[1:])
print("columns   " + "".join(f"{c:8}" for c in columns))
print("ms        " + "".join(f"{1e3 * t:8.1f}" for t in product))
print("a + b c   " + "".join(f"{1e3 * (once + each * c):8.1f}" for c in columns))
print(f"a = {1e3 * once:.1f} ms; to read these images from memory takes", end=" ")
print(f"{1e3 * some.nbytes / bandwidth:.1f} ms, to copy them", end=" ")
spare = some.copy()
print(f"{1e3 * fastest({'copy': lambda: np.copyto(spare, some)})['copy']:.1f} ms")
print(f"b = {1e3 * each:.2f} ms: {2 * some.size / each / 1e9:.0f} billion operations a second")
print(f"half of that speed from {once / each:.0f} columns on")

# %% [markdown] id="fit-reading"
# Each column by itself is done at nearly the full speed. What makes ten of them slow is $a$, and $a$ is
# more than it takes to read the images. Before it multiplies, the library copies $X$, block by block, into
# the order in which its inner loop wants it. That is repaid where each copied number meets hundreds of
# columns. With ten, on the machine this was rendered on, more than half of the time goes into it, and a
# profiler shows it by name (`sgemm_oncopy`, in `perf record`). One column goes to another routine, that
# for a matrix and a vector, which copies nothing: so two columns may take more than twice as long as one.
#
# The compiled form reads $X$ as it lies. It takes five rows and five classes at a time: 25 sums, which stay
# in the registers of the processor while it walks along the 3,073 features, and each number it loads
# meets five others. That needs no copy and is best for few classes. It also goes over $X$ once, not twice:
# some 40 rows are scored, and while they are still in the cache their part of the gradient is added.
# The first page of `engine/kernel/tile.h` tells more, and can be read without any C++.

# %% [markdown] id="question-2"
# **Question 2.** From the picture: at how many classes would you give the work back to the library?
#
# *Your answer:*

# %% [markdown] id="roof-text"
# ## The roofline
#
# Would it help to read less? That depends on which of the two limits is reached first. Let a form do $I$
# operations for each byte it reads from memory. Then it can do no more of them in a second than
#
# $$\min(\text{peak},\; I \cdot \text{bandwidth}),$$
#
# a roof with a slope and a level part. Where they meet, at $I = \text{peak} / \text{bandwidth}$, is the
# **ridge**. To the left of it memory is the limit, to the right arithmetic.
#
# All forms do $4NDC$ operations, so for each of the $ND$ numbers of $X$ it is $4C$, over the bytes that are
# read for it:
#
# | form | reads | bytes | $I$ | at $C = 10$ |
# |---|---|---|---|---|
# | vectorized, float64 | twice 8 | 16 | $C/4$ | 2.5 |
# | vectorized, float32 | twice 4 | 8 | $C/2$ | 5 |
# | compiled, float64 | once 8 | 8 | $C/2$ | 5 |
# | naive, float32 | once 4: a row stays in the cache | 4 | $C$ | 10 |
# | compiled, float32 | once 4 | 4 | $C$ | 10 |
# | compiled, uint8 | once 1 | 1 | $4C$ | 40 |
#
# This is the least that must be read. What the library copies comes on top.

# %% id="roof"
W64, X64 = W.astype(np.float64), X.astype(np.float64)
view = rows(pixels, mean, SCALE, bias=True)
forms = {  # bytes read for each number of X, and the form
    "naive, float32": (4, lambda: softmax_loss_naive(W, X, y, reg)),
    "vectorized, float64": (16, lambda: softmax_loss_vectorized(W64, X64, y, reg)),
    "vectorized, float32": (8, lambda: softmax_loss_vectorized(W, X, y, reg)),
}
if not left_out("three points of the compiled form"):
    forms |= {
        "compiled, float64": (8, lambda: softmax_loss_compiled(W64, X64, y, reg)),
        "compiled, float32": (4, lambda: softmax_loss_compiled(W, X, y, reg)),
        "compiled, uint8": (1, lambda: softmax_loss_compiled(W, view, y, reg)),
    }
pass_seconds = fastest({name: form for name, (_, form) in forms.items()}, 4)
X64 = None  # large, and not needed again

points = {
    name: (4 * C / size, 4 * N * D * C / pass_seconds[name]) for name, (size, _) in forms.items()
}
for name, (intensity, rate) in points.items():
    peak = peaks[name.split()[1] if "float" in name else "float32"]
    ridge = peak / bandwidth
    side = "left" if intensity < ridge else "right"
    reached = rate / min(peak, intensity * bandwidth)
    print(f"{name:<20} {side} of the ridge at {ridge:.1f}, at {reached:4.0%} of the roof")

# %% id="roof-picture"
vis_utils.show_roofline(peaks, bandwidth, points)

# %% [markdown] id="roof-reading"
# On the machine this was rendered on, every point lies to the right of its ridge: memory could deliver
# more than any form takes, and arithmetic is the limit. So reading $X$ once in place of twice is the
# smaller part of what makes the compiled form fast: it moves a point to the right, and the roof is level
# there. What moves it up is an inner loop made for few columns.
#
# The roof also says when to stop. Where a point is near it, no cleverer program helps: only fewer
# operations, a narrower dtype, or another machine.

# %% [markdown] id="question-3"
# **Question 3.** With fewer classes each byte meets fewer operations. At how many classes does the
# compiled form in float32 come to the ridge of your machine? And on uint8?
#
# *Your answer:*

# %% [markdown] id="bytes-text"
# ## Pixels as bytes
#
# A pixel is a whole number from 0 to 255: one byte. As float32, mean subtracted and divided by 64, it
# takes four. Nothing was learned in between. `rows(pixels, mean, 1/64, bias=True)` keeps the bytes and
# stands for the features: the compiled form reads it directly.
#
# It need not even subtract and divide. With $u$ the bytes, $m$ the mean and $\sigma$ the scale,
#
# $$\sum_d (u_d - m_d)\, \sigma\, W_{dc} = \sum_d u_d \, (\sigma W_{dc}) - \sum_d m_d \, \sigma W_{dc},$$
#
# so the scale goes into the weights and the mean into the bias, once for the whole batch.

# %% id="bytes"
print(f"float32 {X.nbytes / 1e6:.0f} MB, uint8 {pixels.nbytes / 1e6:.0f} MB")
ways = {
    "vectorized": lambda: softmax_loss_vectorized(W, X, y, reg),
    "vectorized, from uint8": lambda: softmax_loss_vectorized(
        W, np.asarray(rows(pixels, mean, SCALE, bias=True)), y, reg
    ),
}
if not left_out("the compiled form on float32 and on uint8"):
    ways["compiled"] = lambda: softmax_loss_compiled(W, X, y, reg)
    ways["compiled, from uint8"] = lambda: softmax_loss_compiled(W, view, y, reg)
for name, way in ways.items():
    loss, dW = way()
    error = np.linalg.norm(dW - exact_dW) / np.linalg.norm(exact_dW)
    print(f"{name:<23} loss {loss:.6f}, gradient: relative difference {error:.1e}")
    assert abs(loss - exact_loss) < 1e-5 and error < 1e-5  # float32, of 10,000 rows

least = fastest(ways)
timings = {
    name: {"seconds": taken, "ratio": least["vectorized"] / taken} for name, taken in least.items()
}
vis_utils.show_timings(timings, f"{N:,} images, one thread")

# %% [markdown] id="bytes-reading"
# The roofline said what to expect. A quarter of the bytes moves the point further to the right, under a
# roof that is level: what is gained is memory, not time, and making floats of bytes costs a little. The
# fair comparison is often the second bar, though: it makes the features anew at each call, as one has to
# where they do not fit into memory.

# %% [markdown] id="batches-text"
# ## Random batches
#
# Mini-batches take rows at random. `X[idx]` of an array is a copy of those rows. `view[idx]` of `rows`
# is a view again: the stored pixels and the numbers of the rows, and the compiled form fetches each row
# when its turn comes. The only line of `train` that asks for a loss, `loss(W, X[idx], y[idx], reg)`, stays as
# it is.

# %% id="batches"
batches = [rng.integers(N, size=200) for _ in range(40)]


def on_each(loss_function, X):
    """A pass over the batches, as a function without arguments."""
    return lambda: [loss_function(W, X[idx], y[idx], reg) for idx in batches]


ways = {"vectorized, X[idx]": on_each(softmax_loss_vectorized, X)}
if not left_out("the compiled form on random batches"):
    ways["compiled, X[idx]"] = on_each(softmax_loss_compiled, X)
    ways["compiled, rows(X)[idx]"] = on_each(softmax_loss_compiled, rows(X))
    ways["compiled, view[idx]"] = on_each(softmax_loss_compiled, view)
    print("view[idx] is a copy:", not np.shares_memory(view[batches[0]].stored, pixels))
for name, least in fastest(ways).items():
    print(f"{name:<23}{1e3 * least / len(batches):6.2f} ms for a batch of {len(batches[0])}")

model = Softmax()
model.train(view, y, learning_rate=1e-3, reg=reg, num_iters=300, rng=np.random.default_rng(1))
print(f"300 steps on {type(view).__name__}: training accuracy {model.accuracy(view, y):.3f}")

# %% [markdown] id="question-4"
# **Question 4.** A million images lie on a disk that reads 2 billion bytes a second, and do not fit into
# memory. Draw that roof over the picture above. Where are the points now, and how long does a pass take
# on float32, and on uint8?
#
# *Your answer:*

# %% [markdown] id="threads-text"
# ## The same bits on any number of threads
#
# In floats $(a + b) + c$ is not quite $a + (b + c)$: each sum is rounded. So the order of a sum shows in its
# last digits. Threads share the rows among them, each adds up its own part, and the parts are added in
# the end: another number of threads, another order. Below, your vectorized form takes the batch in $n$
# parts, as $n$ threads would.

# %% id="orders"
print(f"(0.1 + 0.2) + 0.3 = {(0.1 + 0.2) + 0.3!r}, 0.1 + (0.2 + 0.3) = {0.1 + (0.2 + 0.3)!r}")


def in_parts(n):
    """The gradient of the batch, added up from n parts of it."""
    edges = np.linspace(0, N, n + 1).astype(int)
    total = np.zeros_like(W)
    for part in itertools.starmap(slice, itertools.pairwise(edges)):
        total += len(y[part]) / N * softmax_loss_vectorized(W, X[part], y[part], 0.0)[1]
    return total


whole = in_parts(1)
for n in (1, 2, 3, 4):
    dW = in_parts(n)
    differ = np.mean(dW != whole)
    error = np.linalg.norm(dW - whole) / np.linalg.norm(whole)
    print(f"{n} parts: {differ:4.0%} of the numbers differ, relative difference {error:.1e}")

# %% [markdown] id="bits-text"
# Nothing is wrong with any of these. But a run on two threads cannot be repeated to the bit on four, and
# over many steps small differences grow. The compiled form cuts the batch by its rows alone, never by the number of
# threads: into a few chunks, each added up by one thread from its first row to its last. Whichever
# chunk is done first, they are added in the order of the rows.

# %% id="bits"
if not left_out("the same on threads"):
    with engine.threads(1):
        loss, dW = softmax_loss_compiled(W, X, y, reg)
    for n in (1, 2, 3, 4):
        with engine.threads(n):
            its_loss, its_dW = softmax_loss_compiled(W, X, y, reg)
        same = loss == its_loss and np.array_equal(dW, its_dW)
        print(f"threads({n}): the same bits, {same}")
        assert same

# %% [markdown] id="question-5"
# **Question 5.** Twice the cores, twice the peak. The memory is one for all of them. Which way does the
# ridge move, and which points could change sides?
#
# *Your answer:*

# %% [markdown] id="exercise-text"
# ## Exercise: a million images
#
# Say how long one loss and gradient of 1,000,000 images takes on this machine, on one thread: of two
# classes, ten, and a hundred; as float32 and as uint8. You need no more than what is printed under "what
# the machine can do", and the roof.
#
# Write your predictions, in seconds, in place of `None`. The first is filled in, by another way: ten
# classes were measured above, and a million images take as many times longer as they are more. Then run
# the cell after it. It measures on 5,000 images and scales up. A roof is a bound: a pass may take longer
# than it says, but hardly less. (Without the compiled form your vectorized one is measured: take into
# account what part of the roof it reached.)

# %% id="prediction"
measured = "compiled, float32" if engine else "vectorized, float32"
predicted = {
    (10, "float32"): 1_000_000 / N * pass_seconds[measured],
    (10, "uint8"): None,
    (2, "float32"): None,
    (2, "uint8"): None,
    (100, "float32"): None,
    (100, "uint8"): None,
}

# %% id="prediction-check"
print(f"measured is the {measured.split(',')[0]} form")
form = softmax_loss_compiled if engine else softmax_loss_vectorized
stored = {"float32": some, "uint8": view[: len(some)]}
for (classes, kind), said in predicted.items():
    name = f"{classes:>4} classes, {kind:<8}"
    if kind == "uint8" and engine is None:
        print(f"{name} left out; try `make engine`")
    elif said is None:
        print(f"{name} no prediction yet")
    else:
        W_c = (1e-2 * rng.standard_normal((D, classes))).astype(np.float32)
        ways = {name: lambda: form(W_c, stored[kind], labels % classes, reg)}
        took = 1_000_000 / len(some) * fastest(ways)[name]
        verdict = "" if took > 0.9 * said else ": faster than predicted, look again"
        print(f"{name} said {said:6.2f} s, took {took:6.2f} s, {took / said:.2f} of it{verdict}")

# %% [markdown] id="question-6"
# **Question 6.** Which prediction was the worst, and is its point under the slope or under the level part?
# What does the compiled form do for each number of $X$ that is in no count of multiplications?
#
# *Your answer:*
