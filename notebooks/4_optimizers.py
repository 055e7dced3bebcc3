# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # 4. Ways down
#
# A gradient says which way is down, here. How far to go, and what to remember of the gradients
# before, is left to an *update rule*. In this notebook six rules and L-BFGS go down the same loss;
# you see where a learning rate becomes too high, and what the scale of the features has to do with
# all of it.
#
# There is nothing to write but the answers. The loss is your `softmax_loss_vectorized` of
# notebook 1, the rules are in `optim.py`; read them beside the formulas.

# %% id="setup"
import sys
import time
import warnings
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents]
root = str(next(folder for folder in folders if (folder / "classifiers").is_dir()))
if sys.path[0] != root:
    sys.path.insert(0, root)

# %reload_ext autoreload
# %autoreload 2

import numpy as np
from scipy.linalg import eigh
from tqdm import tqdm

import optim
import vis_utils
from cifar_like import CLASSES
from classifiers import Softmax, softmax_loss_vectorized
from data_utils import get_CIFAR10_data

# %% [markdown] id="data-text"
# ## The loss to go down
#
# It is the full loss of notebook 1, regularisation included, on 3,000 training images only, so that
# all of this takes a minute or two. The mean image is subtracted and the pixels are divided by 64,
# about their standard deviation; `reg` is 0.1. Every run starts at $W = 0$.

# %% id="data"
data = get_CIFAR10_data(num_training=3000, rng=np.random.default_rng(0))
X, y = data["X_train"], data["y_train"]
X[:, :-1] /= 64
reg = 0.1
start = np.zeros((X.shape[1], len(CLASSES)), np.float32)
print(
    f"X {X.shape} {X.dtype}, loss at the start {softmax_loss_vectorized(start, X, y, reg)[0]:.4f}"
)

# %% [markdown] id="minimum-text"
# The loss is convex, and the regularisation makes it curve upwards in every direction: there is one
# minimum, and how far a run is above it says all. To know it well, L-BFGS finds it in float64, until
# no entry of the gradient is larger than $10^{-6}$. By the curvature of at least `reg`, the loss can
# then fall by less than $|\nabla f|^2 / (2\,\mathrm{reg})$, where $f$ is the loss: printed below.

# %% id="minimum"
X64 = X.astype(np.float64)
exact = Softmax(softmax_loss_vectorized)
exact.solve(X64, y, reg, verbose=True)
minimum, slope = exact.loss(X64, y, reg)
print(f"minimum {minimum:.6f}, too high by at most {np.sum(slope**2) / (2 * reg):.0e}")


def distance(W):
    """How far the loss of W is above its minimum, in nats per example."""
    return softmax_loss_vectorized(W, X, y, reg)[0] - minimum


# %% [markdown] id="rules-text"
# ## Six rules
#
# With $g$ the gradient on a mini-batch, $\eta$ the learning rate, and products and roots taken weight
# by weight:
#
# | rule | remembers | step |
# |---|---|---|
# | `sgd` | nothing | $w \leftarrow w - \eta g$ |
# | `sgd_momentum` | $v \leftarrow \mu v - \eta g$ | $w \leftarrow w + v$ |
# | `nesterov` | $v \leftarrow \mu v - \eta g$ | $w \leftarrow w - \mu v_{\text{before}} + (1 + \mu) v$ |
# | `adagrad` | $c \leftarrow c + g^2$ | $w \leftarrow w - \eta g / \sqrt{c}$ |
# | `rmsprop` | $c \leftarrow \rho c + (1 - \rho) g^2$ | $w \leftarrow w - \eta g / \sqrt{c}$ |
# | `adam` | $m \leftarrow \beta_1 m + (1 - \beta_1) g$ and $v \leftarrow \beta_2 v + (1 - \beta_2) g^2$ | $w \leftarrow w - \eta \hat m / \sqrt{\hat v}$, each corrected for its start at 0 |
#
# The $w$ of `nesterov` is the point ahead, where the gradient is taken: the form of the course's notes.
#
# The first three multiply the gradient by a rate, so their rate must fit the curvature of the loss.
# The other three divide by the size of the gradient: their rate is about the length of a step, in
# every weight, whatever the loss is multiplied by. (Of Adagrad that holds for the first step only: it
# divides by all gradients so far, and its steps shrink.)
#
# L-BFGS remembers how the gradient changed over its last ten steps, guesses the curvature from that,
# and chooses the length of each step by trying. It needs the gradient on all images, for on a
# mini-batch a change of gradient is mostly a change of images.
#
# To compare them, count *passes*: 200 images are one step of a rule and a fifteenth of a pass over
# 3,000. One loss and gradient of L-BFGS is a whole pass. What is drawn is the full loss, worked out
# after the run, and not part of its time. The time is that of the processor, of which both use one
# core: what other programs do meanwhile does not count.

