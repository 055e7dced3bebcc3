"""The diagnosis: every known fault by its name, two at once, and no guess where none fits."""

import itertools

import numpy as np
import pytest
from scipy.special import log_softmax

from classifiers import softmax_loss_naive, softmax_loss_vectorized
from classifiers.door import door
from grading import formulas, points
from grading.diagnosis import FAULTS, VARIANTS, diagnose, hints_of
from grading.mutants.__main__ import FOLDER, Trial, list_of_faults, read_mutants

EXERCISE = "softmax_loss_vectorized"
MUTANTS, RIGHT = read_mutants(), read_mutants(FOLDER / "right")
UNSEEN = read_mutants(FOLDER / "unseen")


def some(mutants, each):
    """All of them, all but every so manieth for `make proof` only."""
    return [
        pytest.param(m, id=m.name, marks=[] if number % each == 0 else pytest.mark.proof)
        for number, m in enumerate(mutants)
    ]


# ---- the mutants -----------------------------------------------------------------------------


@pytest.mark.parametrize("solution", some(RIGHT, 1))
def test_right_solutions_have_no_fault(solution):
    """However they are written."""
    diagnosis = diagnose(solution.function(), solution.exercise)
    assert (diagnosis.ok, diagnosis.faults, diagnosis.remarks) == (True, (), ()), diagnosis


@pytest.mark.parametrize("mutant", some(MUTANTS, 7))
def test_mutants_are_named(mutant):
    """Each by all of its faults and no other, and with confidence."""
    diagnosis = diagnose(mutant.function(), mutant.exercise)
    assert not diagnosis.ok
    assert set(diagnosis.faults) == mutant.faults, diagnosis.evidence
    assert diagnosis.confident


def test_the_mutants_are_enough():
    """Eighty or more, each code among them, and of each common one two that differ."""
    faults = [fault for mutant in MUTANTS for fault in mutant.faults]
    assert len(MUTANTS) >= 80
    assert set(faults) == set(FAULTS) - {"wrong-dtype"}
    once = {fault for fault in faults if faults.count(fault) == 1}
    assert not once, "of each code two"
    texts = {mutant.path.read_text().split("\n\n", 1)[1] for mutant in MUTANTS}
    assert len(texts) == len(MUTANTS)


@pytest.mark.proof
def test_mutants_written_unseen():
    """Those who had seen the list of codes alone: all rejected, 85 of 100 named."""
    trials = [Trial(mutant, diagnose(mutant.function(), mutant.exercise)) for mutant in UNSEEN]
    verdicts = [trial.verdict for trial in trials]
    assert len(UNSEEN) >= 30
    assert "passed" not in verdicts
    assert verdicts.count("exact") >= 0.85 * len(UNSEEN), verdicts


# ---- two faults at once ----------------------------------------------------------------------

# Of the data part: what multiplies the loss, and P and Y in dW, given N and C.
DATA = {
    "loss-not-averaged": lambda N, C: (N, 1, 1),
    "grad-not-averaged": lambda N, C: (1, N, N),
    "averaged-twice": lambda N, C: (1 / N, 1 / N, 1 / N),
    "averaged-over-classes": lambda N, C: (N / C, N / C, N / C),
    "indicator-missing": lambda N, C: (1, 1, 0),
    "indicator-sign": lambda N, C: (1, 1, -1),
    "probability-missing": lambda N, C: (1, 0, 1),
}
# Of the regularisation: (what is added to the loss, and to dW).
REG = {
    "reg-missing-loss": lambda W, reg, N: (0, reg * W),
    "reg-missing-grad": lambda W, reg, N: (reg / 2 * np.sum(W**2), 0 * W),
    "reg-missing-both": lambda W, reg, N: (0, 0 * W),
    "reg-no-half": lambda W, reg, N: (reg * np.sum(W**2), 2 * reg * W),
    "reg-loss-no-half": lambda W, reg, N: (reg * np.sum(W**2), reg * W),
    "reg-grad-doubled": lambda W, reg, N: (reg / 2 * np.sum(W**2), 2 * reg * W),
    "reg-grad-halved": lambda W, reg, N: (reg / 2 * np.sum(W**2), reg / 2 * W),
    "reg-divided-by-n": lambda W, reg, N: (reg / 2 * np.sum(W**2) / N, reg * W / N),
    "reg-times-n": lambda W, reg, N: (reg / 2 * np.sum(W**2) * N, reg * W * N),
    "reg-not-squared": lambda W, reg, N: (reg / 2 * np.sum(W), reg * W),
    "reg-without-strength": lambda W, reg, N: (np.sum(W**2) / 2, W),
    "reg-scalar-in-grad": lambda W, reg, N: (
        reg / 2 * np.sum(W**2),
        np.full_like(W, reg * np.sum(W)),
    ),
    "bias-not-penalised": lambda W, reg, N: (
        reg / 2 * np.sum(W[:-1] ** 2),
        reg * np.concatenate([W[:-1], 0 * W[-1:]]),
    ),
}


