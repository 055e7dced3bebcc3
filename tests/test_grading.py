"""The teacher's ring: verdicts on right and wrong solutions, and the release of the copy."""

import json
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from classifiers import softmax_loss_naive, softmax_loss_vectorized
from classifiers.door import door
from grading.check import CASES, check, judge, numerical_gradient, read_exercises
from grading.release import BEGIN, END, NAME, cut, cut_notebook, release, students_makefile

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = read_exercises()
SOFTMAX = "classifiers/softmax.py"
EXERCISE = "softmax_loss_vectorized"
NOT_SOURCE = (".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "outputs", "release")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A release of this folder."""
    return release(tmp_path_factory.mktemp("released"))


@pytest.fixture
def copy(released, tmp_path):
    """A student's fresh copy, to work in."""
    return Path(shutil.copytree(released.folder, tmp_path / NAME))


@pytest.fixture
def source(tmp_path):
    """A copy of the source, to be spoiled."""
    ignored = shutil.ignore_patterns(*NOT_SOURCE, "cifar-10-batches-py", "engine", "tests")
    return Path(shutil.copytree(ROOT, tmp_path / "source", ignore=ignored))


def run_check(folder, *exercises):
    command = [sys.executable, "-B", "-m", "grading.check", *exercises]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def states(run):
    return [line.split()[1] for line in run.stdout.splitlines() if line.startswith("softmax_")]


# The verdict on wrong solutions: each with what its report must name. The bodies lean on a
# right softmax, so that each is wrong in the one way its name says.


def parts(W, X, y):
    P, Y = softmax(X @ W, axis=1), np.eye(W.shape[1], dtype=W.dtype)[y]
    log_p = np.log(np.sum(P * Y, axis=1))
    return len(X), P, Y, log_p


def no_regularisation_in_dW(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) / N


def no_regularisation_at_all(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean(), X.T @ (P - Y) / N


def regularisation_doubled(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg * np.sum(W**2), X.T @ (P - Y) / N + 2 * reg * W


def dW_not_averaged(W, X, y, reg):
    _, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) + reg * W


def nothing_averaged(W, X, y, reg):
    _, P, Y, log_p = parts(W, X, y)
    return -log_p.sum() + reg / 2 * np.sum(W**2), X.T @ (P - Y) + reg * W


def sign(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (Y - P) / N + reg * W


def no_indicator(W, X, y, reg):
    N, P, _, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ P / N + reg * W


def last_example_only(W, X, y, reg):
    _, P, Y, log_p = parts(W, X, y)
    dW = np.outer(X[-1], P[-1] - Y[-1])
    return -log_p.mean() + reg / 2 * np.sum(W**2), dW + reg * W


def classes_counted_from_y(W, X, y, reg):
    N, P, _, log_p = parts(W, X, y)
    Y = np.eye(y.max() + 1)[y]
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) / N + reg * W


def no_max_shift(W, X, y, reg):
    N, _, Y, _ = parts(W, X, y)
    P = np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True)
    loss = -np.log(np.sum(P * Y, axis=1)).mean() + reg / 2 * np.sum(W**2)
    return loss, X.T @ (P - Y) / N + reg * W


def whole_batch_max(W, X, y, reg):
    N, _, Y, _ = parts(W, X, y)
    P = np.exp(X @ W - np.max(X @ W))
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.log(np.sum(P * Y, axis=1)).mean() + reg / 2 * np.sum(W**2)
    return loss, X.T @ (P - Y) / N + reg * W


def logarithm_of_underflow(W, X, y, reg):
    N, P, Y, log_p = parts(W, X, y)
    return -log_p.mean() + reg / 2 * np.sum(W**2), X.T @ (P - Y) / N + reg * W


def infinite(W, X, y, reg):
    return np.inf, W


def epsilon_in_log(W, X, y, reg):
    N, P, Y, _ = parts(W, X, y)
    loss = -np.log(np.sum(P * Y, axis=1) + 1e-12).mean() + reg / 2 * np.sum(W**2)
    return loss, X.T @ (P - Y) / N + reg * W


def dW_one_part_in_a_thousand_off(W, X, y, reg):
    loss, dW = softmax_loss_vectorized(W, X, y, reg)
    return loss, 1.001 * dW


def transposed(W, X, y, reg):
    loss, dW = softmax_loss_vectorized(W, X, y, reg)
    return loss, dW.T


def no_mean_of_the_losses(W, X, y, reg):
    return -parts(W, X, y)[3], W


def one_result(W, X, y, reg):
    return 0.0


def raises(W, X, y, reg):
    return X[len(X)]


def leaves(W, X, y, reg):
    sys.exit("no time")


def writes_into_X(W, X, y, reg):
    result = softmax_loss_vectorized(W, X, y, reg)
    X /= len(X)
    return result


WRONG = [
    (no_regularisation_in_dW, "test point 2, reg = 0.3:", "dW: 20 of 20 entries differ"),
    (no_regularisation_at_all, "test point 2, reg = 0.3:", "loss: yours 2.05704, expected 4.39"),
    (regularisation_doubled, "test point 2, reg = 0.3:", "dW: 20 of 20 entries differ"),
    (dW_not_averaged, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (nothing_averaged, "test point 1, reg = 0:", "loss: yours 14.39928, expected 2.05704"),
    (sign, "test point 1, reg = 0:", "most dW[3, 0]: yours 0.56836864, expected -0.56836864"),
    (no_indicator, "test point 1, reg = 0:", "dW: 15 of 20 entries differ"),
    (last_example_only, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (classes_counted_from_y, "test point 1, reg = 0:", "ValueError: operands could not be"),
    (no_max_shift, "test point 6, rows of scores near +1000", "loss: yours nan"),
    (whole_batch_max, "test point 6, rows of scores near +1000", "loss: yours nan"),
    (logarithm_of_underflow, "test point 8, scores 1000 apart", "loss: yours inf"),
    (infinite, "test point 1, reg = 0:", "loss: yours inf, expected 2.05704"),
    (epsilon_in_log, "test point 8, scores 1000 apart", "expected 998.94924"),
    (dW_one_part_in_a_thousand_off, "test point 1, reg = 0:", "dW: 20 of 20 entries differ"),
    (
        transposed,
        "test point 1, reg = 0:",
        "ValueError: dW must have the shape of W, (5, 4)",
    ),
    (no_mean_of_the_losses, "test point 1, reg = 0:", "ValueError: loss must be one number"),
    (one_result, "test point 1, reg = 0:", "ValueError: the result must be the pair (loss, dW)"),
    (raises, "IndexError: index 7 is out of bounds", "line {line}: return X[len(X)]"),
    (writes_into_X, "test point 1, reg = 0:", "X must be left as it was"),
    (leaves, "SystemExit: no time", 'line {line}: sys.exit("no time")'),
]


@pytest.mark.parametrize("body, point, comparison", WRONG, ids=lambda value: str(value)[:40])
def test_wrong(body, point, comparison):
    """Each common wrong version is wrong, and the comparison that failed is named."""
    verdict = judge(door(body), EXERCISE)
    assert verdict.state == "wrong"
    report = str(verdict)
    assert point in report
    assert comparison.format(line=body.__code__.co_firstlineno + 1) in report
    assert len(report.splitlines()) <= 4


def test_wrong_without_the_door():
    """Results of a wrong kind or shape are named where no door has looked at them."""
    for result, words in [
        (None, "it must return (loss, dW); it returned NoneType"),
        ((1.0, np.zeros(4)), "dW must have shape (5, 4); yours has (4,)"),
        (([1.0], np.zeros((5, 4))), "loss must have shape (); yours has (1,)"),
        (("a", np.zeros((5, 4))), "loss must be of numbers; yours is a str"),
    ]:
        assert words in str(judge(lambda *arguments, result=result: result, EXERCISE))


# The verdict on right solutions, differently written.


def einsum(W, X, y, reg):
    N, C = len(X), W.shape[1]
    S = np.einsum("nd,dc->nc", X, W)
    L = S - logsumexp(S, axis=1, keepdims=True)
    Y = np.eye(C, dtype=W.dtype)[y]
    dW = np.einsum("nd,nc->dc", X, np.exp(L) - Y) / N
    return -np.einsum("nc,nc->", L, Y) / N + reg / 2 * np.einsum("dc,dc", W, W), dW + reg * W


def float64_inside(W, X, y, reg):
    W64, X64 = W.astype(np.float64), X.astype(np.float64)
    L = X64 @ W64
    L = L - np.logaddexp.reduce(L, axis=1)[:, np.newaxis]
    G = np.exp(L)
    np.subtract.at(G, (range(len(y)), y), 1.0)
    return L[range(len(y)), y].mean() * -1 + reg * np.vdot(W64, W64) / 2, (
        (X64.T.dot(G) / len(y) + reg * W64).astype(W.dtype)
    )


def loops_over_everything(W, X, y, reg):
    (D, C), N = W.shape, len(X)
    loss, dW = 0.0, np.zeros((D, C))  # float64, whatever W is
    for i in range(N):
        s = [sum(X[i, d] * W[d, c] for d in range(D)) for c in range(C)]
        total = sum(np.exp(s_c - max(s)) for s_c in s)
        loss += (np.log(total) + max(s) - s[y[i]]) / N
        for c in range(C):
            p = np.exp(s[c] - max(s)) / total
            for d in range(D):
                dW[d, c] += (p - (c == y[i])) * X[i, d] / N
    return loss + 0.5 * reg * float((W**2).sum()), dW + reg * W


def classes_in_rows(W, X, y, reg):
    S = W.T @ X.T
    S = S - S[y, np.arange(len(y))]  # every score against the right one: the loss is its softplus
    top = np.maximum(S.max(axis=0), 0)
    lse = top + np.log(np.exp(S - top).sum(axis=0))
    G = np.exp(S - lse)
    G[y, np.arange(len(y))] -= 1
    return np.mean(lse) + 0.5 * reg * np.linalg.norm(W) ** 2, (G @ X).T / len(y) + reg * W


def prints_and_warns(W, X, y, reg):
    print("loss" * 100, file=sys.stderr)
    print("here")
    warnings.warn("careful", stacklevel=1)
    return softmax_loss_vectorized(W, X, y, reg)


RIGHT = [
    softmax_loss_naive,
    softmax_loss_vectorized,
    einsum,
    float64_inside,
    loops_over_everything,
    classes_in_rows,
    prints_and_warns,
]


@pytest.mark.parametrize("body", RIGHT, ids=lambda body: body.__name__)
def test_right(body, capfd):
    """A right solution is right at every test point, however written, and in silence."""
    verdict = judge(body if hasattr(body, "__wrapped__") else door(body), EXERCISE)
    assert str(verdict) == "softmax_loss_vectorized   right        ✓✓✓✓✓✓✓✓  8 of 8 test points"
    assert capfd.readouterr() == ("", "")


def test_state_is_fresh_at_each_point():
    """A function right only the first time is wrong from the second test point on."""
    total = []

    def keeps_state(W, X, y, reg):
        loss, dW = softmax_loss_vectorized(W, X, y, reg)
        total.append(loss)
        return sum(total), dW

    assert judge(keeps_state, EXERCISE).passed == (True,) + 7 * (False,)


def test_truth():
    """The gradient of sum(exp(x)) is exp(x), to 1e-11."""
    x = np.random.default_rng(0).standard_normal((3, 2))
    np.testing.assert_allclose(numerical_gradient(lambda x: np.exp(x).sum(), x), np.exp(x), 1e-11)


@pytest.mark.parametrize("case", CASES[EXERCISE](), ids=lambda case: case.name)
def test_truth_of_the_loss(case):
    """At every test point the truth obeys the laws of a softmax loss, with eight digits."""
    W, X, y, reg = case.arguments
    dW = case.expected["dW"]
    if len(X) != len(y):
        W, X, dW = W.T, X.T, dW.T
    assert len({*X.shape, W.shape[1]}) == 3
    data_part = dW - reg * W.astype(np.float64)
    np.testing.assert_allclose(data_part.sum(axis=1), 0, atol=1e-8)
    np.testing.assert_allclose(
        dW,
        softmax_loss_vectorized(W.astype(np.float64), X.astype(np.float64), y, reg)[1],
        atol=1e-8,
    )


def test_points_hide_nothing():
    """At the second test point the parts of dW are of equal size, within a third."""
    W, *_, reg = CASES[EXERCISE]()[1].arguments
    data_part = CASES[EXERCISE]()[0].expected["dW"]
    assert 3 / 4 < np.linalg.norm(reg * W) / np.linalg.norm(data_part) < 4 / 3


def test_in_a_notebook(capsys):
    """check(function) prints its line and returns nothing that a cell would echo."""
    assert check(softmax_loss_naive) is None
    assert capsys.readouterr().out.startswith("softmax_loss_naive        right")


def test_in_a_notebook_foreign_function():
    """check of a function that is no exercise names those that are."""
    with pytest.raises(ValueError, match=r"one of softmax_loss_naive, .*; got print; try check"):
        check(print)


def test_every_exercise_has_test_points():
    """The exercises listed are those that can be checked."""
    assert [exercise["function"] for exercise in EXERCISES] == list(CASES)


# The command, in a student's copy.


def test_fresh_copy_is_unfinished(copy):
    """In a fresh copy every exercise is unfinished, and the status is 1."""
    run = run_check(copy)
    assert (
        run.stdout == "softmax_loss_naive        unfinished\nsoftmax_loss_vectorized   unfinished\n"
    )
    assert (run.returncode, run.stderr) == (1, "")


def test_solved_copy_is_right(copy):
    """With the solutions pasted back every exercise is right, and the status is 0."""
    shutil.copy(ROOT / SOFTMAX, copy / SOFTMAX)
    run = run_check(copy)
    assert states(run) == ["right", "right"]
    assert (run.returncode, run.stderr) == (0, "")


def test_one_of_two(copy):
    """One exercise right and the other not is status 1, and each can be asked for alone."""
    shutil.copy(ROOT / SOFTMAX, copy / SOFTMAX)
    edit(copy / SOFTMAX, "X.T @ P / N + reg * W", "X.T @ P / N")
    assert (states(run := run_check(copy)), run.returncode) == (["right", "wrong"], 1)
    assert (states(run := run_check(copy, "softmax_loss_naive")), run.returncode) == (["right"], 0)
    assert "test point 2, reg = 0.3:\n    dW: 20 of 20" in run_check(copy, EXERCISE).stdout


def test_syntax_error(copy):
    """A syntax error is told with its line, without a traceback."""
    edit(copy / SOFTMAX, "    # TODO: The same", "    return (\n    # TODO: The same")
    run = run_check(copy, EXERCISE)
    assert states(run) == ["wrong"]
    line = (copy / SOFTMAX).read_text(encoding="utf-8").split("\n").index("    return (") + 1
    assert f"SyntaxError: '(' was never closed\n    {SOFTMAX}, line {line}: return (" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_error_in_the_function(copy):
    """An exception is told with the student's own line, not with a line of ours."""
    edit(copy / SOFTMAX, "    # TODO: The same", "    return np.zeros(-X.shape[0])\n    # TODO:")
    run = run_check(copy, EXERCISE)
    assert "    ValueError: negative dimensions are not allowed\n" in run.stdout
    assert f"    {SOFTMAX}, line " in run.stdout
    assert run.stdout.endswith(": return np.zeros(-X.shape[0])\n")


def test_error_on_import(copy):
    """A file that cannot be imported is told with the line that could not be run."""
    edit(copy / SOFTMAX, "import numpy as np\n", "import numpy as np\nimport nonesuch\n")
    run = run_check(copy)
    assert states(run) == ["wrong", "wrong"]
    assert "ModuleNotFoundError: No module named 'nonesuch'\n" in run.stdout
    assert f"{SOFTMAX}, line " in run.stdout and ": import nonesuch\n" in run.stdout


def test_missing_function(copy):
    """A function that was renamed is missed by name, and costs only itself."""
    shutil.copy(ROOT / SOFTMAX, copy / SOFTMAX)
    edit(copy / SOFTMAX, "def softmax_loss_naive", "def softmax_loss_native")
    edit(copy / "classifiers/__init__.py", "Softmax, softmax_loss_naive,", "Softmax,")
    edit(copy / "classifiers/__init__.py", '    "softmax_loss_naive",\n', "")
    run = run_check(copy)
    assert states(run) == ["wrong", "right"]
    assert f"{SOFTMAX} has no function of this name" in run.stdout


def test_unknown_exercise(copy):
    """An exercise of no known name is refused with the names there are."""
    run = run_check(copy, "softmax_loss")
    assert run.returncode == 1
    assert run.stderr == (
        "exercise must be one of softmax_loss_naive, softmax_loss_vectorized; "
        "got softmax_loss; try no name, for all\n"
    )


# The release.


def test_release_is_reproducible(released, tmp_path):
    """The same source released twice gives the same zip, byte for byte."""
    assert release(tmp_path).archive.read_bytes() == released.archive.read_bytes()


def test_folder_and_zip_agree(released):
    """The zip holds the folder's files, under the folder's name and in order."""
    with zipfile.ZipFile(released.archive) as archive:
        names = archive.namelist()
        for name in names:
            assert archive.read(name) == (released.folder.parent / name).read_bytes()
    assert names == [f"{NAME}/{file}" for file in released.files]
    on_disk = [path for path in released.folder.rglob("*") if path.is_file()]
    assert len(on_disk) == len(names)


def test_files_of_the_copy(released):
    """The copy holds what a student uses, and no file of the teacher's or the tests'."""
    files = set(released.files)
    notebooks = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    classifiers = {f"classifiers/{path.name}" for path in (ROOT / "classifiers").glob("*.py")}
    assert files - notebooks - classifiers == {
        "LICENSE",
        "Makefile",
        "README.md",
        "cifar_like.py",
        "data_utils.py",
        "datasets/README.md",
        "datasets/registry.txt",
        "grading/__init__.py",
        "grading/check.py",
        "grading/exercises.toml",
        "gradient_check.py",
        "optim.py",
        "requirements.txt",
        "train.py",
        "vis_utils.py",
    }
    assert notebooks | classifiers <= files
    assert released.archive.stat().st_size < 500_000


def test_no_solution_in_the_copy(released):
    """No marker and no telling line of a solution is anywhere in the copy."""
    text = (ROOT / SOFTMAX).read_text(encoding="utf-8")
    regions = [region.split(END)[0] for region in text.split(BEGIN)[1:]]
    telling = {line.split("#")[0].strip() for line in "\n".join(regions).split("\n")}
    telling = {line for line in telling if len(line) > 25}
    assert len(telling) > 5
    for file in released.files:
        text = (released.folder / file).read_text(encoding="utf-8")
        assert "SOLUTION" not in text
        assert not [line for line in telling if line in text]


def test_todo_in_place_of_the_solution(released):
    """The student finds the TODO as comments, and an error that names exercise and file."""
    text = (released.folder / SOFTMAX).read_text(encoding="utf-8")
    for exercise in EXERCISES:
        for line in exercise["text"].strip().split("\n"):
            assert f"{line}\n" in text
        assert (
            f'    raise NotImplementedError("{exercise["function"]}: write it in {SOFTMAX}")\n'
            in text
        )
    assert max(map(len, text.split("\n"))) <= 100


def test_students_makefile(released):
    """The copy's Makefile has the student's verbs and none of the teacher's."""
    text = (released.folder / "Makefile").read_text(encoding="utf-8")
    assert "\ncheck:" in text and "\ntrain:" in text and "\nnotebooks:" in text
    assert "release" not in text and "pytest" not in text
    with pytest.raises(ValueError, match="Makefile must say where the student's part ends"):
        students_makefile("all:\n")


def test_notebooks_are_bare():
    """A notebook loses outputs, counts and times; the solutions in its code cells are cut."""
    code = ["%matplotlib inline\n", "1 + 1"]
    solved = ["def f():\n", f"    {BEGIN}\n", "    return 1\n", f"    {END}"]
    ran = {"metadata": {"execution": {"t": 1}}, "outputs": [{"text": "2"}], "execution_count": 3}
    notebook = {
        "metadata": {"widgets": {}, "kernelspec": {"name": "python3"}},
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": [f"{BEGIN}: é"]},
            {"cell_type": "code", "id": "b", **ran, "source": code},
            {"cell_type": "code", "id": "c", **ran, "source": "".join(solved)},
        ],
    }
    exercise = {"function": "f", "file": "a.ipynb", "text": "one"}
    text, cuts = cut_notebook(json.dumps(notebook), "a.ipynb", [exercise])
    assert cuts == [(exercise, ["    return 1"])]
    bare = json.loads(text)
    assert bare["metadata"] == {"kernelspec": {"name": "python3"}}
    assert bare["cells"][0] == notebook["cells"][0]
    clean = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    assert bare["cells"][1] == {"id": "b", **clean, "source": code}
    todo = ["def f():\n", "    # TODO: one\n"]
    todo += ['    raise NotImplementedError("f: write it in a.ipynb")']
    assert bare["cells"][2] == {"id": "c", **clean, "source": todo}


F = {"function": "f", "file": "a.py", "text": "one"}


@pytest.mark.parametrize(
    "lines, words",
    [
        (["def f():", f"    {BEGIN}", "    return 1"], r"a.py, line 2 must keep markers in pairs"),
        (["def f():", "    return 1", f"    {END}"], r"a.py, line 3 must keep markers in pairs"),
        (["def f():", f"    {BEGIN}", f"    {BEGIN}", f"    {END}"], r"a.py, line 3 must keep"),
        (["def g():", f"    {BEGIN}", "    1", f"    {END}"], r"line 2 must lie in .*; got g; try"),
        (
            ["def f():", "    1", BEGIN, "x = 1", END],
            r"line 3 must lie in .*; got no function; try",
        ),
        (["%magic", "def f():", f"    {BEGIN}", "    1", f"    {END}"], r"a.py must be Python"),
    ],
)
def test_markers_refused(lines, words):
    """Markers without their pair, or around what is no exercise, are refused by line."""
    with pytest.raises(ValueError, match=words):
        cut("\n".join(lines), "a.py", [F])


@pytest.mark.parametrize(
    "file, old, new, words",
    [
        (SOFTMAX, f"    {END}\n\n\n@door", "\n\n@door", "must keep markers in pairs"),
        (SOFTMAX, "SOLUTION", "Solution", "have one solution between .*; got 0; try"),
        ("optim.py", "import numpy", f"# {BEGIN}\nimport numpy", "optim.py, line .* no marker"),
        ("train.py", "import json", "import json\n# dW=dW / N + reg*W", "train.py, .* no line of"),
        ("grading/exercises.toml", "N examples, then", f"{BEGIN}, then", "no marker once"),
        (SOFTMAX, "dW = dW / N + reg * W", "dW = dW / N", "pasted back must have every exercise r"),
        (SOFTMAX, f"    {BEGIN}\n    N, C", f"    return 0, W\n    {BEGIN}\n    N, C",
         "the fresh copy must have every exercise unfinished"),
    ],
)  # fmt: skip
def test_release_refused(source, tmp_path, file, old, new, words):
    """A release that would give a solution away, or not prove itself, writes nothing."""
    edit(source / file, old, new)
    with pytest.raises(ValueError, match=f"(?s){words}"):
        release(tmp_path / "out", root=source)
    assert not (tmp_path / "out").exists()


def test_missing_file_refused(source, tmp_path):
    """A file of the copy that is missing in the source stops the release."""
    (source / "vis_utils.py").unlink()
    with pytest.raises(FileNotFoundError, match=r"vis_utils\.py"):
        release(tmp_path / "out", root=source)


def test_earlier_release_is_replaced(source, tmp_path):
    """A folder as an earlier release wrote it is replaced, also after a look into it."""
    first = release(tmp_path, root=source)
    (first.folder / "__pycache__").mkdir()
    (first.folder / "__pycache__" / "optim.pyc").write_bytes(b"")
    with open(source / "optim.py", "a") as file:
        file.write("# corrected\n")
    second = release(tmp_path, root=source)
    assert (second.folder / "optim.py").read_text(encoding="utf-8").endswith("# corrected\n")
    assert not (second.folder / "__pycache__").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"source", NAME, f"{NAME}.zip"}


@pytest.mark.parametrize("spoil", ["edited", "added", "no zip"])
def test_work_is_not_replaced(released, tmp_path, spoil):
    """A folder with work in it, or of unknown origin, is refused and keeps every byte."""
    shutil.copytree(released.folder, tmp_path / NAME)
    if spoil != "no zip":
        shutil.copy(released.archive, tmp_path)
    work = tmp_path / NAME / ("notes.txt" if spoil == "added" else "classifiers/softmax.py")
    with open(work, "a") as file:
        file.write("# mine\n" if spoil != "no zip" else "")
    before = work.read_bytes()
    with pytest.raises(ValueError, match="try moving the folder away, or another --out"):
        release(tmp_path)
    assert work.read_bytes() == before


def test_release_command(tmp_path):
    """The command says what it wrote, with the exercises and their points."""
    command = [sys.executable, "-B", "-m", "grading.release", "--out", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert (run.returncode, run.stderr) == (0, "")
    assert f"{NAME}.zip (" in run.stdout
    assert "softmax_loss_vectorized    10 points   classifiers/softmax.py\n" in run.stdout