# %% id="train-by"
batch_size = 200
steps_a_pass = len(X) // batch_size


def train_by(rule, learning_rate, passes):
    """Weights and seconds after 0, 1, ... passes by a rule."""
    weights, seconds = [], []
    begin = time.process_time()

    def recorded(w, dw, config):
        weights.append(w)
        seconds.append(time.process_time() - begin)
        return rule(w, dw, config)

    model = Softmax(softmax_loss_vectorized)
    model.W = start
    # One step more than is used: what is recorded are the weights before each.
    num_iters = passes * steps_a_pass + 1
    rng = np.random.default_rng(1)
    model.train(X, y, learning_rate, reg, num_iters, batch_size, update_rule=recorded, rng=rng)
    return weights[::steps_a_pass], seconds[::steps_a_pass]


def recorder():
    """A loss function, and the lists to which it adds each loss and when it was asked for."""
    losses, seconds = [], []
    begin = time.process_time()

    def recorded_loss(W, X, y, reg):
        seconds.append(time.process_time() - begin)
        loss, dW = softmax_loss_vectorized(W, X, y, reg)
        losses.append(loss)
        return loss, dW

    return recorded_loss, losses, seconds


best_so_far = np.minimum.accumulate


# %% [markdown] id="search-text"
# ## A learning rate for each
#
# A race between rules is a race between learning rates, if each is not given a good one. So each
# rule tries the same seven, a factor of $\sqrt{10}$ apart, for 20 passes, and keeps the one whose
# full loss is lowest then. All other settings stay as `optim.py` has them.

# %% id="search"
rules = {
    rule.__name__: rule
    for rule in (
        *(optim.sgd, optim.sgd_momentum, optim.nesterov),
        *(optim.adagrad, optim.rmsprop, optim.adam),
    )
}
rates = np.logspace(-4.5, -1.5, 7)
found = {name: np.full(len(rates), np.nan) for name in rules}
for name, i in tqdm([(name, i) for name in rules for i in range(len(rates))], unit="run"):
    weights, _ = train_by(rules[name], rates[i], passes=20)
    found[name][i] = distance(weights[-1])

best_rate = {name: rates[np.nanargmin(distances)] for name, distances in found.items()}
for name, rate in best_rate.items():
    print(f"{name:<14} rate {rate:.1e}, {np.nanmin(found[name]):.3f} above the minimum")

# %% id="search-picture"
vis_utils.show_curves(
    {"learning rate": {name: (rates, distances) for name, distances in found.items()}},
    "nats above the minimum after 20 passes",
    log_x=True,
)

# %% [markdown] id="search-reading"
# On the left of each valley the rule was too slow, on the right too restless. The bottoms are at
# different rates, and their heights differ less than one rule does between two of its rates: which
# rule you take matters less than the rate you give it. A longer run would like lower rates.

# %% [markdown] id="race-text"
# ## The race
#
# Now 100 passes each, at the rates found; the loss is looked at after each of the first ten, then
# after every fifth. L-BFGS is drawn at its best loss so far, one point for each pass it asked for, its
# trials included. It had no learning rate to look for.

