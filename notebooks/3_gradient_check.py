# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # 3. Checking a gradient
#
# A derivative is a limit of differences, so a machine can compute it without any formula, and hold
# yours against it. In the notebooks before, the check was given. Here you see how good it can be,
# how it deceives, and what a verdict says.
#
# You write one function in `gradient_check.py`:
#
# * `eval_numerical_gradient(f, x)`
#
# As before: edit the file, save it, and run a cell here again. `check(...)` says of it whether it is
# unfinished, wrong or right. Nothing else here needs it, so you may read on first.

# %% id="setup"
import sys
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents]
root = str(next(folder for folder in folders if (folder / "classifiers").is_dir()))
if sys.path[0] != root:
    sys.path.insert(0, root)

# %reload_ext autoreload
# %autoreload 2

import numpy as np
from scipy.special import expit, log_softmax

from gradient_check import (
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    grad_check_sparse,
    gradient_check,
    rel_error,
)
from grading.check import check
from vis_utils import BLUE, GREY, ORANGE, Picture

# %% [markdown] id="difference-text"
# ## What a derivative is, computed
#
# Take one function of one number, $f(x) = \log(1 + e^x)$. It is the softmax loss of an example with two
# classes, where the right class lies $x$ behind the other; its derivative is the probability of the
# wrong class, $p = 1 / (1 + e^{-x})$. The limit
#
# $$f'(x) = \lim_{h \to 0} \frac{f(x + h) - f(x)}{h}$$
#
# cannot be taken by a machine, but $h$ can be small. How small? Two errors are at work.
#
# *Truncation.* $f$ is bent, and the difference is the slope of a straight line. By Taylor's series
#
# $$\text{one-sided:} \quad \frac{f(x + h) - f(x)}{h} = f'(x) + \frac{h}{2} f''(x) + \dots$$
#
# $$\text{central:} \quad \frac{f(x + h) - f(x - h)}{2h} = f'(x) + \frac{h^2}{6} f'''(x) + \dots$$
#
# In the central difference the term with $f''$ is the same on both sides, and drops out. For one more
# value of $f$ it has an error of $h^2$ in place of $h$. Both become better as $h$ shrinks.
#
# *Round-off.* A float has a last digit. The machine has $f$ to about $\varepsilon |f|$, where
# $\varepsilon$ is $1.2 \cdot 10^{-7}$ in float32 and $2.2 \cdot 10^{-16}$ in float64. That error stays as it
# is while the difference shrinks, and is divided by $h$: $\varepsilon / h$ becomes worse as $h$ shrinks.
#
# Below, $f'$ at 50 places between 1 and 2 by steps from 1 down to a few $\varepsilon$, and the typical
# relative error against $p$. The central difference is that of `eval_numerical_gradient_array(f, x, df, h)`
# which you know from notebook 2.


# %% id="difference"
def one_example(x):
    """The loss of an example whose right class of two lies x behind; works on each entry of x."""
    return np.log(1 + np.exp(x))


def one_sided(f, x, h):
    ahead = x + x.dtype.type(h)
    return (f(ahead) - f(x)) / (ahead - x)  # the step as it is after rounding, not as it should be


def central(f, x, h):
    return eval_numerical_gradient_array(f, x, np.ones_like(x), h)


def typical_error(slope, x):
    """The root of the mean square of the relative error of slope, which should be f'(x)."""
    truth = expit(x.astype(np.float64))
    return np.sqrt(np.mean((slope / truth - 1) ** 2))


dtypes = (np.float32, np.float64)
steps, errors = {}, {}
for dtype in dtypes:
    x = np.linspace(1, 2, 50, dtype=dtype)
    eps = np.finfo(dtype).eps
    steps[dtype] = h = np.geomspace(8 * eps, 1, 60)
    for formula in (one_sided, central):
        found = [typical_error(formula(one_example, x, step), x) for step in h]
        errors[dtype, formula] = np.array(found)
        print(
            f"{dtype.__name__}, {formula.__name__:<9}: best is {min(found):.0e} "
            f"at h = {h[np.argmin(found)]:.0e}; "
            f"at h = 1e-5 it is {typical_error(formula(one_example, x, 1e-5), x):.0e}"
        )


