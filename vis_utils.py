"""Pictures of a linear classifier: images, templates, loss, confusion, timings, search, roofline.

Each function returns a `Picture`, which a notebook shows as the value of a cell and a program
saves by `savefig`. Colours are viridis and the Okabe-Ito set, which survive colour-blindness.
"""

import io
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure

# Okabe and Ito, 2008; ORANGE is their vermilion.
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"
# Colours and dashes differ together: either alone would do to tell the curves apart.
LINES = [
    {"color": BLUE, "linestyle": "-"},
    {"color": "#E69F00", "linestyle": "--"},
    {"color": "#009E73", "linestyle": "-."},
    {"color": "#CC79A7", "linestyle": ":"},
    {"color": "#56B4E9", "linestyle": (0, (6, 2))},
    {"color": ORANGE, "linestyle": (0, (3, 1, 1, 1, 1, 1))},
    {"color": "black", "linestyle": "-", "linewidth": 2.5},
]


class Picture(Figure):
    """A matplotlib figure of no window, with a text for those who cannot see it."""

    def __init__(self, alt, **kwargs):
        super().__init__(layout="tight", **kwargs)
        self.alt = alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        png = io.BytesIO()
        self.savefig(png, format="png")
        return {"image/png": png.getvalue()}, {"image/png": {"alt": self.alt}}


def as_images(X):
    """Rows of pixels (N, 3072), red plane first, as pictures (N, 32, 32, 3) for `imshow`."""
    return X.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def show_images(X, y, classes, per_class=5):
    """The first images of each class, a column a class.

    X (N, 3072) uint8, y (N,) integers, classes a list of C names.
    """
    y = np.asarray(y)
    picture = Picture(
        f"The first {per_class} images of each class: {', '.join(classes)}.",
        figsize=(0.75 * len(classes), 0.8 * per_class),
    )
    axes = picture.subplots(per_class, len(classes), squeeze=False)
    for c, name in enumerate(classes):
        axes[0, c].set_title(name, fontsize=7)
        for axis, image in zip(axes[:, c], as_images(X[y == c][:per_class]), strict=False):
            axis.imshow(image)
    for axis in axes.flat:
        axis.axis("off")
    return picture