# %% id="race"
passes = 100
looks = np.array([*range(11), *range(15, passes + 1, 5)])
race_passes, race_seconds, last = {}, {}, {}
for name, rate in tqdm(best_rate.items(), unit="rule"):
    weights, seconds = train_by(rules[name], rate, passes)
    distances = np.array([distance(weights[i]) for i in looks])
    race_passes[name] = looks, distances
    race_seconds[name] = np.array(seconds)[looks], distances
    last[name] = weights[-1]

recorded_loss, losses, seconds = recorder()
# float32 shows nothing below 1e-6 nats: no need to ask for a smaller gradient.
Softmax(recorded_loss).solve(X, y, reg, tol=1e-4)
distances = best_so_far(losses)[: passes + 1] - minimum
race_passes["L-BFGS"] = np.arange(len(distances)), distances
race_seconds["L-BFGS"] = np.array(seconds[: passes + 1]), distances

# %% id="race-picture"
vis_utils.show_curves(
    {"passes over the data": race_passes, "seconds of one core": race_seconds},
    "nats above the minimum",
)

# %% id="race-table"
for after in (5, 20, passes):
    at = {name: curve[x <= after][-1] for name, (x, curve) in race_passes.items()}
    order = sorted(at, key=at.get)
    print(f"after {after} passes:", ", ".join(f"{name} {at[name]:.2g}" for name in order))

X_val = data["X_val"].copy()
X_val[:, :-1] /= 64
last["the minimum"] = exact.W.astype(np.float32)
right = {name: np.mean((X_val @ W).argmax(1) == data["y_val"]) for name, W in last.items()}
print("validation accuracy:", ", ".join(f"{name} {part:.3f}" for name, part in right.items()))

# %% [markdown] id="race-reading"
# In the first passes every rule is ahead of L-BFGS: fifteen rough steps beat one good one. Then their
# curves become level and rough. A mini-batch has not quite the gradient of all images; at the
# minimum of the full loss its gradient is not zero, so a constant rate keeps them moving about it,
# at a height that grows with the rate. (Adagrad's steps shrink by themselves: it levels off later.) L-BFGS, which sees all images, goes on down nearly in a line:
# on this axis, that is one more right digit for every so many passes.
#
# Does that matter? For the accuracy not much: on 1,000 validation images chance alone moves it by
# 0.015, and most of the differences are not far from that. Nor need the minimum be the best of them, as
# it is the minimum of another loss. It does matter where the answer should not depend on when you stopped.
#
# The two panels look alike, and that is a result as well: nearly all of the time goes into the two
# products with $X$, and a pass has the same ones whoever asks for it. What a rule does to 30,730
# weights afterwards is small beside them. On a batch of 20 it would not be.

# %% [markdown] id="question-1"
# **Question 1.** You have to stop after 10 passes. Which rule do you take, and which after 100? How
# would you change the learning rate of `sgd` on the way so that it does not level off?
#
# *Your answer:*

# %% [markdown] id="edge-text"
# ## Too high a learning rate
#
# Near the minimum $W^*$ the loss is a bowl, and along a direction $v$ of curvature $\lambda$ (an
# eigenvector of the Hessian and its eigenvalue) one step of gradient descent on all images does this
# to the error $e$:
#
# $$e \leftarrow e - \eta \lambda e = (1 - \eta \lambda)\, e.$$
#
# It shrinks if $|1 - \eta\lambda| < 1$, that is if $\eta < 2 / \lambda$. The steepest direction
# decides: the edge is $2 / L$ with $L$ the largest curvature.
#
# $L$ is found by *power iteration*: multiply any direction by the Hessian again and again, and the
# steepest part of it outgrows the rest. The Hessian has $30730^2$ entries, but only its product with
# $v$ is needed, and that is a difference of two gradients:
#
# $$H v \approx \frac{\nabla f(W + h v) - \nabla f(W - h v)}{2 h}.$$

