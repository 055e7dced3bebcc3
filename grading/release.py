"""Write the student's copy of the course, a folder and a zip: the solutions are cut out.

    python -m grading.release --out DIR

Each region between the two marker comments becomes the TODO of grading/exercises.toml. The copy
is proved before it is put in place: `grading.check` must call every exercise unfinished in it,
and right once the solutions are pasted back.
"""

import argparse
import ast
import io
import itertools
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from .check import ROOT, is_optional, read_exercises

NAME = "softmax-assignment"
FILES = (
    "LICENSE",
    "requirements.txt",
    "train.py",
    "layers.py",
    "optim.py",
    "gradient_check.py",
    "data_utils.py",
    "cifar_like.py",
    "vis_utils.py",
    "classifiers/*.py",
    "engine/*.*",
    "engine/kernel/*",
    "engine/src/softmax_engine/[!b]*.py",  # but by_numpy.py, which is the vectorized rung
    "datasets/README.md",
    "datasets/registry.txt",
    "notebooks/*.ipynb",
    "grading/__init__.py",
    "grading/check.py",
    "grading/calls.py",
    "grading/points.py",
    "grading/diagnosis.py",
    "grading/formulas.py",
    "grading/loops.py",
    "grading/exercises.toml",
    "grading/faults.toml",
)
BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
END_OF_STUDENTS_MAKEFILE = (
    "# Below this line: verbs of teachers and maintainers, not in the student's copy."
)
# What a look at the copy leaves in it: no one's work, and made again.
LEAVINGS = {"__pycache__", ".venv", ".ipynb_checkpoints", "outputs"}


class Release(NamedTuple):
    """What was written: the folder, its zip, the names of its files, and the exercises."""

    folder: Path
    archive: Path
    files: list
    exercises: list

    def __str__(self):
        size = self.archive.stat().st_size / 1000
        lines = [f"wrote {self.folder} ({len(self.files)} files)"]
        lines += [f"wrote {self.archive} ({size:.0f} kB), to hand out"]
        for e in self.exercises:
            optional = "   (optional)" if is_optional(e) else ""
            lines.append(f"  {e['function']:<26}{e['points']:>3} points   {e['file']}{optional}")
        return "\n".join(lines)


def release(out, root=ROOT):
    """Write the folder and the zip of the student's copy into `out`; returns a Release.

    Raises ValueError, and leaves `out` as it was, where a solution cannot be cut or is left
    over, the copy does not prove itself, or a folder of that name is not ours to replace.
    """
    out, exercises = Path(out), read_exercises(root)
    folder, archive = out / NAME, out / f"{NAME}.zip"
    check_replaceable(folder, archive)
    files, solutions = student_files(root, exercises)
    check_nothing_left(files, solutions)
    prove(files, root, exercises)
    put_in_place(files, folder, archive)
    return Release(folder, archive, sorted(files), exercises)


def student_files(root, exercises):
    """({path: text} of the student's copy, [(exercise, lines of its solution)])."""
    files, solutions = {}, []
    # A name without a star must be there; there may be no notebook yet.
    paths = (sorted(root.glob(name)) if "*" in name else [root / name] for name in FILES)
    for path in itertools.chain(*paths):
        file, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        take = cut_notebook if path.suffix == ".ipynb" else cut
        files[file], cuts = take(text, file, exercises)
        solutions += cuts
    found = [exercise["function"] for exercise, _ in solutions]
    for exercise in exercises:
        if found.count(exercise["function"]) != 1:
            _fail(
                f"{exercise['function']} in {exercise['file']}",
                f"have one solution between {BEGIN} and {END}",
                found.count(exercise["function"]),
                "markers around its body, or grading/exercises.toml without it",
            )
    files["README.md"] = (root / "grading/student/README.md").read_text(encoding="utf-8")
    files["Makefile"] = students_makefile((root / "Makefile").read_text(encoding="utf-8"))
    return files, solutions


def cut(text, file, exercises):
    """(text with a TODO in place of each solution, [(exercise, lines of its solution)])."""
    lines, cuts = text.split("\n"), []
    for begin, end in reversed(_regions(lines, file)):  # from below: the numbers above stay
        function = _function_around(text, begin + 1, file)
        for exercise in exercises:
            if (exercise["file"], exercise["function"]) == (file, function):
                break
        else:
            _fail(
                f"the solution at {file}, line {begin + 1}",
                "lie in the function of an exercise, or students could not be told what to do",
                function or "no function",
                "an entry in grading/exercises.toml",
            )
        cuts.append((exercise, lines[begin + 1 : end]))
        indent = lines[begin][: -len(lines[begin].lstrip())]
        lines[begin : end + 1] = [f"{indent}{line}".rstrip() for line in _todo(exercise)]
    return "\n".join(lines), cuts


def cut_notebook(text, file, exercises):
    """The same for a notebook's code cells, whose outputs and counts go too."""
    notebook, cuts = json.loads(text), []
    kept = notebook["metadata"].keys() & {"kernelspec", "language_info"}
    notebook["metadata"] = {key: notebook["metadata"][key] for key in sorted(kept)}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
            cell["metadata"].pop("execution", None)  # when it was run
            source, more = cut("".join(cell["source"]), file, exercises)
            cell["source"] = source.splitlines(keepends=True)
            cuts += more
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", cuts


