"""Code run in a process of its own, and what came of it."""

import os
import subprocess
import sys
import textwrap

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells and sets this")
posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks are of POSIX")


# Set by sanitize.py and emulate.py.
SANITIZED, EMULATED = (os.environ.get(name) for name in ("SANITIZED", "EMULATED"))
# Where a process is meant to end by a signal, a sanitizer is to let it.
LET_DIE = {
    name: f"{os.environ.get(name, '')}:handle_segv=0:handle_sigbus=0"
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")
    if SANITIZED
}


def environment(**changes):
    """That of this process, with the changes; None takes a variable out."""
    mixed = {**os.environ, **changes}
    return {name: value for name, value in mixed.items() if value is not None}


def start(folder, code, *arguments, **changes):
    """A script in the folder, under way."""
    (folder / "script.py").write_text(textwrap.dedent(code))
    return subprocess.Popen(
        [sys.executable, "script.py", *map(str, arguments)],
        cwd=folder,
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder, code, *arguments, seconds=120, **changes):
    """The finished process of a script; it may have failed."""
    with start(folder, code, *arguments, **changes) as process:
        try:
            said, wrong = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, said, wrong)


def answer(folder, code, *arguments, **more):
    """What the script printed, where it came to its end."""
    done = run(folder, code, *arguments, **more)
    assert done.returncode == 0, f"{done.returncode}: {done.stdout[-500:]} {done.stderr[-2000:]}"
    return done.stdout.strip()
