# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # 2. The derivative of softmax
#
# In the first notebook softmax and its loss were one function. Here softmax stands alone: you
# write its derivative once, and it then works below any loss, also below one of your own.
#
# You write five functions in `layers.py`:
#
# * `softmax(z)` and `log_softmax(z)`
# * `softmax_jacobian_naive(y)` and `softmax_jacobian(y)`
# * `softmax_backward(dy, y)`
#
# The last three take $y$, the softmax, and not the scores $z$. As before: edit the file, save it,
# and run a cell here again. `check(...)` says of a function whether it is unfinished, wrong or
# right.
#
# The end is a gallery of wrong answers to the same question, of the kinds found in public. Each is
# caught by a gradient check, and each turns out to be the right answer to another question.

# %% id="setup"
import sys
import time
import tracemalloc
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents]
root = str(next(folder for folder in folders if (folder / "classifiers").is_dir()))
if sys.path[0] != root:
    sys.path.insert(0, root)

# %reload_ext autoreload
# %autoreload 2

import numpy as np
import scipy.special

import layers
from gradient_check import eval_numerical_gradient_array, grad_check_sparse, rel_error
from grading.check import check
from vis_utils import BLUE, GREY, ORANGE, Picture

np.set_printoptions(precision=8, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown] id="softmax-text"
# ## Softmax
#
# Scores $z$ become positive numbers that sum to 1:
#
# $$y_i = \frac{e^{z_i}}{\sum_k e^{z_k}} = \frac{e^{z_i - m}}{\sum_k e^{z_k - m}},
# \qquad \log y_i = z_i - m - \log \sum_k e^{z_k - m}.$$
#
# Any $m$ gives the same $y$. The largest score *of the same vector* is the one to take: then no
# exponential is above 1, and the sum is not below 1. The logarithm has a formula of its own because
# $y_i$ itself may be too small for a float: $\log e^{-1000}$ is $-1000$, but $e^{-1000}$ is 0 to the
# machine.
#
# Write `softmax` and `log_softmax` now. Both work along an `axis`, the last one unless told.

# %% id="check-softmax"
check(layers.softmax)
check(layers.log_softmax)

# %% [markdown] id="hand-text"
# ## By hand, on two scores
#
# Take $z = (1, 2)$. Then $e^1 = 2.71828$ and $e^2 = 7.38906$, their sum is $10.10734$, and
#
# $$y = (0.26894142,\; 0.73105858).$$
#
# Softmax has two inputs and two outputs, so it has *four* derivatives. By the quotient rule, where
# the score that moves is the output's own,
#
# $$\frac{\partial y_1}{\partial z_1}
# = \frac{e^{z_1}(e^{z_1} + e^{z_2}) - e^{z_1} e^{z_1}}{(e^{z_1} + e^{z_2})^2} = y_1 - y_1^2 = y_1 (1 - y_1),$$
#
# and where it is the other one, which is found in the denominator alone,
#
# $$\frac{\partial y_1}{\partial z_2} = \frac{0 - e^{z_1} e^{z_2}}{(e^{z_1} + e^{z_2})^2} = -y_1 y_2.$$
#
# With two scores $1 - y_1 = y_2$, so all four have the size
# $y_1 y_2 = 0.26894142 \cdot 0.73105858 = 0.19661193$. The signs are
#
# $$\begin{pmatrix} + & - \\ - & + \end{pmatrix}.$$
#
# Raising a score raises its own probability and takes the same amount from the other.
#
# A derivative is also a limit of differences, so we can let the machine find the four without any
# formula. `eval_numerical_gradient_array(f, x, df)` moves each entry of `x` up and down and returns
# the gradient of `sum(df * f(x))`. With a `df` that has a 1 at $i$ and 0 elsewhere it is that of
# $y_i$ alone: row $i$ of the table of all derivatives, the **Jacobian** $J_{ij} = \partial y_i / \partial z_j$.


# %% id="hand"
def numerical_jacobian(f, x):
    """All derivatives of f at a vector x, by differences: entry (i, j) is of f_i by x_j."""
    return np.stack([eval_numerical_gradient_array(f, x, df) for df in np.eye(len(x))])


z = np.array([1.0, 2.0])
print("y =", layers.softmax(z))
print(numerical_jacobian(layers.softmax, z))

# %% [markdown] id="loops-text"
# ## With loops
#
# With $n$ scores nothing new happens: a score is the output's own or it is not. Both cases in one
# line, where $1[i = j]$ is 1 if $i = j$ and else 0:
#
# $$J_{ij} = \frac{\partial y_i}{\partial z_j} = y_i \, (1[i = j] - y_j).$$
#
# No exponential is left in it: who has $y$ needs no $z$.
#
# Write `softmax_jacobian_naive` now, with one loop over $i$ and one over $j$.