def students_makefile(text):
    """The part of the Makefile above the line where the teachers' begins."""
    above, line, _ = text.partition(f"\n{END_OF_STUDENTS_MAKEFILE}\n")
    if not line:
        _fail(
            "Makefile",
            "say where the student's part ends",
            "no such line",
            f"a line that reads: {END_OF_STUDENTS_MAKEFILE}",
        )
    return above.rstrip() + "\n"


def check_nothing_left(files, solutions):
    """Raise ValueError where a marker or a line of a solution is left in the student's files."""
    told = {_bare(line): e["function"] for e, lines in solutions for line in lines}
    for file, text in files.items():
        if file.endswith(".ipynb"):
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells)
        for number, line in enumerate(text.split("\n"), 1):
            place = f"{file}, line {number}"
            if re.search(r"(BEGIN|END)\s*SOLUTION", line, re.IGNORECASE):
                remedy = f"{BEGIN} and {END}, each on a line of its own, in code"
                _fail(place, "hold no marker once solutions are cut", line.strip(), remedy)
            if _bare(line) in told and not _is_trivial(_bare(line)):
                remedy = f"other words than those of the solution of {told[_bare(line)]}"
                _fail(place, "hold no line of a solution", line.strip(), remedy)


def prove(files, root, exercises):
    """Raise ValueError unless a copy is unfinished as it is, and right with the solutions."""
    with tempfile.TemporaryDirectory() as folder:
        _write(files, Path(folder))
        _expect("unfinished", folder, exercises, "the fresh copy")
        solved = {e["file"]: (root / e["file"]).read_text(encoding="utf-8") for e in exercises}
        _write(solved, Path(folder))
        _expect("right", folder, exercises, "the copy with the solutions pasted back")


def _expect(state, folder, exercises, what):
    # A process of its own, in the copy: nothing of this folder may help it along.
    command = [sys.executable, "-B", "-m", "grading.check"]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace"
    )
    # Names and states; what is indented says more of one, and the last line counts.
    said = [line.split()[:2] for line in run.stdout.splitlines()[:-1] if line[:1] != " "]
    if said != [[exercise["function"], state] for exercise in exercises]:
        _fail(
            what,
            f"have every exercise {state}",
            f"\n{run.stdout}{run.stderr}",
            "python -m grading.check here, and mend what it says",
        )


def check_replaceable(folder, archive):
    """Raise ValueError where there is a folder that is not as an earlier release wrote it."""
    if not folder.exists():
        return
    try:
        with zipfile.ZipFile(archive) as earlier:
            ours = {Path(name): earlier.read(name) for name in earlier.namelist()}
    except (OSError, zipfile.BadZipFile):
        ours = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        name = path.relative_to(folder.parent)
        if not path.is_file() or LEAVINGS & set(name.parts):
            continue
        if ours.get(name) != path.read_bytes():
            must = f"be as {archive.name} beside it, or it could not be replaced without loss"
            _fail(folder, must, f"another {name}", "moving the folder away, or another --out")


def put_in_place(files, folder, archive):
    """Write all beside its place, then move it there: nothing is ever half-written."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".release-", dir=folder.parent) as staging:
        staging = Path(staging)
        _write(files, staging / NAME)
        (staging / archive.name).write_bytes(zip_bytes(files))
        if folder.exists():
            folder.rename(staging / "earlier")
        (staging / NAME).rename(folder)
        (staging / archive.name).replace(archive)


def zip_bytes(files):
    """The zip of {path: text}, the same bytes whenever and wherever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, text in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{NAME}/{file}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, also where it is made on Windows
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, text.encode(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()


def _regions(lines, file):
    """The (begin, end) line indices of the solutions."""
    regions, begin = [], None
    for number, line in enumerate(lines):
        if line.strip() == (BEGIN if begin is not None else END):
            _fail(f"{file}, line {number + 1}", "keep markers in pairs", line.strip(), "its pair")
        if line.strip() == BEGIN:
            begin = number
        elif line.strip() == END:
            regions.append((begin, number))
            begin = None
    if begin is not None:
        _fail(f"{file}, line {begin + 1}", "keep markers in pairs", f"no {END} below", END)
    return regions


def _function_around(text, line, file):
    """The name of the innermost function around a line, None where there is none."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        _fail(file, "be Python where a solution is", error, "a cell of its own, without magics")
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    around = [node for node in functions if node.lineno < line <= node.end_lineno]
    return max(around, key=lambda node: node.lineno).name if around else None


def _todo(exercise):
    for number, line in enumerate(exercise["text"].strip().split("\n")):
        yield f"# {'' if number else 'TODO: '}{line}"
    yield f'raise NotImplementedError("{exercise["function"]}: write it in {exercise["file"]}")'


def _bare(line):
    """A line without spaces and comment signs, so that no solution hides in a comment."""
    return re.sub(r"\s", "", line.strip().lstrip("#").split("#")[0])


def _is_trivial(line):
    """Whether a line of code tells nothing: it does no arithmetic and calls no numpy."""
    return not re.search(r"[-+*/@]|np\.", line)


def _write(files, folder):
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _fail(name, must, got, remedy):
    raise ValueError(f"{name} must {must}; got {got}; try {remedy}")


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m grading.release",
        description=f"Write the student's copy: DIR/{NAME}/ and DIR/{NAME}.zip, the solutions "
        "replaced by the TODOs of grading/exercises.toml. It is proved first; where anything "
        "is amiss nothing is written.",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="where to; made if need be")
    try:
        print(release(parser.parse_args(argv).out))
    except (OSError, ValueError) as error:
        sys.exit(f"release: {error}")


if __name__ == "__main__":
    main()