# %% id="difference-picture"
def mark(axis, x, height, text, colour, style="-", top=1.0):
    """An upright line at x up to the top, with a text beside it; heights as parts of the picture."""
    axis.axvline(x, 0, top, color=colour, linewidth=1, linestyle=style)
    axis.text(x, height, text, color=colour, transform=axis.get_xaxis_transform())


def draw_vs():
    best = {key: (steps[key[0]][np.argmin(e)], e.min()) for key, e in errors.items()}
    told = [
        f"{formula.__name__} in {dtype.__name__} is lowest, {error:.0e}, at a step of {h:.0e}"
        for (dtype, formula), (h, error) in best.items()
    ]
    picture = Picture(
        "The error of a difference against its step, both axes logarithmic, in float32 and in "
        "float64. Each curve is a V: on the left it falls with eps over h, on the right the "
        f"one-sided one rises with h and the central one with h squared. {'; '.join(told)}.",
        figsize=(11, 4.4),
    )
    p = expit(np.linspace(1, 2, 50))
    bent = np.sqrt(np.mean((1 - p) ** 2)) / 2  # f'' / 2f'
    twisted = np.sqrt(np.mean(((1 - p) * (1 - 2 * p)) ** 2)) / 6  # f''' / 6f'
    for axis, dtype in zip(picture.subplots(1, 2), dtypes, strict=True):
        h, eps = steps[dtype], np.finfo(dtype).eps
        for theory, style in ((eps / h, ":"), (bent * h, "--"), (twisted * h**2, "-.")):
            axis.loglog(h, theory, style, color=GREY, linewidth=1)
        for formula, colour, marker, power in (
            (one_sided, ORANGE, "^", 2),
            (central, BLUE, "o", 3),
        ):
            name = formula.__name__.replace("_", "-")
            axis.loglog(h, errors[dtype, formula], marker, color=colour, markersize=4, label=name)
            mark(axis, eps ** (1 / power), 0.93, rf" $\varepsilon^{{1/{power}}}$", colour)
        mark(axis, 1e-5, 0.84, " 1e-5", "black", ":", top=0.9)
        axis.set_ylim(eps ** (2 / 3) / 30, 9)
        axis.set_xlabel("step h")
        axis.set_title(dtype.__name__, fontsize=10)
        axis.grid(alpha=0.3)
    picture.axes[0].set_ylabel("typical relative error")
    picture.axes[1].legend(loc="lower left")
    return picture


draw_vs()

# %% [markdown] id="difference-reading"
# The dotted line is $\varepsilon / h$, the dashed one is $h f'' / 2$ and the other $h^2 f''' / 6$, all over
# $f'$. The sum of the two errors is smallest about where they are equal, and that gives the best step
# and what it can reach:
#
# | difference | two errors | best $h$ | error there | float32 | float64 |
# |---|---|---|---|---|---|
# | one-sided | $\varepsilon / h$ and $h$ | $\varepsilon^{1/2}$ | $\varepsilon^{1/2}$ | 3e-4 | 1e-8 |
# | central | $\varepsilon / h$ and $h^2$ | $\varepsilon^{1/3}$ | $\varepsilon^{2/3}$ | 2e-5 | 4e-11 |
#
# So there is no step for all floats: one that is right for float64 is on the wrong side of the V in
# float32. The course's $10^{-5}$, the dotted mark, is such a step.
#
# The marks are for an $f$ and an $x$ near 1. What counts is the length over which $f$ bends. Often that grows
# with $x$, so a step is taken as $\varepsilon^{1/3} \max(1, |x|)$.