# %% id="check-jacobian-naive"
check(layers.softmax_jacobian_naive)

# %% id="jacobian"
scores = np.array([1.0, 2.0, 0.0, 3.0, 2.5])
y = layers.softmax(scores)
J = layers.softmax_jacobian_naive(y)
numerical = numerical_jacobian(layers.softmax, scores)
print(f"relative error against differences: {rel_error(numerical, J):.1e}")
print(f"largest sum of a row:    {np.abs(J.sum(axis=1)).max():.1e}")
print(f"largest sum of a column: {np.abs(J.sum(axis=0)).max():.1e}")


# %% id="jacobian-picture"
def draw_matrices(matrices, alt):
    """Each matrix of a dict of title -> matrix, side by side, in the colours of one scale."""
    picture = Picture(alt, figsize=(1.1 + 3.0 * len(matrices), 3.9))
    axes = picture.subplots(1, len(matrices), squeeze=False)[0]
    largest = max(np.abs(matrix).max() for matrix in matrices.values())
    for axis, (title, matrix) in zip(axes, matrices.items(), strict=True):
        axis.imshow(matrix, cmap="PuOr", vmin=-largest, vmax=largest)
        for (i, j), value in np.ndenumerate(matrix):
            colour = "white" if abs(value) > 0.6 * largest else "black"
            axis.text(
                j,
                i,
                f"{value:.3f}" if value else "0",
                ha="center",
                va="center",
                color=colour,
                fontsize=8,
            )
        axis.set_title(title, fontsize=10)
        axis.set_xticks(range(len(matrix)))
        axis.set_yticks(range(len(matrix)))
        axis.set_xlabel("score j that moves")
    axes[0].set_ylabel("output i")
    return picture


draw_matrices(
    {"the Jacobian": J},
    "The Jacobian of softmax of five scores as a table: positive on the diagonal, negative "
    "elsewhere, symmetric, and smallest in the row and column of the least probable output.",
)

# %% [markdown] id="question-1"
# **Question 1.** All rows of $J$ sum to zero, and so do all columns. One of the two holds because
# the $y_i$ sum to 1, the other because adding one number to all scores changes nothing. Which is
# which?
#
# *Your answer:*

# %% [markdown] id="outer-text"
# ## As an outer product, and in batches
#
# The two parts of $y_i (1[i = j] - y_j) = y_i 1[i = j] - y_i y_j$ are matrices with names: one has
# $y$ on its diagonal, the other is the outer product of $y$ with itself,
#
# $$J = \mathrm{diag}(y) - y \, y^T.$$
#
# So $J$ is symmetric. For a batch, $y$ has shape $(\ldots, n)$ with one softmax in each row, and $J$ has
# shape $(\ldots, n, n)$ with one matrix for each row:
#
# $$J_{\ldots ij} = y_{\ldots i} \, 1[i = j] - y_{\ldots i} \, y_{\ldots j}.$$
#
# Write `softmax_jacobian` now, without a loop.

# %% id="check-jacobian"
check(layers.softmax_jacobian)

# %% id="batched"
batch = layers.softmax(rng.standard_normal((2, 3, 5)))
jacobians = layers.softmax_jacobian(batch)
print("y", batch.shape, "has Jacobians", jacobians.shape)
one_by_one = [layers.softmax_jacobian_naive(row) for row in batch.reshape(-1, 5)]
print(f"relative error against loops: {rel_error(jacobians.reshape(-1, 5, 5), one_by_one):.1e}")

# %% [markdown] id="vjp-text"
# ## The product with a vector
#
# Nobody wants the Jacobian for itself. A loss $L$ stands above softmax and passes down its gradient
# $dy_i = \partial L / \partial y_i$; wanted is $dz_j = \partial L / \partial z_j$. Score $j$ acts on the loss
# through every $y_i$, so by the chain rule
#
# $$dz_j = \sum_i dy_i \, J_{ij} = \sum_i dy_i \, y_i \, (1[i = j] - y_j)
# = y_j \, dy_j - y_j \sum_i dy_i \, y_i
# = y_j \Big( dy_j - \sum_i dy_i \, y_i \Big).$$
#
# In the last form the matrix is gone. The sum is one number for each row, the mean of $dy$ weighted
# by $y$; so each output is asked how far its $dy$ lies above that mean, and the answer is weighted by $y$
# again. It takes a few operations for each entry, where the matrix takes a few for each *pair*. This is
# the **vector-Jacobian product**: what libraries for automatic differentiation have for each function,
# in place of its Jacobian.
#
# Write `softmax_backward` now, for any batch shape.

# %% id="check-backward"
check(layers.softmax_backward)

