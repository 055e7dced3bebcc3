"""Two pictures of a run: how many times as long the others take, and cost against rows."""

from matplotlib.figure import Figure

from .report import baseline, baseline_name
from .targets import median
from .works import FORCED, PEERS

# Okabe and Ito, 2008: told apart in every colour vision.
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"
OURS = ("compiled", FORCED, "vectorized")
COLOURS = {**dict.fromkeys(OURS, BLUE), **dict.fromkeys(PEERS, ORANGE)}
SHOWN = (
    "f32 full batch",
    "f64 full batch",
    "f32 full batch, all cores",
    "uint8 full batch",
    "mini-batch of 200",
    "to 1e-4 of the optimum",
)
NOT_SHOWN = {"control", "naive"}  # the naive rung is off any scale that shows the others


def ratios(races):
    """Bars, a panel for each of the larger works: time over the compiled rung's."""
    races = [race for race in races if race["name"] in SHOWN]
    races = [race for race in races if any(bars(race))]
    columns = min(3, max(1, len(races)))
    lines = -(-len(races) // columns) or 1
    figure = Figure(figsize=(4.6 * columns, 3.6 * lines), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).flat
    for axis, race in zip(axes, races, strict=False):
        panel(axis, race)
    for axis in figure.axes[len(races) :]:
        axis.set_visible(False)
    base = baseline_name(races[0]) if races else "compiled"
    figure.suptitle(f"Time over that of {base}: blue ours, grey numpy, orange other packages")
    return figure


def bars(race):
    """(label, ratio, contender) of the lanes to draw, the fastest first."""
    for record in race["lanes"]:
        if record["status"] == "timed" and record["contender"] not in NOT_SHOWN:
            base = baseline(record, race)
            if base:
                yield record["label"], median(record) / median(base), record["contender"]


def panel(axis, race):
    shown = sorted(bars(race), key=lambda bar: -bar[1])
    labels, values, names = zip(*shown, strict=True)
    drawn = axis.barh(labels, values, color=[COLOURS.get(name, GREY) for name in names])
    axis.bar_label(drawn, [f"{value:.1f}" for value in values], padding=3, fontsize=8)
    axis.set_xlim(0, 1.15 * max(values))
    axis.set_title(race["name"], fontsize=10)
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def cost(races):
    """Microseconds a row against the number of rows: a flat line is a linear cost."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axis = figure.subplots()
    styles = {  # and where the name stands, above the last point or below
        "compiled": (BLUE, "o", "-", 8),
        "numpy, pre-expanded": (GREY, "^", "-.", -15),
        "numpy, converting": ("black", "s", "--", 8),
        "naive": (ORANGE, "D", ":", 8),
    }
    for name, (colour, mark, line, offset) in styles.items():
        points = sorted(cost_points(races, name))
        if points:
            axis.plot(*zip(*points, strict=True), color=colour, marker=mark, linestyle=line)
            above = {"xytext": (0, offset), "textcoords": "offset points", "ha": "right"}
            axis.annotate(name, points[-1], color=colour, **above)
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="rows N, uint8 in a memory-mapped file",
        ylabel="microseconds a row",
        title="One loss and gradient, one core: what a row costs, against how many there are",
    )
    axis.title.set_fontsize(10)
    axis.grid(which="major", alpha=0.3)
    axis.margins(0.08, 0.15)
    return figure


def cost_points(races, name):
    """(rows, microseconds a row) of the lanes whose label is the name and the rows."""
    for race in races:
        if race["name"] == "cost against N":
            for record in race["lanes"]:
                if record["status"] == "timed" and record["label"].rsplit(" ", 1)[0] == name:
                    N = record["case"]["N"]
                    yield N, 1e6 * median(record) / N
