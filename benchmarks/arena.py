"""Where a race is held: the workers, the data they are given, the probe of the limits."""

import contextlib
import os
import shutil
from dataclasses import asdict
from itertools import product

from . import race
from .contenders import CONTENDERS, WAYS
from .data import GAP, training_error
from .limits import NoProbe, Probe
from .workers import Absent, Failed, Worker, anonymous_memory, cores
from .works import Case, Lane

CONTROL = Lane("control", Case("control", 1024, 1024, 2), "control")


class Arena:
    """Workers on one core, the last one, or on all; they live until it is closed.

    store   : where the data are
    folder  : for answers, logs and what packages leave behind
    which   : "one" or "all"
    program : the probe, compiled; None where it could not be
    trials  : whether all thread counts and variants are tried, or the most and the first taken
    """

    def __init__(self, store, folder, which, program, trials=True):
        self.store, self.folder, self.trials = store, folder, trials
        self.cpus = cores()[-1:] if which == "one" else cores()
        self.workers, self.slots = {}, 0
        self.probe = NoProbe()
        if program:
            self.probe = Probe(program, self.cpus, folder / "probe.log")

    def hold(self, a_race, rounds, bar):
        """One race, from the data to the samples; returns what to report of it."""
        lanes = [*a_race.lanes, CONTROL]
        copy = self._fits_in_memory(lanes)
        records, entries = [], []
        for lane in lanes:
            bar.set_description(f"{a_race.name}, checking {lane.label}")
            record, entry = self._qualify(lane, copy)
            records.append(record)
            if entry:
                entries.append((record, entry))
        bar.set_description(a_race.name)
        questions = self.probe.questions(a_race.dtypes, len(self.cpus))
        limits = race.take_turns(entries, questions, self.probe.rate, rounds, bar.update)
        if a_race.watch:
            for record, entry in entries:
                if entry.lane.case.mapped:
                    record["anonymous"] = self._memory(entry)
        for _, entry in entries:
            entry.drop()
        return {
            "name": a_race.name,
            "cores": len(self.cpus),
            "data": "in memory of each worker" if copy else "mapped, as memory is short",
            "lanes": records,
            "limits": limits,
        }

    def close(self):
        for worker in self.workers.values():
            worker.close()
        self.probe.close()

    def judge(self, case, answer):
        """The error of an answer; of a training, how far above the optimum it ended."""
        if case.kind == "optimum":
            error = training_error(self.store, case, answer[1])
        else:
            error = race.error_of(answer, self.store.reference(case))
        return error

    def _qualify(self, lane, copy):
        if reason := self._too_large(lane.case):
            settings = [lambda: refuse(reason)]
        else:
            settings = [
                lambda threads=threads, variant=variant: self._enter(lane, threads, variant, copy)
                for threads, variant in product(self._threads(lane), self._variants(lane))
            ]
        return race.qualify(lane, settings, self.judge)

    def _threads(self, lane):
        if lane.threads:
            return [lane.threads]
        most = len(self.cpus)
        return sorted({1, max(1, most // 2), most}) if self.trials else [most]

    def _variants(self, lane):
        """The ways a contender has of doing a case; [None] where there is one."""
        ways = WAYS.get((lane.contender, lane.case.kind), [None])
        return ways if self.trials else ways[:1]

    def _enter(self, lane, threads, variant, copy):
        """Load a lane on its worker, which is started where it is not there yet."""
        key = CONTENDERS[lane.contender].family, threads
        worker = self.workers.get(key)
        if worker is None or worker.process.poll() is not None:
            worker = self.workers[key] = self._start(*key)
        self.slots += 1
        self._load(worker, self.slots, lane, variant, copy)
        return Entry(self, worker, self.slots, lane, {"threads": threads, "variant": variant})

    def _start(self, family, threads):
        log = self.folder / f"{family}-{threads}.log"
        return Worker(threads, self.cpus[-threads:], log, self.folder)

    def _load(self, worker, slot, lane, variant, copy):
        contender, goal = CONTENDERS[lane.contender], None
        files = {name: str(path) for name, path in self.store.files(lane.case).items()}
        reference = self.store.reference(lane.case)  # made before anything is timed
        if lane.case.kind == "optimum":
            goal = reference[0] * (1 + GAP)
        worker.do(
            "load",
            slot=slot,
            module=contender.module,
            contender=lane.contender,
            variant=variant,
            case=asdict(lane.case),
            files=files,
            copy=copy and not (lane.case.mapped or contender.copies),
            goal=goal,
        )

    def _memory(self, entry):
        """The most anonymous memory, in bytes, of a new process during its first call.

        A new one: what an earlier call kept for the next would hide what this one takes.
        """
        seen, lane = [], entry.lane
        worker = self._start(CONTENDERS[lane.contender].family, entry.setting["threads"])
        try:
            self._load(worker, 0, lane, entry.setting["variant"], copy=False)
            worker.do(
                "seconds",
                watch=lambda pid: seen.append(anonymous_memory(pid)),
                slot=0,
                calls=1,
                warm=False,
            )
            seen.append(anonymous_memory(worker.process.pid))
        finally:
            worker.close()
        return max(filter(None, seen), default=None)

    def _fits_in_memory(self, lanes):
        """Whether every worker may have its own copy of the data, in the pages it prefers."""
        sizes = {
            (CONTENDERS[lane.contender].family, case_bytes(lane.case)): case_bytes(lane.case)
            for lane in lanes
            if not lane.case.mapped
        }
        return sum(sizes.values()) < 0.6 * available_memory()

    def _too_large(self, case):
        """Why a case is left out for its size, or None."""
        size = case_bytes(case)
        there = all(path.exists() for path in self.store.planned(case))
        if size < 1e8 or there:
            return None
        free = min(shutil.disk_usage(self.folder).free, available_memory())
        if size < 0.5 * free:
            return None
        return f"its data are {size / 1e9:.1f} GB; {free / 1e9:.1f} GB are free, and half is used"


class Entry:
    """A contender, loaded: what a race times."""

    def __init__(self, arena, worker, slot, lane, setting):
        self.arena, self.worker, self.slot = arena, worker, slot
        self.lane, self.setting = lane, setting

    def answer(self):
        path = self.arena.folder / "answer.npz"
        try:
            return self.worker.answer(self.slot, path)
        finally:
            path.unlink(missing_ok=True)

    def seconds(self, calls, warm):
        return self.worker.do("seconds", slot=self.slot, calls=calls, warm=warm)

    def drop(self):
        with contextlib.suppress(Failed):  # it has ended, and its data with it
            self.worker.do("drop", slots=[self.slot])


def refuse(reason):
    raise Absent(reason)


def case_bytes(case):
    """Bytes of the largest array of a case."""
    width = 1 if case.kind == "bytes" else {"float32": 4, "float64": 8}[case.dtype]
    return case.N * case.D * width


def available_memory():
    """Bytes of memory that can be had without swapping; where nobody says, plenty."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return 8 << 30