def with_two_faults(family, data, reg_fault):
    """A loss with one fault of each kind."""

    def loss(W, X, y, reg):
        N, C = len(X), W.shape[1]
        S, Y, rows = X @ W, np.eye(C)[y], np.arange(N)
        if family == "svm":
            M = np.maximum(0, S - S[rows, y][:, None] + 1) * (1 - Y)
            P = (M > 0).astype(W.dtype)
            Y = Y * P.sum(axis=1, keepdims=True)
            value = M.sum() / N
        else:
            log_P = log_softmax(S, axis=1)
            P, value = np.exp(log_P), -log_P[rows, y].mean()
        of_loss, of_P, of_Y = DATA[data](N, C)
        more, more_dW = REG[reg_fault](W, reg, N)
        dW = X.T @ (of_P * P - of_Y * Y) / N + more_dW
        return of_loss * value + more, dW.astype(W.dtype)

    return loss


PAIRS = list(itertools.product(("softmax", "svm"), DATA, REG))


@pytest.mark.parametrize(
    ("family", "data", "reg"),
    [pytest.param(*p, marks=[] if n % 9 == 0 else pytest.mark.proof) for n, p in enumerate(PAIRS)],
)
def test_two_faults_at_once(family, data, reg):
    """Any averaging or indicator fault with any regularisation fault: both are named."""
    diagnosis = diagnose(with_two_faults(family, data, reg), f"{family}_loss_vectorized")
    assert set(diagnosis.faults) == {data, reg}, diagnosis.evidence
    assert diagnosis.confident


# ---- what is unknown, and what is known of it ------------------------------------------------


def changed(change):
    """The right loss, its result changed."""

    def loss(W, X, y, reg):
        return change(*softmax_loss_vectorized(W, X, y, reg), W, X, y, reg)

    return loss


UNKNOWN = {
    "the data part of dW is 1.5 (1/N) X^T P - 1.5 (1/N) X^T Y at N = 7": changed(
        lambda loss, dW, W, X, y, reg: (loss, 1.5 * (dW - reg * W) + reg * W)
    ),
    "the data part of the loss fits no known fault": changed(
        lambda loss, dW, W, X, y, reg: (loss + 0.25, dW)
    ),
    "reg adds 1.5 reg sum(W^2) to the loss, and 0.5 is right": changed(
        lambda loss, dW, W, X, y, reg: (loss + reg * np.sum(W**2), dW)
    ),
    "what reg adds does not grow in proportion to reg": changed(
        lambda loss, dW, W, X, y, reg: (loss, dW + reg**2 * W)
    ),
    "the data part of dW is not made of X^T P and X^T Y": changed(
        lambda loss, dW, W, X, y, reg: (loss, dW + 0.01 * W**3)
    ),
}


@pytest.mark.parametrize("known", UNKNOWN)
def test_a_guess_is_not_made(known):
    """Where no formula gives the numbers, none is named, and what is known is said."""
    diagnosis = diagnose(UNKNOWN[known], EXERCISE)
    assert (diagnosis.ok, diagnosis.faults, diagnosis.confident) == (False, (), False)
    assert str(diagnosis).startswith("unknown fault\n")
    assert any(known in sentence for sentence in diagnosis.evidence), diagnosis.evidence