# %% [markdown] id="cost-text"
# ## What the Jacobian costs
#
# Below, a batch of 32 rows with $n$ scores each goes three ways to the same $dz$: the Jacobian by loops,
# one row at a time, and multiplied; all Jacobians at once, and multiplied; never formed. First the
# answers are held against each other. Then the three take turns, several times, and the median time of
# each counts. Memory is the most that was in use at once, beyond $y$ and $dy$ themselves.

# %% id="cost"
ROWS = 32
WAYS = ("loops", "all at once", "never formed")


def three_ways(y, dy):
    """Functions without arguments, each of which returns dz."""
    return {
        "loops": lambda: np.stack(
            [d @ layers.softmax_jacobian_naive(row) for row, d in zip(y, dy, strict=True)]
        ),
        "all at once": lambda: (dy[:, np.newaxis, :] @ layers.softmax_jacobian(y))[:, 0, :],
        "never formed": lambda: layers.softmax_backward(dy, y),
    }


def median_seconds(ways, repeats=7):
    seconds = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return {name: float(np.median(times)) for name, times in seconds.items()}


def peak_bytes(way):
    tracemalloc.start()
    try:
        way()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


sizes = {name: [] for name in WAYS}
seconds = {name: [] for name in WAYS}
peaks = {name: [] for name in WAYS}
for n in (8, 16, 32, 64, 128, 256, 512):
    y = layers.softmax(rng.standard_normal((ROWS, n)))
    dy = rng.standard_normal((ROWS, n))
    ways = three_ways(y, dy)
    if n > 128:
        del ways["loops"]  # seconds, from here on
    answer = ways["never formed"]()
    for way in ways.values():
        np.testing.assert_allclose(way(), answer, atol=1e-12)
    medians = median_seconds(ways)
    for name, way in ways.items():
        sizes[name].append(n)
        seconds[name].append(medians[name])
        peaks[name].append(peak_bytes(way))
    print(f"n = {n:<4}", *(f"{name}: {1e3 * medians[name]:.3g} ms " for name in ways))

times_ratio = seconds["all at once"][-1] / seconds["never formed"][-1]
peaks_ratio = peaks["all at once"][-1] / peaks["never formed"][-1]
print(f"at n = {n}, all at once takes {times_ratio:.0f} times as long as never formed,")
print(f"and {peaks_ratio:.0f} times the memory: {peaks['all at once'][-1] / 1e6:.0f} MB")


# %% id="cost-picture"
def draw_costs():
    picture = Picture(
        f"Time and memory of the gradient of {ROWS} rows against n, both axes logarithmic. The "
        "curves of the ways that form the Jacobian rise about twice as steeply as that of the way "
        f"that never does. At n = {n}, forming all Jacobians at once takes {times_ratio:.0f} times "
        f"as long as never forming them, and {peaks_ratio:.0f} times the memory.",
        figsize=(9, 4),
    )
    for axis, values, label in zip(
        picture.subplots(1, 2), (seconds, peaks), ("seconds, median", "bytes, at most"), strict=True
    ):
        for name, colour, style in zip(
            WAYS, (GREY, ORANGE, BLUE), ("s:", "^--", "o-"), strict=True
        ):
            axis.loglog(sizes[name], values[name], style, color=colour, label=name)
        axis.set_xticks(sizes["never formed"], sizes["never formed"])
        axis.minorticks_off()
        axis.set_xlabel("n, scores in a row")
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
        axis.legend()
    return picture


draw_costs()

# %% [markdown] id="cost-reason"
# Twice the $n$ is twice the work for the product, and four times for the matrix. Loops need little
# memory only because they keep one matrix at a time. On short rows much of the time of numpy goes into
# being called, and the blue line rises more slowly than the work does.
#
# This matters early: a batch of 256 rows over 1000 classes is 2 MB of $y$ in
# float64, and 2 GB of Jacobians.

# %% [markdown] id="question-2"
# **Question 2.** A tanh has a Jacobian too, and yet nobody warns against forming it. What does it look
# like, and what is its product with $dy$?
#
# *Your answer:*

# %% [markdown] id="losses-text"
# ## Below a loss
#
# An activation and a loss each have two methods: `compute`, and `delta`, which passes a gradient back.
#
#     y = activation.compute(x)
#     L = loss.compute(y, target)
#     dx = activation.delta(x, loss.delta(y, target))
#
# `layers.Softmax().delta` calls your `softmax_backward`. Neither knows which loss is above it, and no loss
# knows what is below. Here are two, with labels as targets ($t_{ij} = 1$ at the label, else 0):
#
# $$\text{SquaredError: } \frac1N \sum_i \sum_j (y_{ij} - t_{ij})^2, \qquad
# \text{CrossEntropy: } -\frac1N \sum_i \sum_j t_{ij} \log y_{ij}.$$
#
# Of a loss, which returns one number, the numerical gradient is that with `df = 1`.


