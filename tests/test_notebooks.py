"""The notebooks: each made from its source, and each runs from top to bottom."""

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.proof

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SOURCES = sorted(NOTEBOOKS.glob("[0-9]_*.py"))
each_source = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def build():
    pytest.importorskip("jupytext", reason="requirements/proof.txt is not installed")
    sys.path.insert(0, str(NOTEBOOKS))
    import build

    sys.path.remove(str(NOTEBOOKS))
    return build


@each_source
def test_the_notebook_is_its_source(build, source):
    """Same cells, same ids, same text; what they print is not compared."""
    import nbformat

    kept = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    made = build.read_source(source)
    cells = [[(cell.id, cell.cell_type, cell.source) for cell in nb.cells] for nb in (kept, made)]
    assert cells[0] == cells[1], "try `make render`"


@each_source
def test_the_kept_notebook_is_clean(source):
    """Run in order, without an error, without a path of the machine it ran on."""
    import nbformat

    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    # Folders of this machine, and those that give away another.
    places = ("/tmp/", "/home/", "/Users/", "site-packages", str(NOTEBOOKS.parent))
    assert not [place for place in places if place in str(outputs)]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures
    assert all(output.metadata["image/png"]["alt"] for output in pictures)


@each_source
def test_it_runs_on_generated_images(build, source):
    """From top to bottom, every cell twice: each is safe to run again."""
    notebook = build.read_source(source)
    doubled = []
    for cell in notebook.cells:
        doubled += (
            [cell, {**cell, "id": f"{cell.id}-again"}] if cell.cell_type == "code" else [cell]
        )
    notebook.cells = [type(notebook.cells[0])(cell) for cell in doubled]
    build.run(notebook)


@each_source
def test_it_runs_on_real_images(build, source, real_images):
    """Once through, where CIFAR10_DIR names them; a notebook that loads images says so."""
    notebook = build.run(build.read_source(source), images=str(Path(real_images).resolve()))
    if "data_utils" in source.read_text(encoding="utf-8"):
        assert "CIFAR-10 in" in str(notebook.cells)