def test_what_is_known_is_named_beside_what_is_not():
    """A known fault of the regularisation, with an unknown one of the data part: not confident."""
    diagnosis = diagnose(changed(lambda loss, dW, W, *_: (loss + 0.25, dW + 0 * W)), EXERCISE)
    assert diagnosis.faults == ()
    both = diagnose(changed(lambda loss, dW, W, X, y, reg: (loss + 0.25, dW + reg * W)), EXERCISE)
    assert (both.faults, both.confident) == (("reg-grad-doubled",), False)


def test_a_maximum_along_the_wrong_axis_is_no_maximum_of_all():
    """Wrong at ordinary scores for no known reason, it is not named from extreme ones."""

    def loss(W, X, y, reg):
        S = X @ W
        S = S - S.max(axis=0)
        log_sum = np.log(np.exp(S).sum(axis=1, keepdims=True))
        P = np.exp(X @ W - np.max(X @ W, axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        P[np.arange(len(y)), y] -= 1
        value = (log_sum[:, 0] - S[np.arange(len(y)), y]).mean() + reg / 2 * np.sum(W * W)
        return value, X.T @ P / len(y) + reg * W

    diagnosis = diagnose(loss, EXERCISE)
    assert (diagnosis.ok, diagnosis.faults, diagnosis.confident) == (False, (), False)


def test_an_exception_behind_the_door_is_no_layout():
    """What raises in rows is not taken for a loss in columns, which the door would have turned."""

    def loss(W, X, y, reg):
        return 0.0, W @ X

    assert diagnose(door(loss), EXERCISE).faults == ("raises",)


def test_wrong_at_one_point_only():
    """A function wrong for one example alone is no known fault, and the point is named."""
    loss = changed(lambda loss, dW, W, X, y, reg: (loss + (len(y) == 1), dW))
    diagnosis = diagnose(loss, EXERCISE)
    assert (diagnosis.ok, diagnosis.faults, diagnosis.confident) == (False, (), False)
    assert "a single example: loss: yours " in diagnosis.evidence[-1]


def test_the_derivative_of_a_wrong_loss():
    """A dW that is right for a loss that is not: the loss is named, and dW is not blamed."""

    def loss(W, X, y, reg):
        S = X @ W
        P = np.exp(log_softmax(S, axis=1))
        Q = np.exp(log_softmax(P, axis=1))
        G = (Q - np.eye(W.shape[1])[y]) / len(y)  # by P; now through the softmax
        G = P * (G - np.sum(P * G, axis=1, keepdims=True))
        value = -np.log(Q[np.arange(len(y)), y]).mean()
        return value + reg / 2 * np.sum(W**2), X.T @ G + reg * W

    diagnosis = diagnose(loss, EXERCISE)
    assert diagnosis.faults == ("softmax-twice",)
    assert "dW is the derivative of your own loss: mend the loss first" in diagnosis.evidence


def forward(f, x, verbose=False, h=None):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, step = x.copy(), 1e-7 if h is None else h
        above[index] += step
        gradient[index] = (f(above) - f(x.copy())) / step
    return gradient


def central(f, x, verbose=False, h=None, factor=1, fixed=None, copy=np.copy):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = h or fixed or np.finfo(x.dtype).eps ** (1 / 3) * max(1, abs(x[index]))
        above, below = copy(x), copy(x)
        above[index] += step
        width = above[index] - below[index]
        upper = f(above)
        below[index] -= 2 * step if below is above else step
        width = width + step
        gradient[index] = factor * (upper - f(below)) / width
        if below is above:
            below[index] += step
    return gradient


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (forward, "its result is nearly right, and has too few digits"),
        (lambda *a, **k: central(*a, factor=2, **k), "its result is 2 times what it should be"),
        (lambda *a, **k: central(*a, fixed=1e-5, **k), "x near a million: gradient: "),
        (lambda *a, **k: central(*a, fixed=1e-11, **k), "has too few digits"),
    ],
    ids=["one-sided", "twice", "one step for all", "a tiny step"],
)
def test_wrong_numerical_gradients(body, words):
    """Too few digits are wrong, and what is known is said."""
    diagnosis = diagnose(body, "eval_numerical_gradient")
    assert (diagnosis.ok, diagnosis.faults) == (False, ())
    assert any(words in sentence for sentence in diagnosis.evidence), diagnosis.evidence


