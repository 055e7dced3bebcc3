"""A worker: one process with one family of contenders, told over a pipe what to do.

    python -m benchmarks.worker THREADS

reads a JSON object a line ({"do": name, ...}) and answers with one. Whatever a package prints
goes to stderr. It answers when its own threads have come to rest, so that a pool that spins a
while after its work takes nothing from the contender whose turn is next.
"""

import gc
import importlib
import json
import os
import sys
import time

import numpy as np

from .data import indices
from .works import Case


class Worker:
    """Holds cases under a number each; every public method is a command."""

    def __init__(self, threads):
        self.threads = threads
        self.modules, self.arrays, self.loaded, self.turns = {}, {}, {}, {}

    def load(self, slot, module, contender, variant, case, files, copy, goal):
        """Prepare a contender on a case; copy says whether data are to be in memory of our own."""
        case, module = Case(**case), self._module(module)
        arrays = {name: self._array(path, copy) for name, path in files.items()}
        if goal is not None:
            arrays["goal"] = goal
        self.loaded[slot] = module.prepare(contender, variant, case, arrays, self.threads)
        self.turns[slot] = batches(case)
        gc.collect()

    def answer(self, slot, path):
        """Write the contender's answer, (loss, gradient), to a file; returns its seconds."""
        call, plain = self.loaded[slot]
        start = time.perf_counter()
        result = call(*self.turns[slot]["first"])
        elapsed = time.perf_counter() - start
        loss, gradient = plain(result)
        np.savez(path, loss=loss, gradient=gradient)
        return elapsed

    def seconds(self, slot, calls, warm):
        """Seconds of one call, the mean of some in a row, after one that is not counted."""
        call, _ = self.loaded[slot]
        turns = self.turns[slot]
        if warm:
            call(*next(turns["random"]))
        arguments = [next(turns["random"]) for _ in range(calls)]
        gc.disable()
        start = time.perf_counter()
        for some in arguments:
            call(*some)
        elapsed = time.perf_counter() - start
        gc.enable()
        return elapsed / calls

    def drop(self, slots):
        """Forget cases, and the data that no other needs."""
        for slot in slots:
            self.loaded.pop(slot, None)
            self.turns.pop(slot, None)
        if not self.loaded:
            self.arrays.clear()
        gc.collect()

    def _module(self, name):
        if name not in self.modules:
            module = importlib.import_module(f"benchmarks.contenders.{name}")
            module.start(self.threads)
            self.modules[name] = module
        return self.modules[name]

    def _array(self, path, copy):
        # Mapped "c": private pages, that are those of the file until written to, which nobody
        # does; some packages take no array that cannot be written to.
        if (path, copy) not in self.arrays:
            array = np.load(path, mmap_mode="c").view(np.ndarray)
            self.arrays[path, copy] = array.copy() if copy else array
        return self.arrays[path, copy]


def batches(case):
    """The arguments of the calls: for ever the random rows in turn, or none."""
    rows = [(idx,) for idx in indices(case)] if case.kind == "batch" else [()]

    def for_ever():
        while True:
            yield from rows

    return {"first": rows[0], "random": for_ever()}


def rest(at_most=0.5):
    """Sleep until this process computes no more, or for so many seconds."""
    deadline = time.perf_counter() + at_most
    while time.perf_counter() < deadline:
        before = time.process_time()
        time.sleep(0.002)
        if time.process_time() - before < 0.0005:
            return


def main(threads):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(threads)
    for line in sys.stdin:
        message = json.loads(line)
        try:
            reply = {"result": getattr(worker, message.pop("do"))(**message)}
        except ImportError as error:
            reply = {"absent": str(error)}
        except Exception as error:
            reply = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
        rest()
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
