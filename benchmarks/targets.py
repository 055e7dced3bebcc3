"""What was asked of the compiled rung, and whether it was met, from the times of one run."""

from dataclasses import dataclass

import numpy as np

from .limits import DTYPES
from .works import FORCED, PEERS

LEVEL = 0.97  # "never slower", "level with": medians of one machine differ by as much
SECOND_CORE = 1.8  # times one core, of the probe and then of the kernel
GROWTH = 0.01  # of the stored bytes: labels are checked in temporary arrays, rows never expanded


class Missing(Exception):
    """There is no such time in this run; the text says why."""


@dataclass(frozen=True)
class Target:
    """text : what is measured. measure : Times -> number. needed : at least, or at_most."""

    race: str
    text: str
    measure: callable
    needed: float
    at_most: bool = False

    def verdict(self, times):
        """A dict of what was asked and measured; met is None where it could not be."""
        asked = f"{'<=' if self.at_most else '>='} {self.needed:g}"
        row = {"race": self.race, "text": self.text, "asked": asked}
        try:
            value = float(self.measure(times))
        except Missing as missing:
            return row | {"measured": None, "met": None, "reason": str(missing)}
        met = value <= self.needed if self.at_most else value >= self.needed
        return row | {"measured": value, "met": met, "reason": None}


class Times:
    """The medians of a run, by race and label."""

    def __init__(self, held):
        self.held = {race["name"]: race for race in held}

    def record(self, race, label):
        """A lane that was timed; raises Missing, with the reason, where it was not."""
        for record in self._race(race)["lanes"]:
            if record["label"] == label:
                if record["status"] != "timed":
                    raise Missing(f"{label}: {record['status']}: {record['reason']}")
                return record
        raise Missing(f"{label} was not in this run")

    def median(self, race, label):
        return median(self.record(race, label))

    def ratio(self, race, other, ours="compiled"):
        """How many times as long the other takes as ours."""
        return self.median(race, other) / self.median(race, ours)

    def best_peer(self, race, among=PEERS):
        """The same of the fastest other package."""
        ours, times = self.median(race, "compiled"), []
        for name in among:
            try:
                times.append(self.median(race, name))
            except Missing:
                continue
        if not times:
            raise Missing(f"none of {', '.join(among)} was timed")
        return min(times) / ours

    def share(self, race, label="compiled"):
        """The part of the machine's multiply-adds a second that a contender uses."""
        record = self.record(race, label)
        share = share_of_limit(record, self._race(race))
        if share is None:
            raise Missing("the limit was not measured")
        return share

    def second_core(self, race):
        """One core's time over all cores', per two; Missing where the probe gains less than 1.8."""
        held = self._race(race)
        if held["cores"] < 2:
            raise Missing("there is one core")
        gained = probe_gain(held)
        if gained is None:
            raise Missing("the probe was not built")
        if gained * 2 / held["cores"] < SECOND_CORE:
            raise Missing(f"no real second core: the probe itself gains {gained:.2f}x")
        return self.ratio(race, "compiled, one core") * 2 / held["cores"]

    def per_element(self, race):
        """Time an element at D = 3072, over that at D = 3073."""
        return self.ratio(race, "compiled 3072", ours="compiled 3073") * 3073 / 3072

    def linear(self, race):
        """The dearest row over the cheapest, from 10,000 rows up."""
        costs = [median(record) / N for N, record in self._compiled_by_rows(race)]
        return max(costs) / min(costs)

    def growth(self, race):
        """Anonymous memory gained from the fewest rows to the most, over the bytes stored."""
        (_, first), *_, (N, last) = self._compiled_by_rows(race)
        if not (first.get("anonymous") and last.get("anonymous")):
            raise Missing("the kernel does not say what memory is anonymous")
        return (last["anonymous"] - first["anonymous"]) / (N * (last["case"]["D"] - 1))

    def _race(self, name):
        if name not in self.held:
            raise Missing("not in this run")
        return self.held[name]

    def _compiled_by_rows(self, race):
        """(rows, lane) from 10,000 rows up, in order."""
        found = [
            (record["case"]["N"], record)
            for record in self._race(race)["lanes"]
            if record["contender"] == "compiled" and record["status"] == "timed"
            if record["case"]["N"] >= 10_000
        ]
        found.sort(key=lambda pair: pair[0])
        if len(found) < 2:
            raise Missing("compiled was not timed on two numbers of rows from 10,000 up")
        return found


def median(record):
    return float(np.median(record["samples"]))


