"""Hold the diagnosis to its mutants: faulty functions, each with the faults it has.

    python -m grading.mutants              each fault, its formula, and who was named
    python -m grading.mutants --faults     the faults alone, as grading/FAULTS.md has them

A mutant is a file with one function, headed `# exercise:`, `# faults:` and, where it is written
for columns, `# layout: columns`. Those of right/ have no fault. Those of unseen/ were written by
someone who knew the list of codes and nothing of the diagnosis; they are counted apart.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from ..diagnosis import FAULTS, Diagnosis, diagnose

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """A file of this folder, and what its head says."""

    path: Path
    exercise: str
    faults: frozenset

    @property
    def name(self):
        return self.path.relative_to(FOLDER).with_suffix("").as_posix()

    def function(self):
        """Its function, from a fresh run of the file: some keep a state."""
        space = {"__name__": "mutant"}
        exec(compile(self.path.read_text(encoding="utf-8"), str(self.path), "exec"), space)
        return space[self.exercise]


@dataclass(frozen=True)
class Trial:
    """What the diagnosis said of a mutant."""

    mutant: Mutant
    diagnosis: Diagnosis

    @property
    def verdict(self):
        """passed (it was not rejected), exact, part (some faults, no other), unknown or wrong."""
        said, true = set(self.diagnosis.faults), self.mutant.faults
        if self.diagnosis.ok:
            return "passed"
        if said == true:
            return "exact"
        if said and said < true:
            return "part"
        return "wrong" if said else "unknown"


def read_mutants(folder=FOLDER):
    """The mutants in a folder, not those below it."""
    return [_read(path) for path in sorted(folder.glob("*.py")) if path.name != "__main__.py"]


def _read(path):
    head = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, colon, value = line.removeprefix("# ").partition(":")
        if not line.startswith("# ") or not colon:
            break
        head[key] = value.split()
    return Mutant(path, head["exercise"][0], frozenset(head["faults"]))


def try_all(mutants, title):
    """A Trial of each, under a progress bar."""
    bar = tqdm(mutants, title, unit="mutant", leave=False, disable=None)
    return [Trial(mutant, diagnose(mutant.function(), mutant.exercise)) for mutant in bar]


def report(trials, title):
    """Lines: a count of each verdict, and every mutant that was not named exactly."""
    verdicts = [trial.verdict for trial in trials]
    counts = ", ".join(
        f"{verdicts.count(word)} {word}"
        for word in ("exact", "part", "unknown", "wrong", "passed")
        if word in verdicts
    )
    yield f"{title}: {len(trials)} mutants, {counts}"
    for trial in trials:
        if trial.verdict != "exact":
            said = " ".join(trial.diagnosis.faults) or "no fault named"
            sure = "" if trial.diagnosis.confident else ", not sure"
            true = " ".join(sorted(trial.mutant.faults))
            yield f"  {trial.verdict:<8} {trial.mutant.name:<48} {true} -> {said}{sure}"


def by_fault(trials):
    """Lines: of each fault how many mutants have it, how many were named exactly, its formula."""
    yield f"{'fault':<28}mutants  exact  what it computes"
    for code, fault in FAULTS.items():
        having = [trial for trial in trials if code in trial.mutant.faults]
        exact = sum(trial.verdict == "exact" for trial in having)
        if having:
            yield f"{code:<28}{len(having):>7}{exact:>7}  {fault['formula']}"


def list_of_faults():
    """The text of FAULTS.md."""
    yield "# The faults that `make check` knows by name"
    yield ""
    yield "Made from `faults.toml` by `python -m grading.mutants --faults`."
    yield ""
    yield "| fault | what is wrong | what it computes |"
    yield "|---|---|---|"
    for code, fault in FAULTS.items():
        formula = fault["formula"].replace("|", r"\|")
        yield f"| `{code}` | {fault['name']} | {formula} |"


def main(argv=None):
    """Print the tables; returns the exit status.

    1 where a right solution has a fault, a mutant passed or was named wrongly with confidence, or
    fewer than 95 of 100 were named exactly.
    """
    parser = argparse.ArgumentParser(
        prog="python -m grading.mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--faults", action="store_true", help="print the list of faults alone")
    if parser.parse_args(argv).faults:
        print(*list_of_faults(), sep="\n")
        return 0
    right = try_all(read_mutants(FOLDER / "right"), "right")
    failed = [trial for trial in right if not trial.diagnosis.ok]
    print(f"right: {len(right)} solutions, {len(right) - len(failed)} without a fault")
    for trial in failed:
        print(f"  {trial.mutant.name}: {trial.diagnosis}")
    trials = try_all(read_mutants(FOLDER), "mutants")
    unseen = try_all(read_mutants(FOLDER / "unseen"), "unseen")
    print(*by_fault(trials), *report(trials, "mutants"), *report(unseen, "unseen"), sep="\n")
    verdicts = [trial.verdict for trial in trials]
    misled = [t for t in trials if t.verdict == "wrong" and t.diagnosis.confident]
    passed = [t for t in (*trials, *unseen) if t.verdict == "passed"]
    enough = verdicts.count("exact") >= 0.95 * len(trials)
    return 1 if failed or misled or passed or not enough else 0


if __name__ == "__main__":
    sys.exit(main())
