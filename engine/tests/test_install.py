"""What is installed: with a kernel, without one, with a broken one, or one of other sources."""

import importlib.machinery
import importlib.metadata
import os
import shutil
import subprocess
import textwrap
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
import softmax_engine
from apart import EMULATED, answer, environment, posix, run

INTERFACE = softmax_engine.kernel.INTERFACE
SOURCE = Path(__file__).parents[1]
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[-1]
INSTALL = (
    "a C++ compiler (Debian, Ubuntu: apt install g++; macOS: xcode-select --install; Windows: "
    "the Visual Studio Build Tools), then `make engine`"
)

# Two uses of it, in two places; every warning is shown, so that "once" is the package's doing.
USE = """
    import sys, warnings
    sys.path[:0] = sys.argv[1:]  # where a copy of the package lies
    warnings.simplefilter("always")
    import numpy as np
    import softmax_engine
    from softmax_engine import Rows, softmax, softmax_loss

    W, y = np.zeros((2, 3), np.float32), np.array([0, 1, 2, 1])
    loss, dW = softmax_loss(W, Rows(np.eye(4, 1).astype(np.uint8), bias=True), y, 0.0)
    assert abs(loss - np.log(3)) < 1e-6
    assert abs(dW - np.array([[-2, 1, 1], [1, -2, 1]]) / 12).max() < 1e-6
    assert abs(softmax([0.0, 0.0]) - 0.5).max() < 1e-15
    softmax_loss(W, Rows(np.eye(4, 1).astype(np.uint8), bias=True), y, 0.0)
    status = softmax_engine.status()
    print(status.instructions, "|", status.reason, "|", " ".join(status.available))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package without its kernel, first on the path of what runs beside it."""
    home = Path(softmax_engine.__file__).parent
    ignored = shutil.ignore_patterns("_kernel*", "no_kernel.txt", "__pycache__")
    return Path(shutil.copytree(home, tmp_path / "path" / "softmax_engine", ignore=ignored))


def use(package, isa=None):
    """(instructions, reason, available, the warnings) of what runs with the copy."""
    done = run(package.parents[1], USE, package.parent, SOFTMAX_ENGINE_ISA=isa)
    assert done.returncode == 0, done.stderr
    warned = [line for line in done.stderr.splitlines() if "Warning: " in line]
    return (*done.stdout.strip().split(" | "), warned)


def test_the_version_is_that_of_the_package():
    """What is imported is what was installed."""
    if EMULATED:
        pytest.skip("the package was copied, not installed")
    assert softmax_engine.__version__ == importlib.metadata.version("softmax-engine")


def test_what_is_public_is_named():
    """The names of __all__ are those the package's docstring speaks of."""
    for name in softmax_engine.__all__:
        assert callable(getattr(softmax_engine, name))
        assert name in softmax_engine.__doc__


def test_it_imports_nothing_but_numpy(tmp_path):
    """From another folder, and nothing of the assignment beside it."""
    code = """
        import sys
        import numpy
        before = set(sys.modules)
        import softmax_engine
        softmax_engine.status()
        added = {name.partition(".")[0] for name in set(sys.modules) - before}
        print(*sorted(added - set(sys.stdlib_module_names)))
    """
    assert answer(tmp_path, code) == "softmax_engine"


def test_without_a_kernel_numpy_works_and_it_is_said_once(package):
    """A RuntimeWarning names the reason and what to install; the results are right."""
    instructions, reason, available, warned = use(package)
    assert (instructions, reason, available) == ("numpy", "no kernel: it was not built", "numpy")
    assert len(warned) == 1
    assert warned[0].endswith(
        "RuntimeWarning: softmax_engine runs on numpy, slower: no kernel: it was not built; "
        f"try {INSTALL}"
    )
    assert "script.py" in warned[0]  # the line of the user, not one of the package


def test_the_reason_of_a_failed_build_is_kept(package):
    """What the compiler said at the installation is what status and the warning say."""
    (package / "no_kernel.txt").write_text("CompileError: g++ is not there\n", encoding="utf-8")
    _, reason, _, warned = use(package)
    assert reason == "no kernel: CompileError: g++ is not there"
    assert len(warned) == 1
    assert reason in warned[0]


@pytest.mark.parametrize("content", [b"", b"this is no library\n" * 100], ids=["empty", "garbage"])
def test_a_broken_kernel_is_not_taken_for_none(package, content):
    """A file that cannot be loaded is there, and status says why it cannot be used."""
    (package / f"_kernel{SUFFIX}").write_bytes(content)
    instructions, reason, available, warned = use(package)
    assert (instructions, available) == ("numpy", "numpy")
    assert reason.startswith("the kernel cannot be loaded: ")
    assert "_kernel" in reason
    assert len(warned) == 1
    assert reason in warned[0]


