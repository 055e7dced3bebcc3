# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # 1. The softmax classifier
#
# You will write one loss twice: first with loops, so that every step can be seen, then without,
# so that it is fast. Then you train a classifier on it and look at what it learned.
#
# You write two functions in `classifiers/softmax.py`:
#
# * `softmax_loss_naive(W, X, y, reg)`
# * `softmax_loss_vectorized(W, X, y, reg)`
#
# Both return the pair `(loss, dW)`. Edit the file, save it, and run a cell here again: it will
# use what you saved. `check(...)` says of a function whether it is unfinished, wrong or right;
# so does `make check` in a terminal.

# %% id="setup"
import sys
import warnings
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents]
root = str(next(folder for folder in folders if (folder / "classifiers").is_dir()))
if sys.path[0] != root:
    sys.path.insert(0, root)

# %reload_ext autoreload
# %autoreload 2

import numpy as np
from tqdm import tqdm

import vis_utils
from cifar_like import CLASSES
from classifiers import Softmax, softmax_loss_naive, softmax_loss_vectorized
from data_utils import get_CIFAR10_data
from gradient_check import grad_check_sparse
from grading.check import check
from train import time_rungs

# %% [markdown] id="data-text"
# ## The data
#
# Real CIFAR-10 images are used where they are found (`python data_utils.py fetch` downloads
# them), else drawn ones of the same ten classes. The first line below says which.
#
# The images come in four parts. You train on `train`; you choose settings by `val`; you look at
# `test` once, at the end; `dev` is a handful of training images for trying things out.
#
# An image is a row of 3072 pixel values. The mean training image has been subtracted from every
# row, and a 1 appended: its weights act as the bias, so that `X @ W` is all a linear
# classifier needs.

# %% id="data"
rng = np.random.default_rng(0)
data = get_CIFAR10_data(rng=rng)
X_train, y_train = data["X_train"], data["y_train"]
X_val, y_val = data["X_val"], data["y_val"]
X_test, y_test = data["X_test"], data["y_test"]
X_dev, y_dev = data["X_dev"], data["y_dev"]
for name in ("train", "val", "test", "dev"):
    print(f"{name:<6} X {data[f'X_{name}'].shape}, y {data[f'y_{name}'].shape}")

# %% id="samples"
pixels = np.rint(X_train[:1000, :-1] + data["mean_image"]).astype(np.uint8)
vis_utils.show_images(pixels, y_train[:1000], CLASSES)

# %% [markdown] id="loss-text"
# ## The loss
#
# Example $i$ has the scores $s = X_i W$, one for each class. Softmax makes them probabilities,
#
# $$p_j = \frac{e^{s_j}}{\sum_k e^{s_k}},$$
#
# and the loss of the example is $-\log p_{y_i}$: small when the right class is probable. The
# loss of a batch is the mean over its $N$ examples, plus a price on large weights:
#
# $$L = -\frac{1}{N} \sum_i \log p_{y_i} + \frac{1}{2} \, \mathrm{reg} \sum W^2.$$
#
# Mind the ½. The handouts of CS231n since 2016 leave it out: their `reg` is half of ours.
#
# **Do not compute $e^{s}$ of the scores as they are.** A score of 800 overflows. Adding one
# number to all scores of an example changes no probability, so subtract the largest first,
# *of this example*: the largest of the whole batch would push other rows down to $e^{-800} = 0$,
# and $\log 0$ is no better.
#
# ## The gradient
#
# | step | why |
# |---|---|
# | $\log p_{y_i} = s_{y_i} - \log \sum_k e^{s_k}$ | the definition, its logarithm taken |
# | $\partial (-\log p_{y_i}) / \partial s_j = p_j - 1[j = y_i]$ | the sum gives $p_j$ for every $j$; the first term only speaks of $j = y_i$: that is the indicator |
# | $\partial s_j / \partial W_{dj} = X_{id}$ | score $j$ is column $j$ of $W$ times the pixels: so column $j$ of `dW` moves by a multiple of `X[i]`, and no other column does |
# | column $j$ of $dW$: $\frac{1}{N}\sum_i (p_j - 1[j = y_i])\, X_i + \mathrm{reg}\, W_j$ | the chain rule; the mean; the derivative of $\frac12 W^2$ is $W$ |
#
# Write `softmax_loss_naive` now.

# %% id="check-naive"
check(softmax_loss_naive)

