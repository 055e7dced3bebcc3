"""Run the engine's tests on 64-bit ARM, emulated: what NEON computes, on a machine without it.

    python engine/tests/emulate.py FOLDER [options of pytest]

FOLDER keeps Debian's Python for ARM and the wheels of numpy and pytest, fetched the first time.
Needs Debian or Ubuntu, and: apt install qemu-user-static g++-aarch64-linux-gnu
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ENGINE = Path(__file__).resolve().parent.parent
TOOLS = "qemu-aarch64-static", "aarch64-linux-gnu-g++", "apt-get", "dpkg"
# Python 3.11 and the libraries that it and numpy load.
PACKAGES = [
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libc6",
    "libgcc-s1",
    "libstdc++6",
    "zlib1g",
    "libexpat1",
    "libffi8",
    "libssl3",
    "libbz2-1.0",
    "liblzma5",
    "libsqlite3-0",
    "libuuid1",
]


def main(folder, *options):
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        sys.exit(
            f"emulate must have {', '.join(TOOLS)}; got no {', '.join(missing)}; "
            "try apt install qemu-user-static g++-aarch64-linux-gnu"
        )
    folder = Path(folder).resolve()
    if not (folder / "site").exists():
        fetch(folder)
    build(folder / "site")
    python = folder / "python"
    python.write_text(
        f"#!/bin/sh\nexec qemu-aarch64-static -L {folder}/root -E PYTHONHOME={folder}/root/usr "
        f'-E PYTHONPATH={folder}/site {folder}/root/usr/bin/python3.11 "$@"\n'
    )
    python.chmod(0o755)
    # Python itself knows only of the program below the emulator, which no other process can run.
    code = (
        f"import pytest, sys; sys.executable = {str(python)!r}; sys.exit(pytest.main(sys.argv[1:]))"
    )
    tests = shutil.copytree(ENGINE / "tests", folder / "tests", dirs_exist_ok=True)
    command = [python, "-c", code, "-q", "-p", "no:cacheprovider", tests, *options]
    sys.exit(subprocess.run(command, cwd=folder, env={**os.environ, "EMULATED": "1"}).returncode)


def fetch(folder):
    """Debian's packages into folder/root, wheels into folder/site; whole, or site is not there."""
    debs, root = folder / "debs", folder / "root"
    debs.mkdir(parents=True, exist_ok=True)
    known = "arm64" in run("dpkg", "--print-foreign-architectures", capture_output=True).stdout
    if not known:
        run("dpkg", "--add-architecture", "arm64")
    try:
        run("apt-get", "update", "-qq")
        run("apt-get", "download", "-qq", *(f"{name}:arm64" for name in PACKAGES), cwd=debs)
    finally:
        if not known:
            run("dpkg", "--remove-architecture", "arm64")
    for deb in debs.glob("*.deb"):
        run("dpkg", "-x", deb, root)
    platforms = [f"--platform=manylinux{tag}_aarch64" for tag in ("2014", "_2_28")]
    run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder / "wheels"),
        *(
            "--only-binary=:all:",
            "--python-version=3.11",
            *platforms,
            "numpy",
            "pytest",
            "hypothesis",
        ),
    )
    (folder / "wheels").rename(folder / "site")


def build(site):
    package = shutil.copytree(
        ENGINE / "src" / "softmax_engine", site / "softmax_engine", dirs_exist_ok=True
    )
    run(
        *("aarch64-linux-gnu-g++", "-O3", "-std=c++17", "-fPIC", "-shared", "-pthread"),
        f"-I{sysconfig.get_paths()['include']}",
        *sorted((ENGINE / "kernel").glob("*.cpp")),
        *("-o", Path(package) / "_kernel.abi3.so"),
    )


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, **options)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