# %% id="losses"
def loss_of_scores(loss, target):
    """The loss as a function of the scores x below the softmax, for the numerical gradient."""
    return lambda x: loss.compute(layers.Softmax().compute(x), target)


def gradient_of_scores(loss, x, target):
    y = layers.Softmax().compute(x)
    return layers.Softmax().delta(x, loss.delta(y, target))


x = rng.standard_normal((6, 4))
labels = np.array([3, 0, 0, 2, 3, 3])
for loss in (layers.SquaredError(), layers.CrossEntropy()):
    numerical = eval_numerical_gradient_array(loss_of_scores(loss, labels), x, 1.0)
    error = rel_error(numerical, gradient_of_scores(loss, x, labels))
    print(f"{type(loss).__name__:<14}relative error {error:.1e}")

# %% [markdown] id="collapse-text"
# ## Why softmax with cross-entropy becomes so short
#
# Of one example with the right class $c$, the loss is $-\log y_c$. It depends on $y_c$ alone, so $dy$ is
# zero but for $dy_c = -1/y_c$. Put it into the product above. The sum is
#
# $$\sum_i dy_i \, y_i = -\frac{1}{y_c} \, y_c = -1,$$
#
# so each $dz_j = y_j \, (dy_j + 1)$. Where $j \ne c$ that is $y_j$. Where $j = c$ it is
# $y_c (-1/y_c + 1) = y_c - 1$. Together
#
# $$dz_j = y_j - 1[j = c].$$
#
# The division by $y_c$ has met the factor $y_c$ of softmax and both are gone. The logarithm undoes the
# exponential, as one sees at once from $-\log y_c = \log \sum_k e^{z_k} - z_c$, whose derivative has
# the softmax from the first term and the indicator from the second.
#
# In numbers: whatever `delta` passes down, times $N$ for the mean, taken off the softmax, should leave
# the indicator.

# %% id="collapse"
dx = gradient_of_scores(layers.CrossEntropy(), x, labels)
left = layers.softmax(x) - len(x) * dx
for label, row in zip(labels, np.abs(left.round(12)), strict=True):  # abs: no -0
    print(f"right class {label}: softmax minus gradient = {row}")

print()
errors = grad_check_sparse(loss_of_scores(layers.CrossEntropy(), labels), x, dx, 5, rng=rng)

# %% [markdown] id="confident-text"
# The short form is more than a convenience. Let the right class fall behind the other of two classes:
# with cross-entropy, the gradient of its score goes to $-1$, and learning goes on. With the squared error
# the factor $y$ of softmax stays, and a network that is *surely wrong* hardly learns. Much further down
# the loss in two steps ends altogether: $y_c$ is 0 to the machine, $-1/y_c$ is no number, and
# `CrossEntropy` says so. The short form knows no such place.

# %% id="confident"
gaps = np.linspace(-12, 12, 97)
pairs = np.stack([gaps, np.zeros_like(gaps)], axis=1)
right = np.zeros(len(gaps), dtype=int)
with_cross_entropy = len(gaps) * gradient_of_scores(layers.CrossEntropy(), pairs, right)[:, 0]
with_squared_error = len(gaps) * gradient_of_scores(layers.SquaredError(), pairs, right)[:, 0]
print(f"12 behind: {with_cross_entropy[0]:.6f} and {with_squared_error[0]:.6f}")
try:
    gradient_of_scores(layers.CrossEntropy(), np.array([[-800.0, 0.0]]), np.array([0]))
except ValueError as error:
    print("800 behind:", error)


# %% id="confident-picture"
def draw_gradients():
    picture = Picture(
        "The gradient of the right score against its lead over the other. Far behind, that of "
        "cross-entropy goes to -1, and that of the squared error to 0; far ahead, both go to 0.",
        figsize=(7, 3.6),
    )
    axis = picture.subplots()
    axis.plot(gaps, with_cross_entropy, "-", color=BLUE, label="cross-entropy")
    axis.plot(gaps, with_squared_error, "--", color=ORANGE, label="squared error")
    axis.set_xlabel("score of the right class minus the other score")
    axis.set_ylabel("gradient of the right score")
    axis.grid(alpha=0.3)
    axis.legend()
    return picture


draw_gradients()

# %% [markdown] id="own-text"
# ## Below a loss of your own
#
# A loss is any class with these two methods. `delta` is the derivative by $y$ *alone*: treat the $y_{ij}$
# as free numbers, and leave the fact that they sum to 1 to softmax, which knows.
#
# Two examples. The first is a squared error that looks at the right class only,
# $\frac1N \sum_i (y_{i c_i} - 1)^2$. In the second, each kind of mistake has a price $K$: who takes a cat for a
# dog pays less than who takes it for a truck. The loss is the price to be expected,
# $\frac1N \sum_i \sum_j y_{ij} \, K_{c_i j}$.
#
# Now change `MyLoss` into a loss of your own, say $\frac1N \sum_i (1 - y_{i c_i})^3$, and see whether the
# check agrees with your derivative.


