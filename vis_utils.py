"""Pictures of a linear classifier: templates, loss, confusion, timings, a search.

Every function draws on a matplotlib figure of its own and returns it; the caller shows or saves
it. Colours are viridis and the Okabe-Ito set, which survive colour-blindness.
"""

import matplotlib.pyplot as plt
import numpy as np

BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#777777"  # Okabe and Ito, 2008


def as_images(X):
    """Rows of pixels (N, 3072), red plane first, as pictures (N, 32, 32, 3) for `imshow`."""
    return X.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def show_images(X, y, classes, per_class=7):
    """A column for each class, with its first images.

    X (N, 3072) uint8, y (N,) integers, classes a list of C names.
    """
    figure, axes = plt.subplots(
        per_class, len(classes), figsize=(len(classes), per_class * 1.05), squeeze=False
    )
    for c, name in enumerate(classes):
        axes[0, c].set_title(name, fontsize=9)
        for axis, image in zip(axes[:, c], as_images(X[y == c][:per_class]), strict=False):
            axis.imshow(image)
    for axis in axes.flat:
        axis.axis("off")
    return figure


def show_templates(W, classes):
    """The weights of each class as a picture: what the classifier looks for.

    W (3073, C), the last row being the bias, which is left out; classes a list of C names.
    Each template is stretched to the full range of colours by itself.
    """
    columns = (len(classes) + 1) // 2
    figure, axes = plt.subplots(2, columns, figsize=(2 * columns, 4.6), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, template, name in zip(axes.flat, as_images(W[:-1].T), classes, strict=False):
        low, high = template.min(), template.max()
        axis.imshow((template - low) / (high - low if high > low else 1))
        axis.set_title(name)
    figure.tight_layout()
    return figure


def show_loss(loss_history, unit="step"):
    """The loss after each step or iteration."""
    figure, axis = plt.subplots(figsize=(7, 4))
    axis.plot(loss_history, color=BLUE, linewidth=1)
    axis.set_xlabel(unit)
    axis.set_ylabel("loss, nats per example")
    axis.grid(alpha=0.3)
    figure.tight_layout()
    return figure


def show_confusion(y_true, y_pred, classes):
    """How often each class (row) was taken for each other (column), in per cent of its row."""
    C = len(classes)
    counts = np.bincount(C * np.asarray(y_true) + np.asarray(y_pred), minlength=C * C)
    counts = counts.reshape(C, C)
    percent = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    figure, axis = plt.subplots(figsize=(7, 6.2))
    image = axis.imshow(percent, cmap="viridis", vmin=0)
    _label_cells(axis, percent, "{:.0f}", dark_below=percent.max() / 2)
    axis.set_xticks(range(C), classes, rotation=45, ha="right")
    axis.set_yticks(range(C), classes)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("right class")
    figure.colorbar(image, label="% of the row", shrink=0.8)
    figure.tight_layout()
    return figure


def show_timings(timings, title):
    """A bar for each rung: milliseconds, and how many times faster than the first.

    timings : dict of name -> {"seconds": median, "ratio": to the first}, as `time_rungs` gives
    """
    names = list(timings)
    milliseconds = [1e3 * timings[name]["seconds"] for name in names]
    figure, axis = plt.subplots(figsize=(7, 1 + 0.6 * len(names)))
    bars = axis.barh(names, milliseconds, color=[GREY] + [BLUE] * (len(names) - 1))
    labels = [
        f" {ms:.3g} ms, {timings[name]['ratio']:.3g}x"
        for name, ms in zip(names, milliseconds, strict=True)
    ]
    axis.bar_label(bars, labels)
    axis.set_xlim(0, max(milliseconds) * 1.35)  # room for the labels
    axis.invert_yaxis()
    axis.set_xlabel("milliseconds for one loss and gradient")
    axis.set_title(title, fontsize=10)
    figure.tight_layout()
    return figure


def show_search(learning_rates, regs, accuracy):
    """A heat map of validation accuracy over a search.

    accuracy : (len(learning_rates), len(regs)) float; nan where training diverged
    """
    figure, axis = plt.subplots(figsize=(6.4, 4.6))
    axis.set_facecolor("#dddddd")
    image = axis.imshow(accuracy, cmap="viridis")
    _label_cells(
        axis, accuracy, "{:.3f}", dark_below=np.nanmean([np.nanmin(accuracy), np.nanmax(accuracy)])
    )
    axis.set_xticks(range(len(regs)), [f"{reg:.2g}" for reg in regs])
    axis.set_yticks(range(len(learning_rates)), [f"{rate:.2g}" for rate in learning_rates])
    axis.set_xlabel("reg")
    axis.set_ylabel("learning rate")
    figure.colorbar(image, label="validation accuracy")
    figure.tight_layout()
    return figure


def _label_cells(axis, values, form, dark_below):
    for (row, column), value in np.ndenumerate(values):
        text = "diverged" if np.isnan(value) else form.format(value)
        colour = "white" if value < dark_below else "black"
        axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