# %% [markdown] id="first-loss-text"
# With weights near zero, no class is preferred: each has a probability near 1/10, and the loss
# should be near $-\log \frac{1}{10} = \log 10$. It is the first thing to look at when a loss is
# new, since it needs no training and no gradient.

# %% id="first-loss"
W = (1e-4 * rng.standard_normal((X_dev.shape[1], len(CLASSES)))).astype(np.float32)
loss, dW = softmax_loss_naive(W, X_dev, y_dev, 0.0)
print(f"loss {loss:.4f}, log 10 = {np.log(10):.4f}")

# %% [markdown] id="question-1"
# **Question 1.** The images of a batch are all of one class. What is the first loss now, and why?
#
# *Your answer:*

# %% [markdown] id="gradient-check-text"
# ## Checking the gradient
#
# A derivative is a limit of differences, so it can be computed without knowing any formula: move
# one weight up and down by a small $h$ and see what the loss does. It takes two losses for each
# weight, far too slow to train with, but it does not make your mistakes.
#
# Two things decide whether such a check is worth anything.
#
# *Precision.* Differences lose digits. Check in float64, whatever you train in.
#
# *The size of the parts.* The gradient is a sum of a data part and `reg * W`. At the course's
# `reg = 5e-6` the second part is far below the first, and a gradient that has forgotten it passes.
# So check twice: at `reg = 0`, and where both parts are of the same size.

# %% id="gradient-check"
W64, X64 = W.astype(np.float64), X_dev.astype(np.float64)
_, data_part = softmax_loss_naive(W64, X64, y_dev, 0.0)
equal_reg = np.linalg.norm(data_part) / np.linalg.norm(W64)

for reg in (0.0, equal_reg):
    print(f"reg = {reg:.3g}")
    loss, dW = softmax_loss_naive(W64, X64, y_dev, reg)
    grad_check_sparse(lambda W: softmax_loss_naive(W, X64, y_dev, reg)[0], W64, dW, 5, rng=rng)

# %% [markdown] id="hidden-fault-text"
# Here is what the second check is for. Someone forgets the regularisation, so that their gradient
# is `data_part` at any `reg`. This is how far it is from yours, at the course's `reg` and at ours.

# %% id="hidden-fault"
for reg in (5e-6, equal_reg):
    _, dW = softmax_loss_naive(W64, X64, y_dev, reg)
    difference = np.linalg.norm(data_part - dW) / np.linalg.norm(dW)
    print(f"reg = {reg:<8.3g} relative difference of the gradients {difference:.1e}")

# %% [markdown] id="question-2"
# **Question 2.** Your gradient check reads 1e-9 at `reg = 0` and 0.3 at the other. Where do you look?
#
# *Your answer:*

# %% [markdown] id="vectorized-text"
# ## Without loops
#
# Python is slow at loops and numpy is fast at whole arrays. All scores of the batch are one
# product. The softmax works on all rows at once. And the sum over the examples in
#
# $$dW = \frac{1}{N} X^T (P - Y) + \mathrm{reg}\, W$$
#
# is a product again: row $i$ of $P$ has the probabilities of example $i$, and $Y_{ij} = 1[j = y_i]$.
#
# Write `softmax_loss_vectorized` now.

# %% id="check-vectorized"
check(softmax_loss_vectorized)

# %% [markdown] id="compare-text"
# Both functions should give the same numbers, but for the last digits: float32 has about seven,
# and the sums are taken in another order.

# %% id="compare"
for reg in (0.0, equal_reg):
    loss_naive, dW_naive = softmax_loss_naive(W, X_dev, y_dev, reg)
    loss_vectorized, dW_vectorized = softmax_loss_vectorized(W, X_dev, y_dev, reg)
    print(
        f"reg = {reg:<8.3g} loss: {loss_naive:.6f} and {loss_vectorized:.6f}, "
        f"gradient: relative difference "
        f"{np.linalg.norm(dW_naive - dW_vectorized) / np.linalg.norm(dW_naive):.1e}"
    )

# %% [markdown] id="timing-text"
# One measurement of a time is a rumour: another program may have had the machine. So the two take
# turns, several times, and the median of each counts.

# %% id="timing"
rungs = {"naive": softmax_loss_naive, "vectorized": softmax_loss_vectorized}
timings = time_rungs(rungs, W, X_dev, y_dev, equal_reg, repeats=9)
vis_utils.show_timings(timings, f"{len(X_dev)} images, float32")