# %% id="own-loss"
class RightClassOnly:
    """The squared distance of the right class from 1, a mean over the examples."""

    def compute(self, y_pred, y_true):
        return float(np.mean((y_pred[np.arange(len(y_true)), y_true] - 1) ** 2))

    def delta(self, y_pred, y_true):
        rows = np.arange(len(y_true))
        dy = np.zeros_like(y_pred)
        dy[rows, y_true] = 2 * (y_pred[rows, y_true] - 1) / len(y_true)
        return dy


class MyLoss:
    """The price to be expected, where a class j taken for the right class c costs price[c, j]."""

    price = np.array([[0, 1, 5, 5], [1, 0, 5, 5], [9, 9, 0, 1], [9, 9, 1, 0]])

    def compute(self, y_pred, y_true):
        return float(np.sum(y_pred * self.price[y_true]) / len(y_true))

    def delta(self, y_pred, y_true):
        return self.price[y_true] / len(y_true)


# %% id="own-loss-check"
for loss in (RightClassOnly(), MyLoss()):
    print(type(loss).__name__)
    dx = gradient_of_scores(loss, x, labels)
    grad_check_sparse(loss_of_scores(loss, labels), x, dx, 3, rng=rng)
    numerical = eval_numerical_gradient_array(loss_of_scores(loss, labels), x, 1.0)
    print(f"all entries: relative error {rel_error(numerical, dx):.1e}\n")

# %% [markdown] id="gallery-text"
# ## A gallery of bugs
#
# All of the following has been offered in public as softmax or its derivative; the code here is
# written anew. For each: the code, what the gradient check reads, and what the wrong answer *equals*.
# The last is the useful part. A wrong number that equals something says which thought was left out.
#
# Softmax itself is scipy's here, so that no fault but the one on show has a part in it. Read each piece
# of code, and guess, before you go on.

# %% [markdown] id="bug-1-text"
# ### 1. One line, on paper
#
# With $e = e^{x_i}$, and `others` the sum of all the other exponentials, softmax is
# $e / (e + \mathrm{others})$, and its derivative by $x_i$ can be brought into the form below. It was said to be
# "about 1 %" off.


# %% id="bug-1"
def derivative_in_one_line(x):
    e = np.exp(x)
    others = np.sum(e) - e
    return 1 / (2 + e / others + others / e)


x1 = np.array([1.0, 2.0, 0.0, 3.0, 2.5])
dy1 = np.array([1.0, -2.0, 0.5, 0.3, 1.0])
numerical = eval_numerical_gradient_array(scipy.special.softmax, x1, dy1)
print("numerical     ", numerical)
print("in one line   ", dy1 * derivative_in_one_line(x1))
print(f"relative error {rel_error(numerical, dy1 * derivative_in_one_line(x1)):.2f}")

# %% [markdown] id="bug-1-reason-text"
# It is not off by 1 %. It is exact, for one thing: write $a$ for `e` and $b$ for `others`, then
#
# $$\frac{1}{2 + a/b + b/a} = \frac{ab}{2ab + a^2 + b^2} = \frac{a}{a + b} \cdot \frac{b}{a + b} = p_i (1 - p_i),$$
#
# which is the *diagonal* of the Jacobian. Who moves $x_i$ and looks at $y_i$ only will find it right. The
# $n^2 - n$ other derivatives are forgotten: as if softmax, like tanh, worked on each score by itself.

# %% id="bug-1-reason"
p1 = scipy.special.softmax(x1)
J1 = numerical_jacobian(scipy.special.softmax, x1)
one_line = derivative_in_one_line(x1)
print(f"against p (1 - p):             {rel_error(one_line, p1 * (1 - p1)):.1e}")
print(f"against the diagonal of J:     {rel_error(one_line, np.diag(J1)):.1e}")
assert rel_error(one_line, p1 * (1 - p1)) < 1e-12
assert rel_error(one_line, np.diag(J1)) < 1e-7

# %% [markdown] id="bug-2-text"
# ### 2. Two loops over the others
#
# The other half of the quotient rule: a score in the denominator gives $-e^{x_i} e^{x_j} / \mathrm{denom}^2$. So
# loop over all the others, and add up.


# %% id="bug-2"
def derivative_by_the_others(x):
    denom = np.sum(np.exp(x))
    slope = np.zeros_like(x)
    for i in range(len(x)):
        others = 0.0
        for j in range(len(x)):
            if x[j] != x[i]:
                others += np.exp(x[j])
        slope[i] = -np.exp(x[i]) / denom**2 * others
    return slope