def test_a_numerical_gradient_that_moves_x():
    """Moving x itself is seen, also where it is moved back."""
    assert diagnose(central, "eval_numerical_gradient").ok
    in_place = diagnose(
        lambda *a, **k: central(*a, copy=lambda x: x, **k), "eval_numerical_gradient"
    )
    assert not in_place.ok


# ---- hand-ins of every kind ------------------------------------------------------------------

RUBBISH = {
    "a string": "a",
    "one number": 1.0,
    "an empty tuple": (),
    "three things": (1.0, 2.0, 3.0),
    "nothing beside a loss": (1.0, None),
    "nothing at all": (None, None),
    "ragged": (1.0, [[1], [1, 2]]),
    "complex": (1j, np.ones((5, 4), complex)),
    "objects": (1.0, np.array([[None] * 4] * 5)),
    "scalar dW": (1.0, 2.0),
    "no rows": (1.0, np.zeros((0, 4))),
    "nan": (np.nan, np.full((5, 4), np.nan)),
    "huge": (1e308, np.full((5, 4), 1e308)),
    "a dict": {"loss": 1.0},
    "itself": diagnose,
}


@pytest.mark.parametrize("name", RUBBISH)
@pytest.mark.parametrize("exercise", points.CASES)
def test_rubbish_is_wrong(exercise, name):
    """Whatever a function returns, it is wrong, and nothing of ours is raised."""
    diagnosis = diagnose(lambda *args, **named: RUBBISH[name], exercise)
    assert not diagnosis.ok


@pytest.mark.parametrize("error", [ZeroDivisionError("no"), SystemExit(1), RecursionError()])
def test_what_raises_says_where(error):
    """The student's own line, with the exception."""

    def softmax(z, axis=-1):
        raise error

    diagnosis = diagnose(softmax, "softmax")
    assert diagnosis.faults == ("raises",)
    line = softmax.__code__.co_firstlineno + 1
    assert diagnosis.evidence[0].startswith(type(error).__name__)
    assert diagnosis.evidence[1].endswith(f"test_diagnosis.py, line {line}: raise error")


def test_unfinished():
    """Not written, or without a return."""
    for body in (lambda *_: None, lambda *_: (_ for _ in ()).throw(NotImplementedError)):
        assert diagnose(body, EXERCISE).faults == ("unfinished",)


def test_both_layouts():
    """A loss for columns is taken for one, and may be said to be."""

    def columns(W, X, y, reg):
        loss, dW = with_two_faults("softmax", "indicator-sign", "reg-no-half")(W.T, X.T, y, reg)
        return loss, dW.T

    for layout in ("auto", "columns"):
        assert set(diagnose(columns, EXERCISE, layout).faults) == {"indicator-sign", "reg-no-half"}
    assert diagnose(columns, EXERCISE, "rows").faults == ("raises",)


def test_the_door_is_taken_off():
    """The body behind it is looked at: what it returns, and not what the door made of it."""
    body = changed(lambda loss, dW, W, *_: (loss, dW.astype(np.float64)))
    assert diagnose(door(body), EXERCISE).remarks == ("wrong-dtype",)
    assert diagnose(softmax_loss_naive, "softmax_loss_naive").remarks == ()


def test_an_unknown_exercise_is_refused():
    """With the names there are."""
    with pytest.raises(
        ValueError, match=r"exercise must be one of softmax_loss_naive, .*; got 'so"
    ):
        diagnose(print, "softmax_loss")