# %% [markdown] id="question-1"
# **Question 1.** float16 has an $\varepsilon$ of about $10^{-3}$. What step would you take in it, and how
# many digits does the best central difference have? Would you check a gradient in float16?
#
# *Your answer:*

# %% [markdown] id="better-text"
# ## Better than central
#
# **Richardson.** Two central differences, by $h$ and by $h/2$, have errors of $c h^2$ and $c h^2 / 4$, with the
# same $c$. So one can take the error off without knowing it:
#
# $$\frac{4 D(h/2) - D(h)}{3} = f'(x) + O(h^4).$$
#
# It takes four values of $f$, allows steps of $\varepsilon^{1/5}$, and has two more digits there.
#
# **Complex.** Where the code of $f$ takes complex numbers, step sideways:
#
# $$f(x + ih) = f(x) + ih f'(x) - \frac{h^2}{2} f''(x) - \dots, \qquad
# f'(x) = \frac{\operatorname{Im} f(x + ih)}{h} + O(h^2).$$
#
# Here is no difference at all, so no digits are lost in one. $h$ may be so small that $h^2$ is nothing.


# %% id="better"
def richardson(f, x, h):
    return (4 * central(f, x, h / 2) - central(f, x, h)) / 3


def complex_step(f, x, h):
    return np.imag(f(x + 1j * h)) / h


x = np.linspace(1, 2, 50)
ways = {
    "central": (central, np.geomspace(1e-15, 1, 60)),
    "Richardson": (richardson, np.geomspace(1e-14, 1, 60)),
    "complex": (complex_step, np.geomspace(1e-24, 1, 80)),
}
curves = {}
for name, (formula, h) in ways.items():
    found = np.array([typical_error(formula(one_example, x, step), x) for step in h])
    curves[name] = h, found
    print(f"{name:<10} best is {found.min():.0e}, first reached at h = {h[np.argmin(found)]:.0e}")


# %% id="better-picture"
def draw_better():
    lowest = [f"{name} {found.min():.0e}" for name, (_, found) in curves.items()]
    picture = Picture(
        "The error of three formulas against the step in float64, both axes logarithmic. Central "
        "and Richardson are Vs, the second lower and with its bottom at longer steps. The complex "
        "step falls with h squared and then stays at the last digit however short the step is. "
        f"Lowest errors: {', '.join(lowest)}.",
        figsize=(8, 4),
    )
    axis = picture.subplots()
    styles = ((BLUE, "o"), (ORANGE, "^"), ("black", "."))
    for (name, (h, found)), (colour, marker) in zip(curves.items(), styles, strict=True):
        axis.loglog(h, found, marker, color=colour, markersize=4, label=name)
    axis.axhline(np.finfo(np.float64).eps, color=GREY, linewidth=1)
    axis.text(1e-24, 1.4 * np.finfo(np.float64).eps, r"$\varepsilon$", color=GREY)
    axis.set_ylim(3e-17, 3)
    axis.set_xlabel("step h")
    axis.set_ylabel("typical relative error")
    axis.grid(alpha=0.3)
    axis.legend(loc="upper left")
    return picture


draw_better()

# %% [markdown] id="better-reading"
# The complex step is exact to the last digit, and no choice is left to make. It has a price: $f$ must be
# written for it. An absolute value, a cast to float or a kernel in C drops the imaginary part, and the
# answer is then 0, mostly without a word. So it serves here to give true gradients, where we know
# $f$; a check for everyone's $f$ goes by real steps.

# %% id="complex-trap"
for f in (np.square, np.sqrt, np.abs):
    print(f"{f.__name__:<9} at 3: complex step {complex_step(f, 3.0, 1e-20):.6f}")