numerical = eval_numerical_gradient_array(scipy.special.softmax, x1, dy1)
print("numerical     ", numerical)
print("by the others ", dy1 * derivative_by_the_others(x1))
print(f"relative error {rel_error(numerical, dy1 * derivative_by_the_others(x1)):.2f}")

# %% [markdown] id="bug-2-reason-text"
# Row $i$ of the Jacobian has $-p_i p_j$ beside the diagonal. This code adds those up, into one number where
# a row of numbers was asked for:
#
# $$\sum_{j \ne i} -p_i p_j = -p_i (1 - p_i),$$
#
# minus the diagonal, since a row sums to zero. So it is number 1 again with its sign turned: a loss would
# climb. A relative error of exactly 1, as it shows below in every entry, is the mark of a wrong sign (or of
# a zero).
#
# And there is a second fault that no check on random scores will find. `x[j] != x[i]` compares *values*
# where places were meant, so that equal scores skip each other. A probability that is there $k$ times then
# gives $-p_i (1 - k \, p_i)$. Checks are good at what they are shown: show them ties.

# %% id="bug-2-reason"
by_others = derivative_by_the_others(x1)
for ours, truth in zip(by_others, np.diag(J1), strict=True):
    print(f"{ours: .8f} against the diagonal's {truth: .8f}: {rel_error(ours, truth):.2f}")
print(f"against -p (1 - p):            {rel_error(by_others, -p1 * (1 - p1)):.1e}")
assert rel_error(by_others, -p1 * (1 - p1)) < 1e-12

ties = np.array([1.0, 2.0, 2.0, 2.0])
p_ties = scipy.special.softmax(ties)
k = np.array([1, 3, 3, 3])
by_others = derivative_by_the_others(ties)
print(f"with ties, against -p (1 - p):   {rel_error(by_others, -p_ties * (1 - p_ties)):.1e}")
print(f"with ties, against -p (1 - k p): {rel_error(by_others, -p_ties * (1 - k * p_ties)):.1e}")
assert rel_error(by_others, -p_ties * (1 - k * p_ties)) < 1e-12

# %% id="bugs-1-2-picture"
draw_matrices(
    {
        "the Jacobian": J1,
        "1. in one line": np.diag(one_line),
        "2. by the others": np.diag(derivative_by_the_others(x1)),
    },
    "Three tables of derivatives. The Jacobian has negative entries beside its positive diagonal. "
    "The first attempt has the same diagonal and zeros beside it, the second minus that diagonal.",
)

# %% [markdown] id="bug-3-text"
# ### 3. The formula as it stands
#
# $e^{x_i} / \sum_k e^{x_k}$, typed as it is printed. Its derivative is no problem: we use yours, and the check
# compares it with differences of the same code, once at small scores and once at the same scores, 1000
# higher.


# %% id="bug-3"
def softmax_as_printed(x):
    return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)


def error_of_gradient(softmax, x, dy):
    """What a gradient check reads that has no other softmax to compare with."""
    numerical = eval_numerical_gradient_array(softmax, x, dy)
    return rel_error(numerical, layers.softmax_backward(dy, softmax(x)))


with np.errstate(all="ignore"):  # numpy warns of each, once
    for shift in (0, 1000, -1000):
        error = error_of_gradient(softmax_as_printed, x1 + shift, dy1)
        print(f"scores {shift:+5}: relative error {error:.1e}", softmax_as_printed(x1 + shift))

# %% [markdown] id="bug-3-reason-text"
# At small scores it passes; it is not wrong as a formula. A float64 ends at $1.8 \cdot 10^{308}$, the
# exponential of 709.78 (a float32 at 88.72). Above it, $e^{x_i}$ is infinite, and so is the sum: where the
# score itself is above, the answer is $\infty / \infty$, not a number; where it is below, a finite number over
# $\infty$, zero. Far below zero every exponential is 0, and the answer is $0 / 0$.
#
# `nan` is what the check reads then, and a comparison like `error > 1e-7` is *false* for nan: write
# `not error <= 1e-7`.

# %% id="bug-3-reason"
edge = np.log(np.finfo(np.float64).max)
print(f"the largest float64 is e to the {edge:.2f}")
with np.errstate(all="ignore"):
    print("just below the edge:", softmax_as_printed(np.array([edge - 1, 0.0])))
    above = softmax_as_printed(np.array([edge + 1, 0.0]))
    print("just above the edge:", above)
    error = error_of_gradient(softmax_as_printed, x1 + 1000, dy1)
assert np.isnan(above[0]) and above[1] == 0
print(f"error > 1e-7 is {error > 1e-7}, not error <= 1e-7 is {not error <= 1e-7}")