# %% id="edge"
h = np.finfo(np.float64).eps ** (1 / 3)  # balances round-off and h^2 in a central difference
v = np.random.default_rng(2).standard_normal(start.shape)
for _ in tqdm(range(40), unit="product"):
    v /= np.linalg.norm(v)
    _, ahead = softmax_loss_vectorized(exact.W + h * v, X64, y, reg)
    _, behind = softmax_loss_vectorized(exact.W - h * v, X64, y, reg)
    Hv = (ahead - behind) / (2 * h)
    curvature = np.sum(v * Hv)
    v = Hv
v /= np.linalg.norm(v)
edge = 2 / curvature
bound = np.linalg.eigvalsh(X.T @ X / len(X))[-1] / 2 + reg
print(f"largest curvature at the minimum {curvature:.1f}, edge 2/L = {edge:.4f}")
print(f"no curvature anywhere is above {bound:.1f}, so {2 / bound:.4f} is safe from any start")

# %% [markdown] id="bound-text"
# The last line needs no iteration: the Hessian of the softmax at an example is
# $(\mathrm{diag}(p) - p p^T) \otimes x x^T$, and the first factor has no eigenvalue above
# $\frac12$. So $L \le \frac12 \lambda_{\max}(X^T X / N) + \mathrm{reg}$ at any $W$: certain, and a few times
# too careful.
#
# Now try rates on both sides of the edge. On the left every run starts next to the minimum, pushed
# a little along $v$. On the right it starts at $W = 0$ as usual.

# %% id="edge-runs"
factors = (0.8, 0.95, 1.05, 1.5)


def descend(W, X, learning_rate, steps):
    """Nats above the minimum at each step of gradient descent on all images."""
    heights = []
    for _ in range(steps):
        loss, dW = softmax_loss_vectorized(W, X, y, reg)
        # The minimum itself is not known much better than to 1e-8: below, nothing is drawn.
        heights.append(loss - minimum if loss - minimum > 1e-8 else np.nan)
        W, _ = optim.sgd(W, dW, {"learning_rate": float(learning_rate)})
    return np.arange(steps), np.array(heights)


near, far = {}, {}
push = 1e-3 * v  # 1e-4 nats or so, by the curvature above
for factor in tqdm(factors, unit="rate"):
    name = f"{factor:g} of 2/L"
    near[name] = descend(exact.W + push, X64, factor * edge, steps=30)
    far[name] = descend(start, X, factor * edge, steps=80)

# %% id="edge-picture"
vis_utils.show_curves(
    {"step, from next to the minimum": near, "step, from W = 0": far},
    "nats above the minimum",
    share_y=False,
)

# %% [markdown] id="edge-reading"
# On the left the edge is sharp: five per cent below it the error shrinks at each step, five per cent
# above it grows. But it does not grow for ever. Far out, the softmax is nearly sure of its answers and
# the loss nearly straight: the curvature falls, and the steps fit again. So the run ends up hopping
# from one wall of the valley to the other. From $W = 0$ it is the same: far above the edge the loss
# jumps up within a few steps, and what falls afterwards are the other directions, those that are not
# too steep. Near the edge it depends on the way: where the curvature there is a little more than at the
# minimum, even 0.95 hops for a while before it settles.
#
# Only one part of the loss curves alike everywhere: the regularisation, by `reg`. Above
# $2 / \mathrm{reg}$ nothing holds the weights, and they really grow beyond all numbers. In the search of
# notebook 1 `reg` went up to 1e5, and with it every rate above 2e-5 was too high. Below, on mini-batches
# of 20 images: far above $2/L$ the loss is useless but finite; above $2 / \mathrm{reg}$ it is not.