# %% [markdown] id="exercise-text"
# ## Write it
#
# A gradient is a derivative for each entry: all others stay, and one moves. For an array $x$ of any
# shape, with $e_i$ that is 1 at entry $i$ and 0 elsewhere,
#
# $$g_i = \frac{f(x + h e_i) - f(x - h e_i)}{2h}, \qquad h = \varepsilon^{1/3} \max(1, |x_i|) \text{ unless given}.$$
#
# Three things to mind, and the check looks at each.
#
# *The $\varepsilon$ is that of $x$'s dtype.* You saw why.
#
# *$2h$ is not what you think.* $x_i + h$ is rounded to a float; so is $x_i - h$. Divide by what they are
# apart, not by what they should be.
#
# *$x$ belongs to the caller.* The course's version moves an entry of $x$ itself and puts it back
# afterwards. If `f` raises in between, it is never put back. And what if `f` writes into what it
# is given?
#
# Write `eval_numerical_gradient` now.

# %% id="check-numerical"
check(eval_numerical_gradient)

# %% id="width"
for dtype in dtypes:
    x_i, h = dtype(1.5), dtype(1e-5)
    apart = (x_i + h) - (x_i - h)
    print(f"{dtype.__name__}: steps of 1e-5 up and down from {x_i} are {apart:.6e} apart")

# %% [markdown] id="loss-text"
# Now for a loss with a matrix of weights: the softmax loss of notebook 1, by scipy, with a 1 for the right
# class in each row of $Y$. Its true gradient comes from complex steps, one for each weight: no formula, and
# all digits right. Your function should agree in float64 to about $10^{-10}$. (Until it is written, the
# cell after the next says so.)


# %% id="loss"
def softmax_loss(W, X, Y, reg=0.0):
    data_part = np.sum(Y * log_softmax(X @ W, axis=1)) / -len(X)
    return data_part + reg / 2 * np.sum(W**2)


def true_gradient(f, W):
    """The gradient of f at W by complex steps, where f takes complex numbers."""
    sides = np.eye(W.size).reshape(-1, *W.shape)
    slopes = [np.imag(f(W + 1e-20j * side)) / 1e-20 for side in sides]
    return np.reshape(slopes, W.shape)


rng = np.random.default_rng(0)
X = rng.standard_normal((50, 8))
Y = np.eye(4)[rng.integers(4, size=len(X))]
W = rng.standard_normal((8, 4))


# %% id="yours"
def distance(gradient, truth):
    """How far a gradient is from the true one, as a part of its length."""
    return np.linalg.norm(gradient - truth) / np.linalg.norm(truth)


truth = true_gradient(lambda W: softmax_loss(W, X, Y), W)
W32, X32, Y32 = (array.astype(np.float32) for array in (W, X, Y))
try:
    yours = eval_numerical_gradient(lambda W: softmax_loss(W, X, Y), W)
    print(f"float64:           {distance(yours, truth):.0e}")
    yours = eval_numerical_gradient(lambda W: softmax_loss(W, X32, Y32), W32)
    print(f"float32:           {distance(yours, truth):.0e}")
    yours = eval_numerical_gradient(lambda W: softmax_loss(W, X32, Y32), W32, h=1e-5)
    print(f"float32, h = 1e-5: {distance(yours, truth):.0e}")
except NotImplementedError as unfinished:
    print(unfinished)

# %% [markdown] id="rel-error-text"
# ## One number for the difference
#
# Two gradients are compared entry by entry by their *relative error*, and the largest counts:
#
# $$\frac{|a - b|}{|a| + |b|}.$$
#
# It lies between 0 and 1, and the course's rule is: above $10^{-2}$ the gradient is wrong, $10^{-7}$ and
# below is fine. Look at what it says of some pairs. `rel_error` has $10^{-8}$ in place of a denominator that
# is smaller; the formula in the middle column has not.

