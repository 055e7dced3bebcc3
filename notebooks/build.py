"""Make each notebook `N_name.ipynb` from its source `N_name.py`, run from top to bottom.

    make render        (python notebooks/build.py [NAME ...])

The run happens in a copy of the project without any images, so that every picture kept is of
generated ones. What a cell prints may differ from run to run in its times; sources may not.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = (".git", ".venv", "cifar-10-batches-py", "outputs", "release", "__pycache__")


def read_source(path):
    """The notebook that a percent-format file describes; each cell names its id there.

    Raises KeyError where a cell names none, nbformat's ValidationError where two share one.
    """
    notebook = jupytext.read(path)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        # Given, not counted: a cell keeps its id when another is put before it.
        cell["id"] = cell.metadata.pop("id")
    nbformat.validate(notebook)
    return notebook


def run(notebook, images=None):
    """Run a notebook in a copy of the project; raises CellExecutionError where a cell fails.

    images : folder of real images for CIFAR10_DIR, or None for generated ones
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "softmax"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        kept = os.environ.pop("CIFAR10_DIR", None)
        if images:
            os.environ["CIFAR10_DIR"] = images
        try:
            client = NotebookClient(notebook, timeout=600, coalesce_streams=True)
            client.execute(cwd=copy / "notebooks")
        finally:
            os.environ.pop("CIFAR10_DIR", None)
            if kept is not None:
                os.environ["CIFAR10_DIR"] = kept
    return notebook


def main(names):
    sources = sorted(Path(__file__).parent.glob("[0-9]_*.py"))
    for source in sources:
        if not names or source.stem in names:
            notebook = run(read_source(source))
            nbformat.write(notebook, source.with_suffix(".ipynb"))
            print(f"{source.stem}: {len(notebook.cells)} cells")


if __name__ == "__main__":
    main(sys.argv[1:])