# %% id="diverge"
for factor in (0.5, 1.5):
    model = Softmax(softmax_loss_vectorized)
    model.W = start
    with warnings.catch_warnings(record=True) as diverged:
        warnings.simplefilter("always")
        rng = np.random.default_rng(3)
        losses = model.train(X, y, factor * 2 / reg, reg, num_iters=200, batch_size=20, rng=rng)
    said = diverged[0].message if diverged else "no warning"
    print(f"{factor} of 2/reg: loss {losses[0]:.1f} to {losses[-1]:.1e}; {said}")

# %% [markdown] id="question-2"
# **Question 2.** In notebook 1 the pixels were not divided by 64. By what factor was the edge $2/L$
# another one there, for a small `reg`? Where does that put it?
#
# *Your answer:*

# %% [markdown] id="path-text"
# ## The shape of the valley
#
# The steepest direction sets the learning rate; the flattest then has to do with it. What counts is the
# *condition number*, the largest curvature over the smallest. It can be changed without touching any
# rule, by changing the features.
#
# Two weights can be drawn. Take airplanes and frogs, and of each image two features only: its mean red
# and its mean blue. With scores $-w \cdot x$ and $w \cdot x$ there are two weights, no bias and no
# regularisation, and the curvatures at $w = 0$ are the eigenvalues of $X^T X / N$. Take the features
# three ways:
#
# * *raw*: the means of the pixel values, over 64;
# * *centred*: less their mean over the images;
# * *whitened*: turned onto the principal directions and divided by the spread along each,
#   $x \leftarrow \Lambda^{-1/2} E^T x$ where $X^T X / N = E \Lambda E^T$ of the centred features.
#
# Each has the learning rate that is best for its two curvatures, $2 / (\lambda_1 + \lambda_2)$.

# %% id="path"
pixels = (X64[:, :-1] * 64 + data["mean_image"]) / 64  # the mean put back


def principal(features, keep):
    """The mean of the features, the `keep` directions of widest spread, and those spreads."""
    all_of_them = features.shape[1]
    widest = all_of_them - keep, all_of_them - 1  # eigenvalues come in rising order
    variance, directions = eigh(np.cov(features.T, bias=True), subset_by_index=widest)
    return features.mean(axis=0), directions, np.sqrt(variance)


def two_weight_loss(w, features, labels):
    """Loss and gradient of the scores -w.x and w.x."""
    W = np.stack([-w, w], axis=1)
    loss, dW = softmax_loss_vectorized(W, features, labels, 0.0)
    return loss, dW[:, 1] - dW[:, 0]


plane, frog = CLASSES.index("airplane"), CLASSES.index("frog")
two = np.isin(y, (plane, frog))
labels = (y[two] == frog).astype(int)
raw = pixels[two].reshape(-1, 3, 1024).mean(axis=2)[:, [0, 2]]
mean, directions, spread = principal(raw, 2)
features = {"raw": raw, "centred": raw - mean, "whitened": (raw - mean) @ directions / spread}

paths = {}
for name, x in features.items():
    low, high = np.linalg.eigvalsh(x.T @ x / len(x))
    solved = Softmax(softmax_loss_vectorized)
    solved.solve(x, labels, 0.0)
    lowest = (solved.W[:, 1] - solved.W[:, 0]) / 2
    w, path = np.zeros(2), [np.zeros(2)]
    for _ in range(20):
        w, _ = optim.sgd(w, two_weight_loss(w, x, labels)[1], {"learning_rate": 2 / (low + high)})
        path.append(w)
    side = np.linspace(-1.4, 1.4, 81) * np.abs(path - lowest).max()
    first, second = lowest[0] + side, lowest[1] + side
    loss = [[two_weight_loss(np.array([a, b]), x, labels)[0] for a in first] for b in second]
    title = f"{name}: condition {high / low:.0f}, minimum {solved.loss_history[-1]:.3f}"
    paths[title] = first, second, np.array(loss), np.array(path), lowest

# %% id="path-picture"
vis_utils.show_paths(paths)

