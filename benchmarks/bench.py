"""The benchmark: one program, one run, contenders in turns, the machine's limits beside them.

python -m benchmarks.bench              all of it, about twenty minutes
python -m benchmarks.bench --quick      small sizes, to see that it runs; its times mean nothing
python -m benchmarks.bench --help       the options
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from classifiers.files import whole_file

from . import limits, pictures, report
from .arena import CONTROL, Arena
from .contenders import CONTENDERS
from .data import Store
from .machine import describe
from .targets import verdicts
from .workers import Absent
from .works import QUICK, Sizes, races


def main(argv=None):
    args = parse(argv)
    sizes = QUICK if args.quick else Sizes()
    todo = select(races(sizes), args.only)
    args.out.mkdir(parents=True, exist_ok=True)
    # What checks the answers runs here: BLAS threads that spin would take a core from the timed.
    with (
        threadpool_limits(1),
        tempfile.TemporaryDirectory(prefix="bench-", dir=roomy_folder()) as folder,
    ):
        results = run(todo, args.rounds or sizes.rounds, Path(folder), trials=not args.quick)
    results["options"] = {"quick": args.quick, "only": args.only, "rounds": args.rounds}
    results["targets"] = verdicts(results["races"])
    print(report.tables(results))
    if args.quick:
        print("\nsmall sizes, for a trial: none of these times says how fast anything is")
    write(results, args.out)
    print(f"\nevery sample and two pictures are in {args.out}")


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bench",
        description="Time the softmax loss: the rungs of this project, numpy and other packages, "
        "whichever are installed, in turns; each answer is checked against float64 first.",
        epilog="On one core means pinned to it, with one thread. Keep the machine quiet: the "
        "control, a matrix product of numpy's, shows by its quartiles whether it was.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="small sizes, few rounds, one setting each")
    add(
        "--only",
        action="append",
        metavar="NAME",
        help="only this race or contender, as the tables call it, or all that begin so; may be "
        'given more than once: --only "f32 full" --only compiled --only numpy',
    )
    add("--rounds", type=int, metavar="N", help=f"default: {Sizes().rounds}, quick {QUICK.rounds}")
    add(
        "--out",
        type=Path,
        metavar="DIR",
        default=Path("outputs/bench"),
        help="default: %(default)s",
    )
    args = parser.parse_args(argv)
    if args.rounds is not None and args.rounds < 1:
        parser.error(f"--rounds must be 1 or more; got {args.rounds}; try --rounds 5")
    return args


def select(every, names):
    """The races, and in them the lanes, that names ask for; all where they name none.

    Raises ValueError for a name that begins neither.
    """
    races, contenders = set(), set()
    for name in names or []:
        found = matches(name, [race.name for race in every])
        others = matches(name, CONTENDERS)
        if not found and not others:
            known = ", ".join([*(race.name for race in every), *CONTENDERS])
            raise ValueError(f"--only must begin a name; got {name!r}; try one of {known}")
        races.update(found)
        contenders.update(others)
    return [only_of(race, contenders) for race in every if not races or race.name in races]


def matches(name, known):
    """The name itself where it is known, else all that it begins."""
    return [name] if name in known else [whole for whole in known if whole.startswith(name)]


def only_of(race, contenders):
    lanes = (lane for lane in race.lanes if not contenders or lane.contender in contenders)
    return replace(race, lanes=tuple(lanes))


def roomy_folder():
    """Where the data go: TMPDIR where that is set, memory where it has room, else as usual."""
    memory = Path("/dev/shm")
    if "TMPDIR" not in os.environ and memory.is_dir() and shutil.disk_usage(memory).free > 8e9:
        return memory
    return Path(tempfile.gettempdir())


def run(todo, rounds, folder, trials):
    """Hold the races. Returns the results, of those that were finished where it is interrupted."""
    try:
        program, compiler = limits.build(folder)
        no_limits = None
    except Absent as absent:
        program, compiler, no_limits = None, None, str(absent)
    store, held, sets = Store(folder), [], ()
    with tqdm(total=rounds * len(todo), unit="round") as bar:
        try:
            for which in ("one", "all"):
                part = [race for race in todo if race.cores == which and race.lanes]
                if part:
                    arena = Arena(store, folder, which, program, trials)
                    sets = arena.probe.sets
                    hold(part, arena, rounds, held, bar)
        except KeyboardInterrupt:
            print(f"interrupted after {len(held)} races", file=sys.stderr)
    return {"machine": describe(sets, compiler, no_limits), "races": held}


def hold(part, arena, rounds, held, bar):
    """The races of one arena, which is closed then; what comes of each is added to held."""
    try:
        for number, race in enumerate(part):
            arena.store.keep(
                [CONTROL.case, *(lane.case for r in part[number:] for lane in r.lanes)]
            )
            held.append(arena.hold(race, rounds, bar))
    finally:
        arena.close()


def write(results, out):
    """Write bench.json and the two pictures, each whole or not at all."""
    with whole_file(out / "bench.json") as file:
        file.write(json.dumps(results, indent=1).encode())
    for name, draw in (("ratios.png", pictures.ratios), ("cost.png", pictures.cost)):
        with whole_file(out / name) as file:
            draw(results["races"]).savefig(file, format="png", dpi=120)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f"bench: {error}")