# %% [markdown] id="bug-4-text"
# ### 4. The largest score of the whole batch
#
# So the largest score is taken off, as one should, but `np.max(z)` of a batch is *one* number, the
# largest of all rows. The batch below has two rows; the first lies at some distance under the second.


# %% id="bug-4"
def softmax_of_batch(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e, axis=-1, keepdims=True)


def two_rows(distance, dtype=np.float64):
    """A row near 0, and one that lies `distance` higher."""
    return np.array([[0.3, -0.5, 0.0], [distance, distance - 0.4, distance - 1.0]], dtype)


dy4 = np.array([[1.0, -2.0, 0.5], [0.3, 1.0, -1.0]])
with np.errstate(all="ignore"):
    for distance in (0, 100, 700, 720, 740, 746):
        error = error_of_gradient(softmax_of_batch, two_rows(distance), dy4)
        low = softmax_of_batch(two_rows(distance))[0]
        print(f"distance {distance:3}: relative error {error:.1e}, low row", low)
print("the truth:                                low row", scipy.special.softmax(two_rows(0)[0]))

# %% [markdown] id="bug-4-reason-text"
# Any $m$ is right on paper. In floats, a row that lies 745 under the largest of the batch has nothing but
# $e^{-745}$ and less, and below $5 \cdot 10^{-324}$ a float64 is zero: $0 / 0$. A little before that the numbers
# become coarse, multiples of $5 \cdot 10^{-324}$, and the softmax of that row loses its digits one by one. The
# row's own largest score keeps a 1 in every sum. In float32 it happens at 104.
#
# (That the check reads 1e-6 and not 1e-10 at a distance of 700 is its own doing: its step $h$ is a part of
# the score it moves, and grows with it.)

# %% id="bug-4-reason"
with np.errstate(all="ignore"):
    print(f"the smallest float64 is {np.finfo(np.float64).smallest_subnormal:.0e}")
    print(f"e^-745 is {np.exp(-745.0):.0e}, e^-746 is {np.exp(-746.0):.0e}")
    z = two_rows(746.0)
    assert not np.exp(z - np.max(z))[0].any()
    assert np.isnan(softmax_of_batch(z)[0]).all()
    assert not np.isnan(softmax_of_batch(z)[1]).any()


def low_row_error(distance, dtype):
    z = two_rows(distance, dtype)
    with np.errstate(all="ignore"):
        return rel_error(softmax_of_batch(z)[0], scipy.special.softmax(np.float64(z[0])))


# %% id="bug-4-picture"
def draw_digits_lost():
    picture = Picture(
        "The relative error of softmax in a row against its distance below the largest score of "
        "the batch. In float32 it rises from about 88 on, up to 104; in float64 from about 709 on, "
        "up to 745. Beyond there is no number.",
        figsize=(8, 3.6),
    )
    axis = picture.subplots()
    for dtype, end, colour, style in (
        (np.float64, 760, BLUE, "-"),
        (np.float32, 115, ORANGE, "--"),
    ):
        errors = np.array([low_row_error(distance, dtype) for distance in range(end)])
        axis.semilogy(np.maximum(errors, 1e-17), style, color=colour, label=dtype.__name__)
        last = np.flatnonzero(~np.isnan(errors))[-1]
        axis.plot(last, errors[last], "x", color=colour, markersize=9)
        axis.text(last - 8, 3 * errors[last], "0 / 0 from here", ha="right", color=colour)
    axis.set_xlabel("distance of the row below the largest score of the batch")
    axis.set_ylabel("relative error of its softmax")
    axis.set_ylim(1e-17, 100)
    axis.grid(alpha=0.3)
    axis.legend(loc="center")
    return picture


draw_digits_lost()

# %% [markdown] id="bug-5-text"
# ### 5. In blocks of eight
#
# A processor can multiply eight floats in one instruction. This was written for that: it makes a row of the
# Jacobian, then goes along it in blocks of eight and adds up the products with the incoming gradient in
# eight lanes, which are summed at the end. It was reported as many times faster than the plain loop. Here it
# is in numpy, on the rows of your `softmax_jacobian`.


# %% id="bug-5"
def backward_in_blocks(dy, y):
    dx = np.zeros_like(y)
    for i, row in enumerate(layers.softmax_jacobian(y)):
        lanes = np.zeros(8, y.dtype)
        for start in range(0, len(y), 8):
            lanes += row[start : start + 8] * dy[:8]
        dx[i] = np.sum(lanes)
    return dx


for n in (8, 16, 64):
    rng = np.random.default_rng(n)
    z, dy = rng.standard_normal(n), rng.standard_normal(n)
    in_blocks = backward_in_blocks(dy, scipy.special.softmax(z))
    print(f"n = {n}")
    grad_check_sparse(
        lambda z: float(dy @ scipy.special.softmax(z)), z, in_blocks, num_checks=3, rng=rng
    )
    error = rel_error(eval_numerical_gradient_array(scipy.special.softmax, z, dy), in_blocks)
    print(f"all entries: relative error {error:.1e}\n")
    assert error < 1e-6 if n == 8 else error > 0.1

