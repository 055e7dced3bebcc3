"""The parent's side of the pipes: worker processes, and the probe of the machine's limits."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
PATIENCE = 600  # seconds until a silent process is given up: torch.compile takes a minute at most


class Absent(Exception):
    """What was asked for is not installed here; the text says what is missing."""


class Failed(Exception):
    """A contender raised an error, ended or hung."""


class Process:
    """A program that answers each line on its standard input with one, on some of the cores."""

    def __init__(self, command, cpus, log, environment=None):
        self.log = log
        with pinned(cpus), open(log, "ab") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                start_new_session=True,  # Ctrl-C is for the parent, which ends them
                env={**os.environ, **(environment or {})},
            )

    def ask(self, line, watch=None):
        """Send a line and wait for the answer; meanwhile call watch(pid), where given."""
        try:
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
            return self._wait(watch)
        except (BrokenPipeError, ValueError):  # a pipe that was closed before is a ValueError
            raise Failed(f"the process ended: {self._last_words()}") from None

    def close(self):
        self.process.kill()
        self.process.communicate()

    def _wait(self, watch):
        deadline = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not selector.select(0.002 if watch else deadline - time.monotonic()):
                if watch:
                    watch(self.process.pid)
                if time.monotonic() > deadline:
                    self.close()
                    raise Failed(f"no answer in {PATIENCE} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"the process ended: {self._last_words()}")
        return line.decode().strip()

    def _last_words(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "without a word"


class Worker(Process):
    """A process that holds a family of contenders; see `worker`."""

    def __init__(self, threads, cpus, log, cache):
        command = [sys.executable, "-m", "benchmarks.worker", str(threads)]
        super().__init__(command, cpus, log, environment(threads, cache))

    def do(self, what, watch=None, **arguments):
        reply = json.loads(self.ask(json.dumps({"do": what, **arguments}), watch))
        if "absent" in reply:
            raise Absent(reply["absent"])
        if "failed" in reply:
            raise Failed(reply["failed"])
        return reply["result"]

    def answer(self, slot, path):
        """((loss, gradient), seconds) of a case that was loaded, for the first time."""
        seconds = self.do("answer", slot=slot, path=str(path))
        with np.load(path) as answer:
            return (float(answer["loss"]), answer["gradient"]), seconds


def environment(threads, cache):
    """Settings for each thread pool there may be, and folders for what packages leave behind."""
    counts = ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "BLIS_NUM", "NUMBA_NUM", "VECLIB_MAXIMUM")
    flags = "--xla_cpu_multi_thread_eigen=false" if threads == 1 else ""
    return {
        **{f"{name}_THREADS": str(threads) for name in (*counts, "SOFTMAX_ENGINE")},
        "XLA_FLAGS": flags,
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "NUMBA_CACHE_DIR": str(cache / "numba"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def cores():
    """The cores this process may use, by number; only how many where there is no way to pin."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


@contextlib.contextmanager
def pinned(cpus):
    """Hold this thread, and the processes it starts meanwhile, to some cores, where one can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def anonymous_memory(pid):
    """Bytes of memory of a process that are no file's, or None where the kernel does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    return None