# %% [markdown] id="question-3"
# **Question 3.** Both do the same multiplications and additions. Where does the naive one spend the
# rest of its time?
#
# *Your answer:*

# %% [markdown] id="sgd-text"
# ## Training
#
# Stochastic gradient descent takes a few random images, computes the loss and its gradient on them
# alone, and moves the weights a little against the gradient.
#
# The settings here are the course's. The pixels are not scaled, so scores move by thousands when the
# weights move by 1, and the learning rate has to be tiny. `reg` is large, so most of the first loss
# is the price of the random weights it starts from.

# %% id="sgd"
model = Softmax()
history = model.train(
    X_train,
    y_train,
    learning_rate=1e-7,
    reg=5e4,
    num_iters=1500,
    verbose=True,
    rng=np.random.default_rng(1),
)
print(f"training accuracy {model.accuracy(X_train, y_train):.3f}")
print(f"validation accuracy {model.accuracy(X_val, y_val):.3f}")

# %% id="loss-curve"
vis_utils.show_loss(history)

# %% [markdown] id="search-text"
# ## Choosing the learning rate and reg
#
# Try pairs of both, and keep the model that is best on the *validation* images. Where the learning
# rate is far too high, each step overshoots by more than the one before, and the weights grow
# beyond all numbers: training says so, stops, and the search goes on.

# %% id="search"
learning_rates = [1e-7, 5e-7, 2e-6, 1e-5, 5e-5]
regs = [1e2, 1e3, 1e4, 1e5]
val_accuracy = np.full((len(learning_rates), len(regs)), np.nan)
best = None
for row, column in tqdm(list(np.ndindex(val_accuracy.shape)), unit="model"):
    candidate = Softmax()
    with warnings.catch_warnings(record=True) as diverged:
        warnings.simplefilter("always")
        candidate.train(
            X_train,
            y_train,
            learning_rates[row],
            regs[column],
            num_iters=1500,
            rng=np.random.default_rng(1),
        )
    if not diverged:
        val_accuracy[row, column] = accuracy = candidate.accuracy(X_val, y_val)
        if accuracy == np.nanmax(val_accuracy):
            best = candidate

# %% id="search-picture"
vis_utils.show_search(learning_rates, regs, val_accuracy)

# %% [markdown] id="test-text"
# Now, once, the test images. The best of twenty on validation was in part lucky there, so expect a
# little less.

# %% id="test"
print(f"best validation accuracy {best.accuracy(X_val, y_val):.3f}")
print(f"test accuracy {best.accuracy(X_test, y_test):.3f}")

# %% id="confusion"
vis_utils.show_confusion(y_test, best.predict(X_test), CLASSES)

# %% [markdown] id="templates-text"
# ## What it learned
#
# The score of a class is a sum of pixels times weights, so the weights of a class are an image: the
# one this classifier likes best. Bright red in a template says that red *there* speaks for the class.

# %% id="templates"
vis_utils.show_templates(best.W, CLASSES)

# %% [markdown] id="question-4"
# **Question 4.** The horse seems to have two heads. Why? And why can no linear classifier with one
# template a class do better?
#
# *Your answer:*

# %% [markdown] id="neighbour-text"
# ## Was it worth learning?
#
# The simplest classifier learns nothing: it looks for the training image nearest to the new one,
# pixel by pixel, and takes its class.

# %% id="neighbour"
# |a - b|^2 = |a|^2 - 2 a.b + |b|^2, and |a|^2 is the same for every candidate b
distances = np.sum(X_train**2, axis=1) - 2 * X_test @ X_train.T
nearest = y_train[np.argmin(distances, axis=1)]
print(f"nearest neighbour: test accuracy {np.mean(nearest == y_test):.3f}")

# %% [markdown] id="neighbour-reason"
# On the drawn images it does much worse than the templates. Most of an image is background, and the
# background is drawn nearly at random: the nearest image is one with the same sky and light, whatever
# stands before it. Learning finds out which pixels matter; distance counts them all alike. Real
# images tell the same story.

# %% [markdown] id="next"
# ## Where to go from here
#
# `python train.py` trains on pixels divided by 64, by L-BFGS: no learning rate to choose, and it ends
# at the very minimum. Compare its accuracy with yours.
