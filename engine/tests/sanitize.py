"""Build the engine with the sanitizers of the compiler, and run its tests under each.

    python engine/tests/sanitize.py            address and undefined behaviour, then threads
    python engine/tests/sanitize.py thread     one of them

The build lies in a temporary folder; what is installed is not touched. Needs GCC or clang on Linux.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ENGINE = Path(__file__).parent.parent
# (flags, libraries to be loaded before Python, environment). Python itself leaks by design; a
# report of anything else ends the run.
SANITIZERS = {
    "address": (
        "-fsanitize=address,undefined -fno-sanitize-recover=undefined",
        ["libasan.so", "libubsan.so"],
        {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"},
    ),
    "thread": (
        "-fsanitize=thread",
        ["libtsan.so"],
        # Fork, as multiprocessing and the tests of it do, is not what is looked for.
        {"TSAN_OPTIONS": "exitcode=66 die_after_fork=0"},
    ),
}


def main(names):
    compiler = os.environ.get("CXX", "c++")
    if not sys.platform.startswith("linux") or not shutil.which(compiler):
        sys.exit(
            f"sanitize must have a C++ compiler on Linux; got no {compiler}; try apt install g++"
        )
    for name in names or SANITIZERS:
        print(f"{name} sanitizer:", flush=True)
        run_under(name, compiler)


def run_under(name, compiler):
    flags, libraries, options = SANITIZERS[name]
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "engine"
        shutil.copytree(ENGINE, sources, ignore=shutil.ignore_patterns("build", "*.egg-info"))
        target = Path(folder) / "installed"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                target,
                sources,
            ],
            env={
                **os.environ,
                "SOFTMAX_ENGINE_CXXFLAGS": f"-g -O1 -fno-omit-frame-pointer {flags}",
            },
            check=True,
        )
        preload = [
            subprocess.check_output([compiler, f"-print-file-name={library}"], text=True).strip()
            for library in libraries
        ]
        environment = {
            **os.environ,
            **options,
            "PYTHONPATH": str(target),
            "LD_PRELOAD": " ".join(preload),
            "OPENBLAS_NUM_THREADS": "1",  # threads of others are not what is looked for
            "SANITIZED": name,
        }
        tests = sources / "tests"
        subprocess.run(
            [sys.executable, "-c", "import softmax_engine as e; s = e.status(); print(s); "
             f"assert e.__file__.startswith({str(target)!r}) and s.instructions != 'numpy'"],
            env=environment,
            check=True,
        )  # fmt: skip
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                tests,
                "-m",
                "not proof",
            ],
            cwd=folder,
            env=environment,
            check=True,
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed: {error}")