def show_templates(W, classes):
    """The weights of each class as an image: what the classifier looks for.

    W (3073, C), whose last row, the bias, is left out; classes a list of C names. Each template
    is stretched to the full range of colours by itself.
    """
    rows = max(2, (len(classes) + 9) // 10)
    columns = -(-len(classes) // rows)
    picture = Picture(
        f"The weights of each class drawn as an image: {', '.join(classes)}.",
        figsize=(2 * columns, 2.3 * rows),
    )
    axes = picture.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, template, name in zip(axes.flat, as_images(W[:-1].T), classes, strict=False):
        low, high = template.min(), template.max()
        axis.imshow((template - low) / (high - low if high > low else 1))
        axis.set_title(name)
    return picture


def show_loss(loss_history, unit="step"):
    """The loss after each step or iteration."""
    picture = Picture(
        f"The loss against the {unit}: from {loss_history[0]:.3g} to {loss_history[-1]:.3g} "
        f"in {len(loss_history)}.",
        figsize=(7, 4),
    )
    axis = picture.subplots()
    axis.plot(loss_history, color=BLUE, linewidth=1)
    axis.set_xlabel(unit)
    axis.set_ylabel("loss, nats per example")
    axis.grid(alpha=0.3)
    return picture


def show_confusion(y_true, y_pred, classes):
    """How often each class (row) was taken for each other (column), in per cent of its row.

    y_true, y_pred (N,) integers in [0, C); classes a list of C names.
    """
    C = len(classes)
    counts = np.zeros((C, C))
    np.add.at(counts, (y_true, y_pred), 1)
    percent = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    right = ", ".join(f"{name} {percent[c, c]:.0f}" for c, name in enumerate(classes))
    inches = max(6, C / 6)  # of a hundred classes, the names can still be read
    picture = Picture(
        f"Per cent of each class predicted right: {right}.", figsize=(inches + 1, inches)
    )
    axis = picture.subplots()
    image = axis.imshow(percent, cmap="viridis", vmin=0)
    if C <= 20:
        _write_in_cells(axis, percent, "{:.0f}")
    size = 10 if C <= 20 else 7
    axis.set_xticks(range(C), classes, rotation=45 if C <= 20 else 90, ha="right", fontsize=size)
    axis.set_yticks(range(C), classes, fontsize=size)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("right class")
    picture.colorbar(image, label="% of the row", shrink=0.8)
    return picture


def show_timings(timings, title):
    """A bar for each rung: milliseconds, and how many times faster than the first.

    timings : dict of name -> {"seconds": median, "ratio": to the first}, as `time_rungs` gives
    """
    milliseconds = {name: 1e3 * timing["seconds"] for name, timing in timings.items()}
    labels = [f" {ms:.3g} ms, {timings[name]['ratio']:.3g}x" for name, ms in milliseconds.items()]
    rungs = ", ".join(f"{name}{label}" for name, label in zip(timings, labels, strict=True))
    picture = Picture(
        f"Time of one loss and gradient: {rungs}.", figsize=(7, 1 + 0.6 * len(labels))
    )
    axis = picture.subplots()
    colours = [GREY] + [BLUE] * (len(labels) - 1)
    axis.bar_label(axis.barh(list(timings), milliseconds.values(), color=colours), labels)
    axis.set_xlim(0, 1.35 * max(milliseconds.values()))  # room for the labels
    axis.invert_yaxis()
    axis.set_xlabel("milliseconds for one loss and gradient")
    axis.set_title(title, fontsize=10)
    return picture


def show_search(learning_rates, regs, accuracy):
    """A heat map of the validation accuracy over a search.

    accuracy : (len(learning_rates), len(regs)) float; nan where training diverged
    """
    row, column = np.unravel_index(np.nanargmax(accuracy), accuracy.shape)
    picture = Picture(
        f"Validation accuracy over {accuracy.size} pairs: best {accuracy[row, column]:.3f} at "
        f"learning rate {learning_rates[row]:.2g}, reg {regs[column]:.2g}.",
        figsize=(6.4, 4.6),
    )
    axis = picture.subplots()
    axis.set_facecolor("#dddddd")
    image = axis.imshow(accuracy, cmap="viridis")
    _write_in_cells(axis, accuracy, "{:.3f}")
    axis.set_xticks(range(len(regs)), [f"{reg:.2g}" for reg in regs])
    axis.set_yticks(range(len(learning_rates)), [f"{rate:.2g}" for rate in learning_rates])
    axis.set_xlabel("reg")
    axis.set_ylabel("learning rate")
    picture.colorbar(image, label="validation accuracy")
    return picture


def show_curves(panels, y_label, log_x=False, share_y=True):
    """Curves side by side on one logarithmic axis, such as distances from a minimum.

    panels  : dict of x label -> dict of name -> (x, y), the same names in each panel
    y_label : str, what is on the logarithmic axis; a y that is nan, 0 or less is not drawn
    log_x   : bool, whether the other axis is logarithmic too
    share_y : bool, whether the panels have one range of y
    """
    told = []
    for x_label, curves in panels.items():
        drawn = {name: y[y > 0] for name, (_, y) in curves.items()}
        ends = [f"{name} {y[0]:.2g} to {y[-1]:.2g}" for name, y in drawn.items()]
        told.append(f"against {x_label}: {', '.join(ends)}")
    picture = Picture(
        f"{y_label[:1].upper()}{y_label[1:]}, {'; '.join(told)}.",
        figsize=(max(7, 5 * len(panels)), 4.2),
    )
    axes = picture.subplots(1, len(panels), sharey=share_y, squeeze=False)[0]
    for axis, (x_label, curves) in zip(axes, panels.items(), strict=True):
        for (name, (x, y)), style in zip(curves.items(), cycle(LINES), strict=False):
            axis.plot(x, y, label=name, marker="." if len(x) < 10 else None, **style)
        axis.set_yscale("log", nonpositive="mask")
        axis.set_xscale("log" if log_x else "linear")
        axis.set_xlabel(x_label)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(y_label)
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return picture


def show_paths(panels):
    """Paths over the contour lines of a loss of two weights, both axes to the same scale.

    panels : dict of title -> (first, second, loss, path, lowest), where loss (n, m) has a row
             for each entry of second (n,) and a column for each of first (m,); path (steps, 2)
             begins at the start; lowest (2,) is the minimum
    """
    told = [
        f"{title}: {np.linalg.norm(path[0] - lowest):.2g} from the minimum at the start, "
        f"{np.linalg.norm(path[-1] - lowest):.2g} after {len(path) - 1} steps"
        for title, (_, _, _, path, lowest) in panels.items()
    ]
    picture = Picture(f"Paths of gradient descent. {'; '.join(told)}.", figsize=(12, 4))
    axes = picture.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, (first, second, loss, path, lowest)) in zip(
        axes, panels.items(), strict=True
    ):
        height = loss - loss.min()
        # Evenly spaced in the root of the height: evenly spaced lines for a bowl.
        levels = height.max() * np.linspace(0, 1, 13)[1:] ** 2
        axis.contour(first, second, height, levels, cmap="viridis", linewidths=0.8)
        axis.plot(*path.T, color=ORANGE, marker="o", markersize=3, label="path")
        axis.plot(*path[0], "s", color="black", label="start")
        axis.plot(*lowest, "*", color="black", markersize=12, label="minimum")
        axis.set_aspect("equal")
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("first weight")
    axes[0].set_ylabel("second weight")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return picture


def show_roofline(peaks, bandwidth, points):
    """What a machine allows and what was reached, both axes logarithmic.

    peaks     : dict of name -> operations a second, such as {"float32": 1e11}
    bandwidth : float, bytes a second from memory
    points    : dict of name -> (operations a byte of memory, operations a second)
    """
    ridges = {name: peak / bandwidth for name, peak in peaks.items()}
    roofs = [f"{name} {peak / 1e9:.3g} from {ridges[name]:.3g} on" for name, peak in peaks.items()]
    told = [f"{name} {rate / 1e9:.3g} at {x:.3g}" for name, (x, rate) in points.items()]
    picture = Picture(
        "Billion operations a second against operations a byte. The roof rises with the memory, "
        f"{bandwidth / 1e9:.3g} GB a second, and is level at {', '.join(roofs)}. "
        f"Reached: {', '.join(told)}.",
        figsize=(9, 4.4),
    )
    axis = picture.subplots()
    places = [*ridges.values(), *(x for x, _ in points.values())]
    for (name, peak), style in zip(peaks.items(), cycle(("-", "--", ":")), strict=False):
        x = np.array([min(places) / 4, ridges[name], 2 * max(places)])
        roof = np.minimum(peak, bandwidth * x) / 1e9
        axis.loglog(x, roof, style, color=GREY, label=f"roof, {name}")
    for (name, (x, rate)), style, marker in zip(
        points.items(), cycle(LINES), cycle("osD^vPX"), strict=False
    ):
        axis.plot(x, rate / 1e9, marker, color=style["color"], label=name)
    axis.set_xlabel("operations for each byte from memory")
    axis.set_ylabel("billion operations a second")
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_formatter("{x:g}")
    axis.grid(alpha=0.3)
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return picture


def _write_in_cells(axis, values, form):
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for (row, column), value in np.ndenumerate(values):
        text = "diverged" if np.isnan(value) else form.format(value)
        colour = "white" if value < middle else "black"  # on the dark half of viridis, or not
        axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