# %% [markdown] id="path-reading"
# Raw, all pixel values are positive, so both features say "bright" before they say anything else: a
# step that changes both weights alike changes every score, and the valley is narrow across and long
# along the difference of the two. Subtracting the mean removes most of that. What is left is that red and
# blue go together from image to image; whitening removes it too, and the valley is a bowl near
# its start: the gradient then points at the minimum, and one rate fits all directions.
#
# The centred and the whitened problem are one problem in two sets of coordinates, with one minimal loss.
# The raw one is another, since here no bias is there to make good for the mean.

# %% [markdown] id="white-text"
# ## On all of the image
#
# The same with ten classes and a bias, on the 50 widest principal directions of the pixels. With the
# bias, and without regularisation, all three are *the same problem*: any scores that one can give the
# others can, so they have the same minimum, and the same accuracy there. Only the way is different.
# Gradient descent has the safe rate $1 / (\frac12 \lambda_{\max}(X^T X / N))$ in each; L-BFGS starts from
# the same zeros.

# %% id="white"
mean, directions, spread = principal(pixels, 50)
turned = pixels @ directions
features = {"raw": turned, "centred": turned - mean @ directions}
features["whitened"] = features["centred"] / spread


def above(lowest, losses):
    """The heights of the best losses so far; none where it is too small to tell."""
    heights = best_so_far(losses) - lowest
    return np.where(heights > 1e-8, heights, np.nan)


steps, by_descent, by_lbfgs = 1000, {}, {}
for name, x in tqdm(features.items(), unit="problem"):
    x = np.hstack([x, np.ones((len(x), 1))])
    curvatures = np.linalg.eigvalsh(x.T @ x / len(x))
    recorded_loss, losses, _ = recorder()
    Softmax(recorded_loss).solve(x, y, 0.0, tol=1e-6, max_iters=10000)
    lowest = min(losses)
    by_lbfgs[name] = np.arange(1, steps + 1)[: len(losses)], above(lowest, losses)[:steps]
    W, losses = np.zeros((x.shape[1], len(CLASSES))), []
    for _ in range(steps):
        loss, dW = softmax_loss_vectorized(W, x, y, 0.0)
        losses.append(loss)
        W, _ = optim.sgd(W, dW, {"learning_rate": 2 / curvatures[-1]})
    by_descent[name] = np.arange(1, steps + 1), above(lowest, losses)
    print(f"{name:<9} condition {curvatures[-1] / curvatures[0]:<8.0f} minimum {lowest:.6f}")

# %% id="white-picture"
vis_utils.show_curves(
    {"losses and gradients, gradient descent": by_descent, "the same, L-BFGS": by_lbfgs},
    "nats above the minimum",
    log_x=True,
)

# %% id="white-counts"
for name in features:
    counts = []  # of losses and gradients
    for _, heights in (by_descent[name], by_lbfgs[name]):
        there = np.flatnonzero(heights < 0.01 * heights[0])
        counts.append(f"{there[0]}" if len(there) else f"over {steps}")
    print(f"{name:<9} until 1 % is left: gradient descent {counts[0]}, L-BFGS {counts[1]}")

# %% [markdown] id="white-reading"
# Whitened, plain gradient descent needs two or three dozen steps; centred, a thousand or more; raw, it is
# hopeless. L-BFGS suffers from a bad shape too, but far less, as it learns the shape on the way.
#
# Two warnings. With regularisation the three are no longer one problem: `reg` then holds other
# weights back. And whitening divides by the spread: along the last of 3072 directions that is as good
# as nothing, so what is made as loud as the rest there is noise. That is why only 50 were kept.

# %% [markdown] id="question-3"
# **Question 3.** `adagrad`, `rmsprop` and `adam` divide each weight's step by the size of its own
# gradients: they stretch the two axes of the pictures above. Would that make the centred valley round?
# Draw a valley that it would.
#
# *Your answer:*