# %% [markdown] id="bug-5-reason-text"
# `row` moves along with `start`, and `dy` stays: each block of the row is multiplied with the *first* eight
# entries of `dy`. So this is the right answer for another incoming gradient, one that repeats its first
# eight entries for ever. At $n = 8$ there is one block, and nothing is wrong; a test at the size of the block
# passes.
#
# It is also the wrong thing to make fast: this works on $n^2$ pairs, where your `softmax_backward` works on
# $n$ entries. No instruction makes up for that, and the picture above says what it costs.

# %% id="bug-5-reason"
for n in (8, 16, 64):
    rng = np.random.default_rng(n)
    z, dy = rng.standard_normal(n), rng.standard_normal(n)
    repeated = np.tile(dy[:8], n // 8)
    in_blocks = backward_in_blocks(dy, scipy.special.softmax(z))
    explained = eval_numerical_gradient_array(scipy.special.softmax, z, repeated)
    error = rel_error(in_blocks, explained)
    print(f"n = {n:<3} against the gradient of a repeated dy: {error:.1e}")
    np.testing.assert_allclose(in_blocks, explained, atol=1e-8)

# %% [markdown] id="gallery-end"
# ### What the gallery teaches
#
# | attempt | equals | where a check passes all the same |
# |---|---|---|
# | 1. in one line | $p_i (1 - p_i)$, the diagonal | where only $\partial y_i / \partial x_i$ is looked at |
# | 2. by the others | $-p_i (1 - p_i)$; with ties $-p_i (1 - k \, p_i)$ | nowhere; but its second fault shows at ties only |
# | 3. as printed | $\infty / \infty$ above 709.78 | at small scores |
# | 4. maximum of the batch | $0 / 0$ in rows 745 below | where all rows are of a size |
# | 5. in blocks of eight | the answer for `dy[:8]`, repeated | at $n = 8$ |
#
# Only the first two are wrong everywhere. So check a gradient with an incoming $dy$ of many different
# entries, at more than one $n$, on a batch whose rows differ in size, with ties, and at scores of a thousand.

# %% [markdown] id="question-3"
# **Question 3.** A test of `softmax_backward` uses one row, $n = 8$, random scores between $-1$ and 1, and a
# random $dy$. Which three of the five pass it? Change the test so that none does.
#
# *Your answer:*

# %% [markdown] id="names-text"
# ## What others call it
#
# You will meet the same few things under many names.
#
# | name elsewhere | name here | why |
# |---|---|---|
# | `forward(x)` | `compute(x)` | the value |
# | `backward(x, probs, err)`, a loop over the columns of a Jacobian | `delta(x, dy)` | `err` is our `dy`; `probs` follows from `x`; right, but the Jacobian is formed |
# | `activation.delta(x, cost.delta(yact, ycost, ytrue))` | `activation.delta(x, loss.delta(y, target))` | the same chain; no derivative needs `ycost`, the value of the loss |
# | three steps on one array: $dx = y \, dy$, then $s = \sum dx$, then $dx - y \, s$ | `softmax_backward(dy, y)` | right: the factor $y$ is multiplied in first and not last |
# | two loops, with an `if i == j` | `softmax_jacobian_naive(y)` | the `if` is the indicator $1[i = j]$ |
# | `diagflat` and `outer` of one `s`; `einsum` for a batch | `softmax_jacobian(y)` | $\mathrm{diag}(y) - y \, y^T$, where `s` is our `y`; one function does both |
# | `probs`, `s`, `a`, `yact` | `y` | what softmax gave |
# | `err`, `dout`, `grad_output`, "upstream" | `dy` | the gradient of the loss by `y` |
# | `logits`, `x`, `a` | `z`, scores | what softmax is given; `x` where any activation is meant |
# | mean squared error on the right class, $\frac1N \sum_i (p_{i c_i} - 1)^2$ | `RightClassOnly`, above | right, and not `SquaredError`, which counts the other classes too |
# | mean squared error as a mean over all entries | `SquaredError` divided by $C$ | ours is a mean over examples and a sum over classes |
# | `softmax_loss_naive` with `W (C, D)` and `X (D, N)` | `softmax_loss_naive(W, X, y, reg)` of notebook 1 | columns for rows: it takes both layouts and returns `dW` in that of `W` |
#
# ## Where to go from here
#
# `layers.py` has more activations: `Identity`, `Sigmoid`, `Tanh` and `ReLU`. Each goes below each loss with the
# same line, where the loss is defined for its values. Try your own loss above a tanh.
