"""The limits of the machine, by a small C++ program that is compiled for it when it is needed."""

import os
import shutil
import subprocess
from pathlib import Path

from .workers import Absent, Failed, Process

SOURCE = Path(__file__).with_name("limits.cpp")
SETS = ("avx512", "avx2", "neon", "plain")
DTYPES = {"float32": "f32", "float64": "f64"}


def build(folder):
    """Compile the probe. Returns (path, compiler's version); raises Absent, with the reason."""
    names = (os.environ.get("CXX"), "c++", "g++", "clang++")
    compiler = next((path for name in names if name and (path := shutil.which(name))), None)
    if compiler is None:
        raise Absent("no C++ compiler: none of CXX, c++, g++, clang++ is here")
    program = folder / "limits"
    flags = ["-O3", "-std=c++17", "-pthread", "-ffp-contract=fast", "-Wno-psabi"]
    made = subprocess.run(
        [compiler, *flags, str(SOURCE), "-o", str(program)], capture_output=True, text=True
    )
    if made.returncode:
        words = made.stderr.strip().splitlines() or ["without a word"]
        raise Absent(f"the compiler refuses limits.cpp: {words[-1]}")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout
    return program, version.splitlines()[0] if version else "unknown"


class Probe:
    """The running program: rates of the instruction sets it finds here.

    rate("fma", dtype, set, threads)   multiply-adds a second
    rate("read", threads)              bytes a second
    """

    def __init__(self, program, cpus, log):
        self.process = Process([str(program)], cpus, log)
        self.sets = [name for name in SETS if self._ask(f"fma f32 {name} 1") is not None]
        self._ask("read 1")  # makes the array

    def rate(self, what, *arguments):
        return self._ask(" ".join([what, *map(str, arguments)]))

    def close(self):
        self.process.close()

    def _ask(self, line):
        answer = self.process.ask(line)
        return None if answer == "absent" else float(answer)

    def questions(self, dtypes, threads):
        """What to ask in each round: name -> the arguments of rate."""
        asked = {
            f"fma {DTYPES[dtype]} {name} x{count}": ("fma", DTYPES[dtype], name, count)
            for dtype in dtypes
            for name in self.sets
            for count in sorted({1, threads})
        }
        return asked | {f"read x{count}": ("read", count) for count in sorted({1, threads})}


class NoProbe:
    """Where it could not be built: nothing is asked."""

    sets = ()

    def questions(self, dtypes, threads):
        return {}

    def rate(self, what, *arguments):
        raise Failed("there is no probe")

    def close(self):
        pass