def test_a_library_that_is_no_kernel_is_not_taken_for_none(package):
    """An extension of something else, under this name, has no way in."""
    others = Path(np.__file__).parent.glob(f"**/*{SUFFIX}")
    shutil.copy(next(others), package / f"_kernel{SUFFIX}")
    _, reason, _, warned = use(package)
    assert reason.startswith("the kernel cannot be loaded: ")
    assert len(warned) == 1


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ("INTERFACE = -7", "-7"),
        ("", "None"),
        (f"INTERFACE = '{INTERFACE}'", str(INTERFACE)),
    ],
)
def test_a_kernel_of_other_sources_is_refused(package, text, built):
    """Its interface is another number, or none: numpy works, and status says so."""
    (package / "_kernel.py").write_text(text, encoding="utf-8")
    instructions, reason, _, warned = use(package)
    assert instructions == "numpy"
    assert reason == f"the kernel is of interface {built} and must be of {INTERFACE}"
    assert len(warned) == 1
    assert f"{reason}; try {INSTALL}" in warned[0]


def test_numpy_when_asked_for_is_not_warned_of(package):
    """SOFTMAX_ENGINE_ISA=numpy is a wish, and granted in silence."""
    instructions, reason, _, warned = use(package, isa="numpy")
    assert (instructions, reason, warned) == ("numpy", "SOFTMAX_ENGINE_ISA asks for it", [])


def test_a_kernel_asked_for_that_is_not_there_is_refused(package):
    """Numpy is no substitute where instructions are named."""
    done = run(package.parents[1], USE, package.parent, SOFTMAX_ENGINE_ISA="plain")
    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "ValueError: SOFTMAX_ENGINE_ISA must be one of numpy here; got plain; try unset it"
    )


# ---- pip -------------------------------------------------------------------------------------


@pytest.fixture
def sources(tmp_path):
    """A copy of the sources, so that building leaves nothing in them."""
    if not (SOURCE / "setup.py").exists():
        pytest.skip("the sources of softmax_engine are not beside its tests")
    ignored = shutil.ignore_patterns("build", "*.egg-info", "tests", "__pycache__")
    return shutil.copytree(SOURCE, tmp_path / "engine", ignore=ignored)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The Python of a new environment that holds pip alone."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, with_pip=True)
    names = {"posix": "bin/python", "nt": "Scripts/python.exe"}
    return folder / names[os.name]


def pip(python, *arguments, **changes):
    command = [python, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(
        command,
        env=environment(PYTHONPATH=None, **changes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def used(python, folder, isa=None):
    """(instructions, reason, warnings) of the installed package, from a folder of no interest."""
    (folder / "script.py").write_text(textwrap.dedent(USE))
    done = subprocess.run(
        [python, "script.py"],
        cwd=folder,
        env=environment(PYTHONPATH=None, SOFTMAX_ENGINE_ISA=isa),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    instructions, reason, _ = done.stdout.strip().split(" | ")
    return instructions, reason, [line for line in done.stderr.splitlines() if "Warning: " in line]


@pytest.mark.proof
def test_pip_installs_it_with_its_kernel(empty, sources, tmp_path):
    """Into an empty environment, numpy coming along; and is used from another folder."""
    pip(empty, "install", "--force-reinstall", sources)
    instructions, reason, warned = used(empty, tmp_path)
    assert instructions != "numpy"
    assert (reason, warned) == ("the fastest of this machine", [])
    installed = {line.split("==")[0] for line in pip(empty, "list", "--format=freeze").split()}
    assert installed - {"pip", "setuptools"} == {"numpy", "softmax-engine"}


@pytest.mark.proof
def test_one_wheel_serves_every_python(empty, sources, tmp_path):
    """From 3.11 on, with the kernel in it and none of its sources."""
    pip(empty, "wheel", "--no-deps", "-w", tmp_path, sources)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith("softmax_engine-1.0.0-cp311-abi3-")
    names = zipfile.ZipFile(wheel).namelist()
    (kernel,) = [name for name in names if "_kernel" in name]
    assert ".abi3." in kernel or kernel.endswith(".pyd")
    assert {Path(name).suffix for name in names} <= {Path(kernel).suffix, ".py", "", ".txt"}


@pytest.mark.proof
@posix
@pytest.mark.parametrize("compiler", ["false", "none"])
def test_pip_installs_it_without_a_compiler(empty, sources, tmp_path, compiler):
    """One that fails, or none on the path: it runs on numpy, and says why, once."""
    changes = {"CC": "false", "CXX": "false"}
    if compiler == "none":
        changes = {"CC": None, "CXX": None, "PATH": str(empty.parent)}
    pip(empty, "install", "--force-reinstall", sources, **changes)
    instructions, reason, warned = used(empty, tmp_path)
    assert instructions == "numpy"
    assert reason.startswith("no kernel: CompileError: ")
    assert len(warned) == 1
    assert reason in warned[0]
    assert INSTALL in warned[0]


@pytest.mark.proof
@posix
def test_a_build_that_fails_does_not_pass_on_an_older_kernel(empty, sources, tmp_path):
    """What an earlier build left in the folder is not what these sources mean."""
    pip(empty, "install", "--force-reinstall", sources)
    assert used(empty, tmp_path)[0] != "numpy"
    pip(empty, "install", "--force-reinstall", sources, CC="false", CXX="false")
    assert used(empty, tmp_path)[0] == "numpy"
