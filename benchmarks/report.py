"""The tables of a run, as text."""

import numpy as np

from .targets import limits, median, probe_gain, share_of_limit

UNITS = ((1, "s "), (1e-3, "ms"), (1e-6, "us"))


def tables(results):
    """All of a run, as one text: a table for each race, then what was asked."""
    parts = [heading(results["machine"])]
    parts += [race_table(race) for race in results["races"]]
    parts.append(target_table(results["targets"]))
    return "\n\n".join(parts)


def heading(machine):
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GB",
        versions,
        machine["engine"],
    ]
    if machine["no_limits"]:
        lines.append(f"no limits of the machine: {machine['no_limits']}")
    return "\n".join(lines)


def race_table(held):
    """Each contender's median, quartiles, time over the compiled rung's, and share of the limit."""
    lines = [f"{held['name']}: {what(held)}"]
    timed = [record for record in held["lanes"] if record["status"] == "timed"]
    if timed:
        width = max(len(record["label"]) for record in timed)
        head = f"{'median':>10}  {'quartiles':<20}{'ratio':>8}{'limit':>8}  setting"
        lines.append(f"  {'':<{width}}{head}")
        ordered = sorted(timed, key=lambda r: (r["contender"] == "control", median(r)))
        lines += [f"  {record['label']:<{width}}{row(record, held)}" for record in ordered]
    for record in held["lanes"]:
        if record["status"] != "timed":
            lines.append(f"  {record['label']} {record['status']}: {record['reason']}")
    lines += limits_line(held)
    return "\n".join(lines)


def what(held):
    case = held["lanes"][0]["case"]
    shape = f"{case['N']:,} x {case['D']}, {case['C']} classes"
    if case["kind"] == "vjp":
        shape = f"{case['N']:,} x {case['C']}"
    elif case["kind"] == "batch":
        shape = f"{case['batch']} of {shape}"
    cores = "one core" if held["cores"] == 1 else f"{held['cores']} cores"
    return f"{shape}, {cores}; ratios are to {baseline_name(held)}"


def row(record, held):
    low, middle, high = np.quantile(record["samples"], (0.25, 0.5, 0.75))
    scale, unit = next((u for u in UNITS if middle >= u[0]), UNITS[-1])
    quartiles = f"{low / scale:.4g} to {high / scale:.4g}"
    base = baseline(record, held)
    ratio = f"{middle / median(base):.2f}" if base else ""
    share = share_of_limit(record, held)
    share = f"{100 * share:.0f} %" if share else ""
    setting = record["setting"]
    threads = f"{setting['threads']} thread{'s' if setting['threads'] > 1 else ''}"
    how = ", ".join(filter(None, [threads, setting["variant"]]))
    return f"{middle / scale:>7.4g} {unit}  {quartiles:<20}{ratio:>8}{share:>8}  {how}"


def baseline_name(held):
    """ "compiled", or "numpy" where that was not timed."""
    timed = {record["contender"] for record in held["lanes"] if record["status"] == "timed"}
    return "compiled" if "compiled" in timed else "numpy"


def baseline(record, held):
    """The lane that this one's ratio is to: of the same rows, and the first of its name."""
    if record["contender"] == "control":
        return None
    name, case = baseline_name(held), record["case"]
    same = [
        other
        for other in held["lanes"]
        if other["status"] == "timed" and other["contender"] == name
        if (other["case"]["N"], other["case"]["D"]) == (case["N"], case["D"])
    ]
    return same[0] if same else None


def limits_line(held):
    if not held["limits"]:
        return []
    parts = []
    for dtype in sorted({record["case"]["dtype"] for record in held["lanes"]}):
        if rates := limits(held, dtype, held["cores"]):
            each = ", ".join(f"{name} {rate / 1e9:.1f}" for name, rate in rates.items())
            parts.append(f"{dtype} {each} G multiply-adds/s")
    read = np.median(held["limits"][f"read x{held['cores']}"])
    parts.append(f"{read / 1e9:.1f} GB/s read")
    gain = probe_gain(held) if held["cores"] > 1 else None
    if gain:
        parts.append(f"{held['cores']} cores do {gain:.2f} times the multiply-adds of one")
    return [f"  limits: {'; '.join(parts)}"]


def target_table(verdicts):
    """What was asked, what was measured, and whether that is enough."""
    if not verdicts:
        return "nothing was asked of these races"
    width = max(len(verdict["race"]) for verdict in verdicts)
    wide = max(len(verdict["text"]) for verdict in verdicts)
    lines = [f"{'asked':<{width}}  {'':<{wide}}  {'':>9}{'measured':>10}"]
    for verdict in verdicts:
        measured = "" if verdict["measured"] is None else f"{verdict['measured']:.3g}"
        met = {True: "met", False: "NOT MET", None: f"not measured: {verdict['reason']}"}
        lines.append(
            f"{verdict['race']:<{width}}  {verdict['text']:<{wide}}  "
            f"{verdict['asked']:>9}{measured:>10}  {met[verdict['met']]}"
        )
    return "\n".join(lines)
