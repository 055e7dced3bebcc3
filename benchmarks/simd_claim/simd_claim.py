"""The public claim "SIMD is 22 times its scalar twin", measured: what lanes gain, what O(n) gains.

    dx_i = sum_j y_i (1[i == j] - y_j) dy_j        O(n^2): the loop the claim was made of
         = y_i (dy_i - sum_j dy_j y_j)             O(n): the same number

The gradient of softmax, one row of scores after another, in float32, on one thread: both sums with
scalar and with SIMD instructions, numpy's three lines for the second, and the SIMD loop as it was
published, which never advances the incoming gradient and is right at n = 8 alone. It is timed only
because the claim is about it. All are compiled here from claim.cpp, written anew.

    python -m benchmarks.simd_claim.simd_claim --out FILE
"""

import argparse
import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # so that it also runs by its path
from classifiers.files import whole_file

SOURCE = Path(__file__).with_name("claim.cpp")
CLAIM = 22
SIZES = (8, 16, 64, 512, 1000)
ROWS = 4096
# Entries (i, j) of one call of an O(n^2) form: all 4096 rows up to n = 64, and at n = 1000 16 rows,
# 15 ms of the scalar loop. Each row costs the same, and the work on one hides where it lies.
PAIRS = ROWS * 64 * 64
SAMPLE = 2e-3  # seconds a sample lasts at least: hundreds of times what a call from Python costs

# The processor's time for this process, not the clock on the wall: on a shared machine another's
# turn of some 4 ms falls into many a sample, and doubles or trebles what a loop seems to take.
# Windows counts processor time in steps of 16 ms, and has the wall's.
CLOCK = "perf_counter" if sys.platform == "win32" else "process_time"

# Automatic vectorisation would make the scalar forms SIMD forms. -ffast-math is left out: it would
# let the compiler sum in another order, in the scalar forms too. Fused multiply-adds are left out:
# the claim is of AVX, and a chain of them was found slower than a chain of additions. Loops start
# on 32 bytes: where they fell by chance, the same scalar loop took 25 or 40 ns for a row of 8.
NO_LANES = ("-fno-tree-vectorize", "-fno-tree-slp-vectorize")
FLAGS = ("-std=c++17", "-O3", *NO_LANES, "-ffp-contract=off", "-falign-loops=32", "-Wno-psabi")


class Form(NamedTuple):
    title: str
    quadratic: bool
    right_from_9: bool = True


FORMS = {
    "loop_scalar": Form("O(n^2) scalar", True),
    "loop_simd_published": Form("O(n^2) SIMD, as published", True, right_from_9=False),
    "loop_simd": Form("O(n^2) SIMD, repaired", True),
    "linear_scalar": Form("O(n) scalar", False),
    "linear_simd": Form("O(n) SIMD", False),
    "numpy": Form("O(n) numpy", False),
}


class Build(NamedTuple):
    functions: dict  # name of a form -> function of (dy, y, dx, times=1), arrays (rows, n) float32,
    # that returns the gradient: dx, but for numpy, which makes its own
    compiler: str  # the first line of what it says of itself
    flags: str
    instructions: str  # what SIMD means here


def main(argv=None):
    args = parse(argv)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        results = measure(build(folder), args.repeats)
    print(report(results))
    if args.out:
        with whole_file(args.out) as file:
            file.write(json.dumps(results, indent=2).encode())
        print(f"\nresults are in {args.out}")


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.simd_claim.simd_claim",
        description="Time the gradient of softmax in O(n^2) and O(n), scalar and SIMD, and say "
        "what the lanes gain and what the algorithm gains. Needs a C++ compiler.",
    )
    add = parser.add_argument
    add("--repeats", type=int, default=31, metavar="N", help="samples of each; default: 31")
    add("--out", type=Path, metavar="FILE", help="write the results there, as JSON")
    args = parser.parse_args(argv)
    if args.repeats < 1:
        parser.error(f"--repeats must be 1 or more; got {args.repeats}; try 31")
    return args


def build(folder):
    """Compile claim.cpp into a folder and load it, with AVX2 where this processor has it.

    Raises OSError where there is no compiler, or where it fails.
    """
    compiler = find_compiler()
    if compiler is None:
        raise FileNotFoundError(
            "the C++ compiler must be on the PATH, as c++, g++, clang++ or what CXX names, because "
            "claim.cpp is compiled where it is timed; got none of them; try installing g++ or clang"
        )
    flags = FLAGS
    library = _compile(compiler, flags, Path(folder) / "plain")
    instructions = f"the compiler's vectors of 8 floats on {platform.machine()}"
    if library.has_avx2():  # asked at run time: the compiler may know more than the processor
        flags = (*FLAGS, "-mavx2")
        library = _compile(compiler, flags, Path(folder) / "avx2")
        instructions = "AVX2"
    functions = {name: _form_of(library, name) for name in FORMS if name != "numpy"}
    functions["numpy"] = numpy_form
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout
    return Build(functions, said.partition("\n")[0], " ".join(flags), instructions)


