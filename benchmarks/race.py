"""One race: each contender's answer is checked, its best setting found, then all take turns."""

import math
import random
from dataclasses import asdict

import numpy as np

from .data import GAP, SLACK
from .workers import Absent, Failed

# Relative to the largest entry. float32 sums of 50,000 rows differ by 4e-6 where they are made in
# a row; float64 ones by 1e-13, and 1e-10 still finds what was computed in float32 in between.
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
WORSE = ("left out", "failed", "wrong")
SAMPLE = 0.02  # seconds of one sample at least: many times the resolution of any clock
BUDGET = 15.0  # seconds for all samples of one contender; three are always taken


def error_of(answer, reference):
    """The largest error of (loss, gradient): of the loss, or of the gradient's largest entry."""
    (loss, gradient), (true_loss, true_gradient) = answer, reference
    if np.shape(gradient) != np.shape(true_gradient):
        return math.inf
    off = np.abs(np.asarray(gradient, np.float64) - true_gradient).max()
    gradient_error = off / np.abs(true_gradient).max()
    loss_error = abs(loss - true_loss) / max(abs(true_loss), 1e-300)
    errors = float(loss_error), float(gradient_error)
    return max(errors) if np.isfinite(errors).all() else math.inf


def tolerance_of(case):
    return GAP * SLACK if case.kind == "optimum" else TOLERANCE[case.dtype]


def qualify(lane, settings, judge):
    """Check the answers of a lane's settings, and find the fastest that is right.

    settings : callables that return an entry with .setting, .answer() -> (answer, seconds),
               .seconds(calls, warm) and .drop(); they raise Absent or Failed
    judge    : (case, answer) -> error
    Returns (record, entry): what to report, and the entry to time, or None.
    """
    record = {
        "label": lane.label,
        "contender": lane.contender,
        "case": asdict(lane.case),
        "fmas": lane.case.fmas,
        "trials": [],
    }
    best, best_trial = None, None
    for make in settings:
        entry, tried = attempt(make, lane.case, judge)
        record["trials"].append(tried)
        if entry and (best is None or tried["seconds"] < best_trial["seconds"]):
            best, best_trial, entry = entry, tried, best
        if entry:
            entry.drop()
    if best is None:
        worst = max(record["trials"], key=lambda tried: WORSE.index(tried["status"]))
        return record | {"status": worst["status"], "reason": worst["reason"]}, None
    calls = max(1, math.ceil(SAMPLE / best_trial["seconds"]))
    return record | best_trial | {"calls": calls, "samples": []}, best


def attempt(make, case, judge):
    """One setting: (entry, what to report of it), the entry None where it is not to be timed."""
    try:
        entry = make()
        answer, first = entry.answer()
        error = judge(case, answer)
        tried = {"setting": entry.setting, "error": error}
        if error <= tolerance_of(case):
            return entry, tried | {"status": "timed", "seconds": trial(entry, case, first)}
        entry.drop()
        reason = f"off by {error:.1e}, at most {tolerance_of(case):g}"
        return None, tried | {"status": "wrong", "reason": reason}
    except Absent as absent:
        return None, {"status": "left out", "reason": str(absent)}
    except Failed as failed:
        return None, {"status": "failed", "reason": str(failed)}


def trial(entry, case, first):
    """The best of three calls or series of them; of fewer where they are long.

    first : seconds of the first call, which may compile; no training is compiled
    """
    once = first if case.kind == "optimum" else entry.seconds(1, False)
    if once > 1:
        return once
    calls = max(1, min(50, math.ceil(SAMPLE / once)))
    return min(entry.seconds(calls, False) for _ in range(3 if once < 0.2 else 1))


def rounds_of(record, rounds):
    """The rounds a contender takes part in: spread out where it is slow, three at least."""
    sample = record["seconds"] * record["calls"]
    count = min(rounds, max(3, int(BUDGET / sample)))
    return {round(k * (rounds - 1) / max(count - 1, 1)) for k in range(count)}


def take_turns(entries, questions, ask, rounds, tick, seed=0):
    """Time all entries in turns, each round in another order, the limits of the machine between.

    entries   : list of (record, entry); the samples go into the record
    questions : dict of name -> arguments of ask, for the probe
    Returns dict of name -> list of rates, one a round.
    """
    order = random.Random(seed)
    rates = {name: [] for name in questions}
    plan = [(record, entry, rounds_of(record, rounds)) for record, entry in entries]
    for number in range(rounds):
        turns = [turn for turn in plan if number in turn[2] and turn[0]["status"] == "timed"]
        order.shuffle(turns)
        for name, arguments in questions.items():
            rates[name].append(ask(*arguments))
        for record, entry, _ in turns:
            try:
                warm = record["seconds"] < 0.1  # longer ones are not moved by what is in the caches
                record["samples"].append(entry.seconds(record["calls"], warm))
            except Failed as failed:
                record |= {"status": "failed", "reason": str(failed), "samples": []}
        tick()
    return rates