# %% id="rel-error"
print("      a       b    as above   rel_error")
for a, b in ((0.0, 0.0), (1.0, 0.0), (1.0, -1.0), (1.0, 2.0), (1e-12, -1e-12)):
    with np.errstate(invalid="ignore"):
        as_above = np.abs(np.float64(a - b)) / (np.abs(a) + np.abs(b))
    print(f"{a:7.0e} {b:7.0e}  {as_above:10.2g}  {rel_error(a, b):10.2g}")

# %% [markdown] id="rel-error-reading"
# * **0 and 0** agree, and are 0/0. A pixel that is the same in all images has such gradients, once the
#   mean image is subtracted. And a `nan` is not
#   above any threshold: write `not error <= 1e-7`, as in notebook 2.
# * **1** is all it can say, both of a zero and of a wrong sign. It does not tell them apart.
# * **A small number over small numbers** is large, and with the $10^{-8}$ it is small whatever it is: the
#   last pair has opposite signs, and passes for 0.0002.
#
# The fourth trap is the thresholds. Below is the *true* gradient, rounded to the dtype, at four entries; then
# the worst of all entries, and the length of the difference as a part of the length of the gradient.

# %% id="float32"
cases = {
    "float32, h = 1e-5": (W32, X32, Y32, 1e-5),
    "float32, h from its eps": (W32, X32, Y32, None),
    "float64, h from its eps": (W, X, Y, None),
}
for name, (w, x, y, h) in cases.items():
    print(name)
    right = truth.astype(w.dtype)

    def f(w):
        return softmax_loss(w, x, y)

    grad_check_sparse(f, w, right, 4, h=h, rng=np.random.default_rng(1))
    numerical = eval_numerical_gradient_array(f, w, 1.0, h)
    whole = f"of the whole, {distance(numerical, right):.0e}"
    print(f"worst of all entries: {rel_error(numerical, right):.0e}; {whole}\n")

# %% [markdown] id="float32-reading"
# Nothing is wrong with this gradient. With the course's step it reads as wrong in float32, and even the
# best step does not come near $10^{-7}$: a central difference in float32 has $\varepsilon^{2/3}$, four or five
# digits. Small entries have fewer: the round-off is that of $f$, the same for every entry, and the
# smallest one looks worst. (A gradient with an entry near zero always has a bad one.)
#
# So a threshold means little without knowing what the check could have seen.

# %% [markdown] id="question-2"
# **Question 2.** A gradient check reads 0.33 in every entry. What is wrong with the gradient? And what
# would it read if the sum over 50 examples were not divided by 50?
#
# *Your answer:*

# %% [markdown] id="kink-text"
# ## Kinks
#
# The hinge $\max(0, m)$ of a support vector machine, and ReLU, have a kink at 0: the slope jumps from 0 to
# 1. A step across it takes a bit of each slope, and the difference lies between the two: it is neither.
#
# On the right below is a mean of 500 hinges, as the loss of 500 examples is one: each has its own margin
# $m_i + v_i t$, and $t$ moves all of them. Its slope is known, the mean of the $v_i$ whose hinge is open.


# %% id="kink"
def hinge(m):
    return np.maximum(0, m)


margins, speeds = rng.standard_normal((2, 500))


def mean_hinge(t):
    """The mean of the hinges at one t, or at each t of an array."""
    return np.mean(hinge(margins + speeds * t[..., np.newaxis]), axis=-1)


at_zero = np.zeros(1)
open_slope = np.mean(np.where(margins > 0, speeds, 0.0))
kinks = np.sort(np.abs(margins / speeds))  # how far away they are
print(f"the nearest kink is at a step of {kinks[0]:.1e}")
for h in (1e-5, 1e-3, 1e-2, 1e-1):
    error = abs(central(mean_hinge, at_zero, h)[0] / open_slope - 1)
    print(f"h = {h:.0e}: {np.sum(kinks < h):3} kinks crossed, relative error {error:.0e}")