def test_another_number_of_results_at_some_size_raises_nothing_of_ours():
    """Right at every test point, and three results where the state is looked for."""

    def loss(W, X, y, reg):
        result = softmax_loss_vectorized(W, X, y, reg)
        return (*result, None) if len(X) == 13 else result

    assert diagnose(loss, EXERCISE).faults == ()


def test_what_raises_beside_an_ordinary_point_raises_nothing_of_ours():
    """The derivative of the hand-in's own loss is asked for where it may have none."""
    known = [W for W, _, _ in points.loss_batches()]

    def loss(W, X, y, reg):
        if W.shape == known[0].shape and not any(np.array_equal(W, other) for other in known):
            raise IndexError("another W")
        value, dW = softmax_loss_vectorized(W, X, y, reg)
        return len(y) * value, dW + 0.01 * W**3

    diagnosis = diagnose(loss, EXERCISE)
    assert (diagnosis.ok, diagnosis.confident) == (False, False)


# ---- hints -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize("exercise", points.CASES)
def test_each_fault_has_three_hints(code, exercise):
    """Where to look, the line of the derivation, and what is computed and should be."""
    where, derivation, line = hints_of(code, exercise)
    assert len(where) > 40 and derivation
    assert line.startswith("now: ") and "\nshould be: " in line
    assert set(FAULTS[code]) - set(VARIANTS.values()) == {
        *("name", "formula", "where", "derivation", "now", "should")
    }


def test_the_hint_says_of_what():
    """Where a fault may be of the loss or of dW, it says of which."""

    def loss(W, X, y, reg):
        return with_two_faults("softmax", "averaged-twice", "reg-divided-by-n")(W, X, y, reg)

    right = softmax_loss_vectorized.__wrapped__
    for parts, words in [
        ((loss, loss), "loss and dW"),
        ((loss, right), "loss"),
        ((right, loss), "dW"),
    ]:
        body = lambda *args, parts=parts: (parts[0](*args)[0], parts[1](*args)[1])  # noqa: E731
        hints = diagnose(body, EXERCISE).hints[0].splitlines()
        assert len(hints) == 2
        assert all(hint.startswith(f"In {words}: ") for hint in hints)


def test_the_list_of_faults_is_made_from_the_table():
    """FAULTS.md says of each code what is wrong and what it computes."""
    text = (FOLDER.parent / "FAULTS.md").read_text(encoding="utf-8")
    assert text.splitlines() == list(list_of_faults())
    assert all(f"| `{code}` | {fault['name']} |" in text for code, fault in FAULTS.items())


# ---- the points ------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["softmax", "svm"])
@pytest.mark.parametrize("number", [0, 1])
def test_what_is_right_is_explained_by_no_code(family, number):
    """At the points of the diagnosis the formulas agree with scipy and finite differences."""
    batch = formulas.Batch(*points.loss_batches()[number])
    at_0, at_reg = (points.TRUTHS[family](batch.W, batch.X, batch.y, reg) for reg in (0, 0.3))
    assert frozenset() in formulas.explain_loss(family, batch, at_0["loss"])
    assert frozenset() in formulas.explain_gradient(family, batch, at_0["dW"])
    more = (at_reg[name] - at_0[name] for name in ("loss", "dW"))
    assert formulas.explain_reg(batch, 0.3, *more) == {frozenset()}


def test_nothing_hides_at_the_points():
    """N, D, C differ, labels are unbalanced, W is not near 0, a feature is 0, all rows count."""
    batches = [formulas.Batch(*batch) for batch in points.loss_batches()]
    for batch in batches:
        assert len(set(batch.sizes)) == 3
        assert np.ptp(np.bincount(batch.y, minlength=batch.sizes[2])) > 2
        assert np.abs(batch.W).mean() > 0.5
        S = batch.X @ batch.W
        own = np.take_along_axis(S, batch.y[:, None], axis=1)
        assert np.all(np.sum(S - own + 1 > 0, axis=1) >= 2)
    assert any(np.any(np.all(batch.X == 0, axis=0)) for batch in batches)
    assert not set(batches[0].sizes) & set(batches[1].sizes)
