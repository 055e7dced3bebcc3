"""The house: who imports whom, how long a function is, and what lies in the root."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted([*ROOT.glob("*.py"), *ROOT.glob("classifiers/*.py")])
STANDARD = set(sys.stdlib_module_names)
NUMERIC = STANDARD | {"numpy", "scipy"}

# What each core file may import: of others' packages and of ours.
MAY_IMPORT = {
    "optim.py": NUMERIC,
    "gradient_check.py": NUMERIC,
    "layers.py": NUMERIC,
    "cifar_like.py": STANDARD | {"numpy"},
    "data_utils.py": NUMERIC | {"pooch", "tqdm", "cifar_like"},
    "vis_utils.py": NUMERIC | {"matplotlib"},
    "classifiers/__init__.py": {"classifiers"},
    "classifiers/door.py": NUMERIC,
    "classifiers/files.py": STANDARD,
    "classifiers/softmax.py": NUMERIC | {"classifiers"},
    "classifiers/linear_svm.py": NUMERIC | {"classifiers"},
    "classifiers/compiled.py": NUMERIC | {"classifiers"},
    "classifiers/linear_classifier.py": NUMERIC | {"classifiers", "optim", "threadpoolctl", "tqdm"},
    "train.py": NUMERIC | {"threadpoolctl", "classifiers", "cifar_like", "data_utils", "vis_utils"},
}
MAY_HOLD = {
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml"),
    *("requirements.txt", "requirements", "train.py", "datasets", "layers.py", "optim.py"),
    *("gradient_check.py", "data_utils.py", "cifar_like.py", "vis_utils.py", "classifiers"),
    *("notebooks", "grading", "engine", "benchmarks", "tests"),
}


def imports(path):
    """The top-level names a file imports anywhere; a relative import is of its own folder."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield path.parent.name if node.level else node.module.split(".")[0]


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_core_imports_what_it_may(path):
    """The way of the data is one direction, and nothing in core knows of an outer ring."""
    allowed = MAY_IMPORT[path.relative_to(ROOT).as_posix()]
    assert set(imports(path)) <= allowed


@pytest.mark.parametrize("path", sorted(ROOT.glob("grading/*.py")), ids=lambda path: path.name)
def test_grading_holds_no_exercise_for_true(path):
    """What is judged is loaded by path; the truth is scipy's."""
    judged = {"classifiers", "layers", "gradient_check", "optim"}
    assert not judged & set(imports(path))


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("engine/src/softmax_engine/*.py")), ids=lambda path: path.name
)
def test_the_engine_knows_nothing_of_ours(path):
    """Installed, it cannot see this folder."""
    assert set(imports(path)) <= STANDARD | {"numpy", "softmax_engine"}


def test_datasets_holds_no_python():
    """So that the folder shadows no package of its name."""
    assert list(ROOT.glob("datasets/**/*.py")) == []


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_core_function_is_long(path):
    """Thirty lines of code at the most, the docstring not counted, nor its signature."""
    lines = path.read_text().splitlines()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            code = [
                line
                for line in lines[body[0].lineno - 1 : body[-1].end_lineno]
                if line.strip() and not line.strip().startswith("#")
            ]
            assert len(code) <= 30, f"{node.name} has {len(code)}"


def test_the_root_holds_little():
    """No entry that git knows, beyond those of the design."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    names = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= MAY_HOLD


def test_solutions_stand_between_markers():
    """Each BEGIN SOLUTION has its END, in the exercises' files and in no other of core."""
    with_markers = set()
    for path in CORE:
        markers = [
            line.strip()
            for line in path.read_text().splitlines()
            if line.strip() in ("# BEGIN SOLUTION", "# END SOLUTION")
        ]
        assert markers == ["# BEGIN SOLUTION", "# END SOLUTION"] * (len(markers) // 2)
        if markers:
            with_markers.add(path.relative_to(ROOT).as_posix())
    assert with_markers == {
        *("classifiers/linear_svm.py", "classifiers/softmax.py"),
        *("gradient_check.py", "layers.py"),
    }