# %% id="kink-picture"
def draw_kinks():
    picture = Picture(
        "Left, a hinge with a difference across its kink: the line through both ends has a slope "
        "between 0 and 1. Right, the error of the central difference of 500 hinges against the "
        "step, both axes logarithmic: it falls as the step grows, as round-off does, up to the "
        f"nearest kink at {kinks[0]:.0e}, and there jumps up to a few per cent and more.",
        figsize=(11, 4),
    )
    left, right = picture.subplots(1, 2)
    at, h = -0.2, 0.6
    ends = np.array([at - h, at + h])
    slope = central(hinge, np.array([at]), h)[0]
    m = np.linspace(-1.2, 1.2, 101)
    left.plot(m, hinge(m), color=BLUE, label="hinge")
    left.plot(ends, hinge(ends), "s--", color=ORANGE, label=f"difference: slope {slope:.2f}")
    left.plot(at, hinge(at), "o", color="black", label="x: slope 0")
    left.set_xlabel("m")
    left.legend()
    h = np.geomspace(1e-12, 1, 200)
    found = [abs(central(mean_hinge, at_zero, step)[0] / open_slope - 1) for step in h]
    right.loglog(h, np.maximum(found, 1e-17), ".", color=BLUE)
    mark(right, kinks[0], 0.4, " nearest kink", ORANGE)
    right.set_xlabel("step h")
    right.set_ylabel("relative error of the slope of 500 hinges")
    for axis in (left, right):
        axis.grid(alpha=0.3)
    return picture


draw_kinks()

# %% [markdown] id="kink-reading"
# Between the kinks the loss is straight, so there is no truncation and a short step costs nothing but
# digits. The step must be shorter than the way to the nearest kink; with more examples there are more
# kinks, and the nearest is nearer. So check such a loss on few examples, and look again at an entry that
# fails with another step: a wrong formula is wrong at any step.
#
# *On* a kink no step helps. There the slope is what you like it to be between the two; code takes
# one of them.

# %% [markdown] id="reg-text"
# ## Why a missing regulariser hides
#
# Someone forgets $\mathrm{reg}\, W$ in the gradient, and has the data part alone. The course compares
# the naive and the vectorized form at weights of about $10^{-4}$ with `reg = 5e-6`, on pixels of some $\pm 64$.
# Here is that scale, with 100 examples of 30 features in ten classes.

# %% id="reg"
pixels = 64 * rng.standard_normal((100, 30))
labels = np.eye(10)[rng.integers(10, size=len(pixels))]
weights = 1e-4 * rng.standard_normal((30, 10))


def loss_at(reg):
    return lambda W: softmax_loss(W, pixels, labels, reg)


forgetful = true_gradient(loss_at(0.0), weights)  # without reg * W, whatever reg is
equal_reg = np.linalg.norm(forgetful) / np.linalg.norm(weights)
for reg in (0.0, 5e-6, equal_reg):
    right = true_gradient(loss_at(reg), weights)
    numerical = eval_numerical_gradient_array(loss_at(reg), weights, 1.0)
    print(
        f"reg = {reg:<8.3g} the two differ by {np.linalg.norm(forgetful - right):f}; "
        f"distance {distance(forgetful, right):.0e}; "
        f"a check by differences reads {distance(numerical, forgetful):.0e}"
    )