def limits(held, dtype, threads):
    """Multiply-adds a second on so many threads, by instruction set."""
    rates = {}
    for name, samples in held["limits"].items():
        what, *rest = name.split()
        if what == "fma" and rest[0] == DTYPES[dtype] and rest[2] == f"x{threads}":
            rates[rest[1]] = float(np.median(samples))
    return rates


def share_of_limit(record, held):
    """The part of the limit of its threads that a timed lane uses, or None if that is unknown."""
    rates = limits(held, record["case"]["dtype"], record["setting"]["threads"])
    if record["contender"] == FORCED:
        rates = {name: rate for name, rate in rates.items() if name == "avx2"}
    if not (record["fmas"] and rates):
        return None
    return record["fmas"] / median(record) / max(rates.values())


def probe_gain(held):
    """How many times the multiply-adds of one core all cores do: the median of all sets."""
    gains = []
    for name, samples in held["limits"].items():
        if name.startswith("fma") and name.endswith(f" x{held['cores']}"):
            alone = held["limits"][name.rsplit(" ", 1)[0] + " x1"]
            gains.append(np.median(samples) / np.median(alone))
    return float(np.median(gains)) if gains else None


def targets():
    """All that is asked, race by race."""
    return [*of_full_batches(), *of_classes(), *of_the_rest()]


def of_full_batches():
    f32, f64, u8 = "f32 full batch", "f64 full batch", "uint8 full batch"
    batch, widths = "mini-batch of 200", "D 3072 and 3073"
    rows = [
        Target(f32, "of the FMA limit", lambda t: t.share(f32), 0.80),
        Target(f32, "x numpy f32", lambda t: t.ratio(f32, "numpy"), 4),
        Target(f32, "x the best peer", lambda t: t.best_peer(f32), 3.5),
        Target(f32, "of the AVX2 limit, forced", lambda t: t.share(f32, FORCED), 0.70),
        Target(f64, "of the FMA limit", lambda t: t.share(f64), 0.78),
        Target(f64, "x numpy f64", lambda t: t.ratio(f64, "numpy"), 3.5),
        Target(f64, "of the AVX2 limit, forced", lambda t: t.share(f64, FORCED), 0.70),
        Target(widths, "an element, 3072 / 3073", lambda t: t.per_element(widths), 1.05, True),
        Target(u8, "of the f32 FMA limit", lambda t: t.share(u8), 0.80),
        Target(u8, "x numpy, pre-expanded", lambda t: t.ratio(u8, "numpy, pre-expanded"), 4),
        Target(u8, "x numpy, converting", lambda t: t.ratio(u8, "numpy, converting"), 6),
        Target(batch, "x numpy f32", lambda t: t.ratio(batch, "numpy"), 3.5),
        Target(batch, "x numpy f64", lambda t: t.ratio(batch, "numpy f64"), 5.5),
    ]
    for name in (f32, f64, u8):
        race = f"{name}, all cores"
        rows.append(
            Target(
                race,
                "x one core, per two cores",
                lambda t, race=race: t.second_core(race),
                SECOND_CORE,
            )
        )
    return rows


def of_classes():
    rows = []
    for C in (2, 3, 7, 16, 33, 50):
        race = f"C = {C}"
        rows.append(Target(race, "x the best peer", lambda t, race=race: t.best_peer(race), LEVEL))
        if C <= 16:
            rows.append(Target(race, "x numpy", lambda t, race=race: t.ratio(race, "numpy"), 2))
    for C, needed in ((100, 1.15), (1000, LEVEL)):
        race = f"C = {C}"
        rows.append(Target(race, "x numpy", lambda t, race=race: t.ratio(race, "numpy"), needed))
    return rows


def of_the_rest():
    rows, torch = [], ("PyTorch", "PyTorch compiled")
    for n in (64, 512, 1000):
        race = f"VJP n = {n}"
        rows += [
            Target(race, "x PyTorch", lambda t, race=race: t.best_peer(race, torch), LEVEL),
            Target(race, "x numpy", lambda t, race=race: t.ratio(race, "numpy"), 4),
        ]
    best, cost = "to 1e-4 of the optimum", "cost against N"
    return [
        *rows,
        Target(best, "x LogisticRegression", lambda t: t.ratio(best, "scikit-learn"), 5),
        Target(best, "x scipy on numpy f64", lambda t: t.ratio(best, "scipy on numpy f64"), 10),
        Target(cost, "dearest row over cheapest, from 1e4", lambda t: t.linear(cost), 1.10, True),
        Target(cost, "memory gained / bytes stored", lambda t: t.growth(cost), GROWTH, True),
    ]


def verdicts(held):
    """A dict for each target whose race was run, in order."""
    times = Times(held)
    return [target.verdict(times) for target in targets() if target.race in times.held]