def find_compiler():
    """The path of the C++ compiler, that of CXX or else the system's, or None."""
    names = filter(None, (os.environ.get("CXX"), "c++", "g++", "clang++"))
    return next(filter(None, map(shutil.which, names)), None)


def _compile(compiler, flags, path):
    path = path.with_suffix(".dll" if sys.platform == "win32" else ".so")
    command = [compiler, *flags, "-shared", "-fPIC", str(SOURCE), "-o", str(path)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise OSError(
            f"claim.cpp must compile with {' '.join(flags)}, flags of GCC and Clang; got from "
            f"{Path(compiler).name}:\n{run.stderr}\ntry CXX=g++ or CXX=clang++"
        )
    return ctypes.CDLL(str(path))


def _form_of(library, name):
    """A C function of pointers as a function of arrays."""
    function = ctypes.cast(getattr(library, name), ctypes.c_void_p)
    pointer, whole = ctypes.c_void_p, ctypes.c_long
    library.repeat.argtypes = [pointer, whole, pointer, pointer, pointer, whole, whole]
    library.repeat.restype = None

    def form(dy, y, dx, times=1):
        library.repeat(function, times, dy.ctypes.data, y.ctypes.data, dx.ctypes.data, *y.shape)
        return dx

    return form


def numpy_form(dy, y, _, times=1):
    """The public three lines as they stand, with the arrays they make."""
    for _ in range(times):
        dx = y * dy
        s = dx.sum(axis=-1, keepdims=True)
        dx -= y * s
    return dx


def make_rows(rows, n, rng):
    """dy and y = softmax of normal scores, (rows, n) float32 each."""
    e = np.exp(rng.standard_normal((rows, n), np.float32))
    return rng.standard_normal((rows, n), np.float32), e / e.sum(axis=1, keepdims=True)


def error_of(form, dy, y):
    """|dx - truth| / |truth| over all rows, the truth being the O(n) form in float64.

    dx starts as nan, so that an entry that is not written is not taken for right.
    """
    dx = form(dy, y, np.full_like(y, np.nan))
    dy, y = dy.astype(np.float64), y.astype(np.float64)
    truth = y * (dy - np.sum(dy * y, axis=1, keepdims=True))
    return float(np.linalg.norm(dx - truth) / np.linalg.norm(truth))


def tolerance(n):
    """n float32 roundings of one sum, all the same way; eight at least. Usual is a hundredth."""
    return max(n, 8) * float(np.finfo(np.float32).eps)


def measure(built, repeats, sizes=SIZES, rng=None):
    """Check every form at every size, then time them in turns.

    Returns a dict that JSON can hold: what was timed where, and per size and form the error, and
    the median and quartiles of the nanoseconds a row takes.
    Raises ValueError where a form other than the published one is wrong: it is not timed then.
    """
    rng = rng or np.random.default_rng(0)
    data = {n: make_rows(ROWS, n, rng) for n in sizes}
    calls = {}
    for n, (dy, y) in data.items():
        for name, form in FORMS.items():
            rows = min(ROWS, max(1, PAIRS // n**2)) if form.quadratic else ROWS
            dx = np.full_like(y[:rows], np.nan)  # not zeros, whose pages come at the first touch
            calls[n, name] = built.functions[name], dy[:rows], y[:rows], dx
    errors = {}
    for (n, name), (function, dy, y, _) in calls.items():
        errors[n, name] = error_of(function, dy, y)
        excused = n > 8 and not FORMS[name].right_from_9
        if not errors[n, name] <= tolerance(n) and not excused:
            raise ValueError(
                f"{name} must agree with float64 to {tolerance(n):.0e} at n = {n} before it is "
                f"timed; got {errors[n, name]:.1e}; try `pytest tests/test_simd_claim.py`"
            )
    samples = _time_in_turns(calls, repeats)
    timed = {
        str(n): {
            name: {
                "rows": len(calls[n, name][1]),
                "error": errors[n, name],
                "right": errors[n, name] <= tolerance(n),
                **_quartiles(samples[n, name]),
            }
            for name in FORMS
        }
        for n in sizes
    }
    return {
        "claim": CLAIM,
        "cpu": cpu(),
        "compiler": built.compiler,
        "flags": built.flags,
        "instructions": built.instructions,
        "numpy": np.__version__,
        "dtype": "float32",
        "threads": 1,
        "clock": CLOCK,
        "repeats": repeats,
        "sizes": timed,
        "gains": gains(timed),
    }


def gains(timed):
    """How many times as fast, size by size: by the lanes at one algorithm, and the reverse."""

    def gain(slow, fast):
        return {
            n: forms[slow]["ns_per_row"] / forms[fast]["ns_per_row"] for n, forms in timed.items()
        }

    return {
        "simd": {
            "O(n^2)": gain("loop_scalar", "loop_simd"),
            "O(n^2) as published": gain("loop_scalar", "loop_simd_published"),
            "O(n)": gain("linear_scalar", "linear_simd"),
        },
        "algorithm": {
            "scalar": gain("loop_scalar", "linear_scalar"),
            "SIMD": gain("loop_simd", "linear_simd"),
            "numpy over the SIMD loop": gain("loop_simd", "numpy"),
        },
    }


def _time_in_turns(calls, repeats):
    """Nanoseconds a row takes, `repeats` samples for each call, all calls of a round in turn."""
    clock = getattr(time, CLOCK)
    times = {}  # of a sample, how often the call is made: as often as fills SAMPLE
    for key, (function, *arrays) in calls.items():
        start = clock()
        function(*arrays)
        times[key] = 1 + int(SAMPLE / max(clock() - start, 1e-6))
    samples = {key: [] for key in calls}
    with tqdm(total=repeats * len(calls), unit="sample", leave=False) as bar:
        for _ in range(repeats):
            for key, (function, *arrays) in calls.items():
                start = clock()
                function(*arrays, times=times[key])
                seconds = clock() - start
                samples[key].append(1e9 * seconds / times[key] / len(arrays[0]))
                bar.update()
    return samples


def _quartiles(samples):
    low, median, high = np.quantile(samples, (0.25, 0.5, 0.75))
    return {"ns_per_row": float(median), "quartiles": [float(low), float(high)]}


def cpu():
    """The name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def report(results):
    """The table, and the two sentences the measurement is made for."""
    lines = [
        f"{results['cpu']}, one thread, float32; SIMD is {results['instructions']}, 8 lanes",
        f"{results['compiler']}: {results['flags']}",
        f"numpy {results['numpy']}, with SIMD of its own; times by {results['clock']}",
        f"medians and quartiles of {results['repeats']} samples, taken in turns, over {ROWS} rows;",
        "the O(n^2) forms over the first of them where all would take long, which favours those",
        "forms: a few rows stay in the cache, and all of them may not",
        "",
        f"{'n':>5}  {'form':<26}{'rows':>5}{'ns a row':>14}{'quartiles':>28}{'error':>10}",
    ]
    for n, forms in results["sizes"].items():
        for name, form in forms.items():
            low, high = form["quartiles"]
            lines.append(
                f"{n:>5}  {FORMS[name].title:<26}{form['rows']:>5}{form['ns_per_row']:>14,.1f}"
                f"{f'{low:,.1f} to {high:,.1f}':>28}{form['error']:>10.0e}"
                f"{'' if form['right'] else '  WRONG'}"
            )
        lines.append("")
    return "\n".join([*lines, *sentences(results)])


def sentences(results):
    """What SIMD gains at each algorithm; what the algorithm gains at each instruction set."""

    def times(gain):
        return _list([f"{g:.0f}" if g >= 9.95 else f"{g:.1f}" for g in gain.values()])

    sizes, simd, algorithm = results["sizes"], *results["gains"].values()
    wrong = [n for n, forms in sizes.items() if not forms["loop_simd_published"]["right"]]
    at = f"At n = {_list(list(sizes))}"
    return [
        f"{at}, SIMD gains {times(simd['O(n^2)'])} times on the O(n^2) loop "
        f"({times(simd['O(n^2) as published'])} as published, where {CLAIM} was claimed and the "
        f"answer is wrong at {_list(wrong) or 'none'}) and {times(simd['O(n)'])} times on the "
        "O(n) form.",
        f"{at}, the O(n) form gains {times(algorithm['scalar'])} times in scalar instructions and "
        f"{times(algorithm['SIMD'])} times in SIMD, and plain numpy's is "
        f"{times(algorithm['numpy over the SIMD loop'])} times as fast as the repaired SIMD loop.",
    ]


def _list(words):
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f"simd_claim.py: {error}")
    except KeyboardInterrupt:
        sys.exit("simd_claim.py: interrupted before all was timed")