# %% id="reg-picture"
def draw_reg():
    regs = np.geomspace(1e-8, 1e8, 65)
    seen = distance(eval_numerical_gradient_array(loss_at(0.0), weights, 1.0), forgetful)
    picture = Picture(
        "The error of a gradient without its regularisation against reg, both axes logarithmic. It "
        "rises in proportion to reg and levels off at 1. For weights near 1e-4 it is at "
        f"{5e-6 / equal_reg:.0e} where reg is 5e-6, below the error of the differences themselves, "
        f"{seen:.0e}; for weights near 1e-2 it is higher.",
        figsize=(8, 4.2),
    )
    axis = picture.subplots()
    for scale, colour, style in ((1, BLUE, "-"), (100, ORANGE, "--")):
        W = scale * weights
        data_part = true_gradient(loss_at(0.0), W)
        error = [distance(data_part, data_part + reg * W) for reg in regs]
        axis.loglog(regs, error, style, color=colour, label=f"weights near {scale * 1e-4:.0e}")
    axis.axhline(1e-7, color=GREY, linewidth=1)
    axis.text(0.1, 1.4e-7, "the course's threshold", color=GREY)
    axis.axhspan(1e-14, seen, color=GREY, alpha=0.2, linewidth=0)
    axis.text(1e-2, seen / 8, "below the error of the differences", color="black")
    for reg, name in ((5e-6, " 5e-6"), (equal_reg, " equal parts")):
        mark(axis, reg, 0.02, name, "black", ":")
    axis.set_ylim(1e-14, 5)
    axis.set_xlabel("reg")
    axis.set_ylabel("error of a gradient without reg W")
    axis.grid(alpha=0.3)
    axis.legend(loc="upper left")
    return picture


draw_reg()

# %% [markdown] id="reg-reading"
# At `reg = 5e-6` the forgotten part is less than a billionth of the other. It is below the error of
# differences by the usual step (here 2e-8, as pixels of 64 bend the loss over shorter lengths), and two
# gradients subtracted and printed to six places are equal. That is not carelessness. A part of a sum can only be checked where it is a part worth speaking of.
#
# Hence the rule of notebook 1: check twice, at `reg = 0` and where both parts are of the same size,
# $\mathrm{reg} = |\text{data part}| / |W|$. The same holds for any sum: a loss with a penalty, a network with
# a term beside the main one. Check each part where it speaks.

# %% [markdown] id="question-3"
# **Question 3.** A gradient has $2\, \mathrm{reg}\, W$ where it should have $\mathrm{reg}\, W$. What does the
# check read at `reg = 0`, at 5e-6, and where both parts are equal? Why is the check at `reg = 0` needed at all?
#
# *Your answer:*

# %% [markdown] id="verdict-text"
# ## Reading a verdict
#
# `gradient_check(f, x, gradient)` does all this. It finds out how noisy $f$ is, looks for a step at each
# slope, takes Richardson's formula, and gives every slope a *budget*: what round-off and truncation
# explain. An error within it is none; beyond it the gradient is wrong. So no threshold is left to choose.
#
# It goes along single entries, all of them if there are few, and along some directions through all of them
# at once, where an error in any entry shows. What it returns is a record:
#
# | field | what it is |
# |---|---|
# | `ok` | whether the gradient is right |
# | `max_error` | the relative error of the worst slope |
# | `worst` | that slope: its entry, `numerical`, `analytic`, `budget` |
# | `resolution` | the smallest relative error that it would have seen |
# | `checks` | all of the slopes |
#
# Printed, it says what is known in words. In a test write `assert check.ok, check`. Now some gradients of one
# loss, with `reg = 0.1`. Read the last line of each first: how fine was the check?


# %% id="verdict"
def loss(W):
    return softmax_loss(W, X, Y, 0.1)


right = true_gradient(loss, W)
one_wrong = right.copy()
one_wrong[5, 2] *= 1.01
gradients = {
    "right": right,
    "times 1.001": 1.001 * right,
    "one entry off by 1 %": one_wrong,
    "the wrong sign": -right,
    "zero": np.zeros_like(right),
    "its transpose": right.T,
    "without the regularisation": right - 0.1 * W,
}
for name, gradient in gradients.items():
    print(f"--- {name}")
    print(gradient_check(loss, W, gradient, rng=rng), "\n")

# %% [markdown] id="verdict-reading"
# Of the wrong sign and of the zero, a relative error of 1 would have been all there is to know. Sign, factor, transpose and a missing multiple of $x$ are looked for by name, since each of
# them explains *all* slopes at once with one number.
#
# A transpose of another shape is told by the shape. Of a square $W$ it is not, and the rest has to tell:

# %% id="verdict-square"
X_square = X[:, :4]
W_square = W[:4]


def square_loss(W):
    return softmax_loss(W, X_square, Y)


print(gradient_check(square_loss, W_square, true_gradient(square_loss, W_square).T, rng=rng))

# %% [markdown] id="verdict-float32-text"
# **float32.** Compare the resolution of the first with the one above. The second gradient is wrong by less
# than that: it passes, and the record says why that means little.


# %% id="verdict-float32"
def loss32(W):
    return softmax_loss(W, X32, Y32, 0.1)


for factor in (1.0, 1.00001, 1.01):
    print(f"--- float32, times {factor}")
    print(gradient_check(loss32, W32, factor * right, rng=rng), "\n")

# %% [markdown] id="verdict-hidden-text"
# **The missing regulariser** at weights of 1e-4 and `reg = 5e-6`, from above. One of the directions is $x$
# itself. Along it, the forgotten part of every entry has the same sign and all of them add up, while
# the data part goes up and down. In float64 that is enough, even here. In float32 it is not, and the
# rule stays: check where both parts are of a size.


# %% id="verdict-hidden"
def hidden32(W):
    return softmax_loss(W, pixels.astype(np.float32), labels.astype(np.float32), 5e-6)


print("--- float64")
print(gradient_check(loss_at(5e-6), weights, forgetful, rng=rng), "\n")
print("--- float32")
print(gradient_check(hidden32, weights.astype(np.float32), forgetful, rng=rng))

# %% [markdown] id="verdict-kink-text"
# **On a kink.** A sum of ReLUs at three places, one of them 0. There every number from 0 to 1 is right.


# %% id="verdict-kink"
def sum_of_relus(x):
    return np.sum(hinge(x))


places = np.array([1.0, 0.0, -2.0])
for slope in (0.0, 0.7, 3.0):
    print(f"--- slope {slope} at the kink")
    print(gradient_check(sum_of_relus, places, np.array([1.0, slope, 0.0]), rng=rng), "\n")

# %% [markdown] id="verdict-f-text"
# **The fault is in `f`.** Two that everyone makes once: the function looks at an array it knows from
# elsewhere, and not at the one it is given; and it draws new random numbers at each call, as dropout does.

# %% id="verdict-f"
faults = {
    "f looks at W, not at what it is given": lambda _: softmax_loss(W, X, Y),
    "f is not the same twice": lambda w: softmax_loss(w * rng.integers(2, size=w.shape), X, Y),
}
for name, f in faults.items():
    print(f"--- {name}")
    print(gradient_check(f, W, right, rng=rng), "\n")

# %% [markdown] id="verdict-end"
# | it says | look at |
# |---|---|
# | the wrong sign, or zero | the sign of the whole; a gradient that was made and never filled |
# | a factor | the mean: $1/N$ forgotten, or taken twice; a 2 of a square |
# | lacks a multiple of $x$ | $\mathrm{reg}\, W$ |
# | transposed | the order of a product |
# | one entry, or some | an index; a special case; a kink nearby |
# | all slopes, and no name | the formula. Make the problem small, one example and two classes, and work it out by hand |
# | right, with a coarse resolution | nothing yet. Go to float64, or to where the part you doubt is larger |

# %% [markdown] id="question-4"
# **Question 4.** Your training runs in float32, and its gradient check passes with a resolution of 2e-4.
# Which of the faults in this notebook could still be there? Name a check that would find it without leaving
# your training code.
#
# *Your answer:*

# %% [markdown] id="next"
# ## Where to go from here
#
# Give `gradient_check` the function you wrote in notebook 1: it takes one that returns both the loss and
# the gradient, if no gradient is given. Then break your gradient in a way that is not in the
# table above, and see whether the verdict is any help.
