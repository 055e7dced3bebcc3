"""Name the fault: what a wrong function computes, told from its numbers.

    diagnosis = diagnose(my_softmax_loss, "softmax_loss_vectorized")
    print(diagnosis)             the fault, and where to look
    print(diagnosis.hints[1])    the line of the derivation; hints[2]: what is computed now

A function is right where every test point of points.py is. Where one is not, its results at
points where nothing hides are looked up among the formulas of known faults (formulas.py): what is
named gives the student's own numbers, to seven digits and at every such point. Where nothing does,
the fault is unknown, and what is known of it is said. A guess is not made.
"""

import inspect
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import formulas, loops, points
from .calls import call, compare, explain, numbers, quiet
from .formulas import Batch, fewest

FAULTS = tomllib.loads(Path(__file__).with_name("faults.toml").read_text(encoding="utf-8"))
FAMILIES = {
    "softmax_loss_naive": "softmax",
    "softmax_loss_vectorized": "softmax",
    "svm_loss_naive": "svm",
    "svm_loss_vectorized": "svm",
}
# Exercises for which faults.toml may have words of their own.
VARIANTS = {
    "svm_loss_naive": "svm",
    "svm_loss_vectorized": "svm",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "softmax_backward": "vjp",
}
# Faults that may be of the loss, of dW or of both: the hint says of which.
ANYWHERE = {
    *("averaged-twice", "averaged-over-classes", "last-example-only", "wrong-row"),
    *("labels-shifted", "reg-divided-by-n", "reg-times-n", "reg-without-strength"),
    *("bias-not-penalised", "normalised-over-batch", "normalised-over-wrong-axis"),
    *("softmax-twice", "no-normaliser", "wrong-log-base"),
}
# Exercises whose text asks for a form without a loop over the examples.
WITHOUT_LOOP = {
    *("softmax_loss_vectorized", "svm_loss_vectorized", "softmax_jacobian", "softmax_backward"),
}
# Faults of the softmax itself: rows that lie far apart say nothing about the maximum then.
OTHER_SOFTMAX = {
    *("normalised-over-batch", "normalised-over-wrong-axis", "softmax-twice", "no-normaliser"),
    *("wrong-log-base", "wrong-row", "labels-shifted", "loss-over-all-classes"),
}


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a function.

    faults    : codes of faults.toml, none where it is right or the fault is unknown
    confident : whether the faults account for all that was seen
    hints     : three texts: where to look; the line of the derivation; now, and what should be
    evidence  : sentences on what was found
    remarks   : codes that cost nothing
    """

    exercise: str
    ok: bool
    faults: tuple = ()
    confident: bool = True
    hints: tuple = ("", "", "")
    evidence: tuple = ()
    remarks: tuple = ()

    def __str__(self):
        if self.ok:
            return "\n".join(["right", *self.evidence])
        if not self.faults:
            return "\n".join(["unknown fault", *self.evidence])
        return "\n".join([*self.faults, self.hints[0]])


@dataclass
class Findings:
    """What is gathered on the way."""

    codes: set = field(default_factory=set)
    places: dict = field(default_factory=dict)  # of a code: "loss", "dW" or both
    evidence: list = field(default_factory=list)
    remarks: set = field(default_factory=set)
    unexplained: bool = False

    def add(self, code, *sentences):
        self.codes.add(code)
        self.evidence += sentences

    def in_place(self, codes, place):
        self.codes |= codes
        for code in codes:
            self.places.setdefault(code, []).append(place)

    def unknown(self, sentence):
        self.unexplained = True
        self.evidence.append(sentence)


def diagnose(f, exercise, layout="auto"):
    """The Diagnosis of a function that is to be the exercise of that name.

    f      : the function; a decorator that keeps it as __wrapped__, as `door` does, is taken off
    layout : of a loss, "rows" or "columns", W (C, D) with X (D, N); "auto" tries
    Raises ValueError where there is no exercise of that name.
    """
    if exercise not in points.CASES:
        known = ", ".join(points.CASES)
        raise ValueError(f"exercise must be one of {known}; got {exercise!r}; try one of these")
    with np.errstate(all="ignore"):
        return _diagnose(f, exercise, layout)


def _diagnose(f, exercise, layout):
    body = inspect.unwrap(f)
    # Behind a door there are rows only.
    if exercise in FAMILIES and body is f and _is_in_columns(body, layout):
        body = _in_rows(body)
    found = Findings()
    wrong = _wrong_points(body, exercise)
    if not _stops(body, exercise, f, found):
        look = _look_at_loss if exercise in FAMILIES else _look_at_result
        look(body, exercise, found)
        if exercise in WITHOUT_LOOP:
            _look_for_loops(body, exercise, found)
        _look_at_dtype(body, exercise, found)
        if not found.codes:
            _look_for_state(body, exercise, found)
    if wrong and not found.codes:
        found.unexplained = True
    if wrong and found.unexplained:
        found.evidence += [f"{name}: {'; '.join(lines)}" for name, lines in wrong[:1]]
    return _diagnosis(exercise, not wrong and not found.codes, found)


def _diagnosis(exercise, ok, found):
    faults = tuple(code for code in FAULTS if code in found.codes)
    each = (hints_of(code, exercise, found.places.get(code, ())) for code in faults)
    hints = tuple("\n".join(level) for level in zip(*each, strict=True))
    return Diagnosis(
        exercise,
        ok,
        faults,
        not found.unexplained,
        hints or ("", "", ""),
        tuple(found.evidence),
        tuple(sorted(found.remarks)),
    )


def hints_of(code, exercise, places=()):
    """The three hints on a fault, in the words for that exercise, and where it was seen."""
    text = {**FAULTS[code], **FAULTS[code].get(VARIANTS.get(exercise), {})}
    where = text["where"]
    if places and code in ANYWHERE:
        where = f"In {' and '.join(places)}: {where[0].lower()}{where[1:]}"
    return where, text["derivation"], f"now: {text['now']}\nshould be: {text['should']}"


# ---- the way in ------------------------------------------------------------------------------


def _is_in_columns(body, layout):
    if layout != "auto":
        return layout == "columns"
    arguments = _arguments(*points.loss_batches()[0], 0.1)
    if call(body, arguments).error is None:
        return False
    result = call(_in_rows(body), arguments).result
    return isinstance(result, tuple) and len(result) == 2


def _in_rows(body):
    """A loss written for columns, called in rows."""

    def rows(W, X, y, reg):
        result = body(W.T, X.T, y, reg)
        if isinstance(result, tuple) and len(result) == 2:
            return result[0], np.transpose(result[1])
        return result

    return rows


def _arguments(W, X, y, reg):
    return {"W": W, "X": X, "y": y, "reg": reg}


def _ordinary(exercise):
    """Arguments at which formulas differ and nothing overflows."""
    if exercise in FAMILIES:
        return [_arguments(*batch, 0.2) for batch in points.loss_batches()]
    cases = points.CASES[exercise]()
    return [case.arguments for case in cases if case.is_ordinary]


def _wrong_points(body, exercise):
    """(name, lines) of the test points at which the body is wrong."""
    wrong = []
    for case in points.CASES[exercise]():
        if case.is_for_the_door:
            continue
        lines = compare(call(body, case.arguments), case, body)
        if lines:
            wrong.append((case.name, lines))
    return wrong


def _stops(body, exercise, f, found):
    """Whether there is nothing to look at: unfinished, raising, or another result each time."""
    ordinary = _ordinary(exercise)
    outcomes = [call(body, arguments) for arguments in (ordinary[0], ordinary[0], *ordinary[1:])]
    for outcome in outcomes:
        if outcome.is_unfinished:
            found.add("unfinished")
            return True
        if outcome.changed:
            names = " and ".join(outcome.changed)
            found.add("mutates-input", f"after the call {names} has other values")
    if not outcomes[0].error and not _agree(outcomes[0], outcomes[1]):
        found.add("keeps-state", "called twice with the same arguments, it gives two results")
        return True
    for outcome in outcomes:
        if outcome.error:
            found.add("raises", *explain(outcome.error, f))
            return True
    return False


def _agree(one, other):
    if other.error:
        return False
    for a, b in zip(_parts_of(one.result), _parts_of(other.result), strict=False):
        a, b = numbers(a), numbers(b)
        if a is None or b is None:
            continue  # that they are no numbers is told elsewhere
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True):
            return False
    return True


def _parts_of(result):
    return result if isinstance(result, tuple) and result else (result,)


def _look_for_loops(body, exercise, found):
    small, large = (points.rows_of(exercise, N) for N in (40, 160))
    try:
        with quiet():
            is_loop = loops.loops_over(body, small, large)
    except Exception:  # with so many rows it raises, and with fewer it does not
        return
    if is_loop:
        found.add("python-loop", "the number of steps it takes in Python grows with the examples")


def _look_for_state(body, exercise, found):
    """Of two calls with other numbers of one shape, the second is wrong: what was is kept."""
    if exercise in ("softmax_jacobian_naive", "eval_numerical_gradient"):
        return  # no rows
    seen = []
    for N, seeds in ((13, (1, 2)), (14, (2, 1))):  # both ways round: it is not the numbers
        seen += [_is_right(body, exercise, points.rows_of(exercise, N, seed)) for seed in seeds]
    if seen == [True, False] * 2:
        found.add("keeps-state", "of two calls with arrays of one shape, the second is wrong")
        found.unexplained = False


def _is_right(body, exercise, arguments):
    names = points.CASES[exercise]()[0].arguments
    named = dict(zip(names, arguments, strict=False))
    result = call(body, named).result
    if exercise not in FAMILIES:
        number = numbers(result)
        points_seen = [(named, number)]
        return number is not None and frozenset() in formulas.explain_result(exercise, points_seen)
    truth = points.TRUTHS[FAMILIES[exercise]](*arguments)
    results = [numbers(part) for part in _parts_of(result)]
    return len(results) == len(truth) and all(
        found is not None and formulas.is_close(found, true)
        for true, found in zip(truth.values(), results, strict=True)
    )


def _look_at_dtype(body, exercise, found):
    arguments = {
        name: given.astype(np.float32) if getattr(given, "dtype", None) == np.float64 else given
        for name, given in _ordinary(exercise)[0].items()
    }
    if exercise in FAMILIES:
        arguments["reg"] = 0.2  # a number has no dtype
    result = call(body, arguments).result
    array = _parts_of(result)[-1]
    if numbers(array) is not None and np.asarray(array).dtype != np.float32:
        found.remarks.add("wrong-dtype")


# ---- losses ----------------------------------------------------------------------------------


def _look_at_loss(body, exercise, found):
    family = FAMILIES[exercise]
    truth = points.TRUTHS[family]
    batches = [Batch(*batch) for batch in points.loss_batches()]
    regs = [points.telling_reg(truth, b.W, b.X, b.y) for b in batches]
    parts = [_parts(body, batch, reg, found) for batch, reg in zip(batches, regs, strict=True)]
    epsilons = tuple(_epsilons(body)) if family == "softmax" else ()
    loss_codes = _common(
        formulas.explain_loss(family, batch, part.loss, epsilons)
        for batch, part in zip(batches, parts, strict=True)
        if part.loss is not None
    )
    dW_codes = _common(
        formulas.explain_gradient(family, batch, part.dW)
        for batch, part in zip(batches, parts, strict=True)
        if part.dW is not None
    )
    loss_named = _take(loss_codes, found, "the data part of the loss fits no known fault", "loss")
    if loss_named and not dW_codes and _is_own_derivative(body, batches[0], parts[0]):
        found.evidence.append("dW is the derivative of your own loss: mend the loss first")
        dW_codes = {frozenset()}
    dW_named = _take(dW_codes, found, lambda: _words_of_fit(family, batches[0], parts[0]), "dW")
    without = {
        name
        for name, named in (("loss", loss_named), ("dW", dW_named))
        if named and "reg-without-strength" in named
    }
    _look_at_reg(batches, regs, parts, without, found)
    if "grad-zero" in found.codes:
        found.codes.discard("reg-missing-grad")  # the same seen twice
    explained = loss_named is not None and dW_named is not None
    if family == "softmax" and explained and not found.codes & OTHER_SOFTMAX:
        _look_at_extremes(body, loss_named, epsilons, found)


@dataclass
class Parts:
    """Results at reg = 0, and what reg adds; None where there is none to look at."""

    loss: float | None
    dW: np.ndarray | None
    more_loss: float | None
    more_dW: np.ndarray | None
    is_linear: bool


def _parts(body, batch, reg, found):
    at = [
        _read(call(body, _arguments(batch.W, batch.X, batch.y, r)), batch.W, found)
        for r in (0.0, reg, 3 * reg)
    ]
    (loss, dW), (loss_1, dW_1), (loss_3, dW_3) = at
    has_loss = None not in (loss, loss_1, loss_3)
    has_dW = all(part is not None for part in (dW, dW_1, dW_3))
    linear = (not has_loss or formulas.is_close(loss_3 - loss, 3 * (loss_1 - loss))) and (
        not has_dW or formulas.is_close(dW_3 - dW, 3 * (dW_1 - dW))
    )
    return Parts(
        loss if has_loss else None,
        dW if has_dW else None,
        loss_1 - loss if has_loss else None,
        dW_1 - dW if has_dW else None,
        linear,
    )


def _read(outcome, W, found):
    """(loss, dW) in float64, None in place of what cannot be read; what is odd is found."""
    if outcome.error or not isinstance(outcome.result, tuple) or len(outcome.result) != 2:
        if outcome.error:
            _once(found, "raises", str(outcome.error))
        else:
            _once(found, "wrong-shape", "it must return loss and dW, two results")
        return None, None
    loss, dW = map(numbers, outcome.result)
    if loss is None or dW is None:
        _once(found, "wrong-shape", "loss and dW must be numbers")
        return None, None
    if loss.shape != ():
        _once(found, "not-a-scalar-loss", f"the loss has shape {loss.shape}, and must be a number")
    loss = float(loss.ravel()[0]) if loss.size == 1 else None
    if dW.shape == W.shape[::-1]:
        _once(found, "grad-transposed", f"dW has shape {dW.shape}, W has {W.shape}")
        dW = dW.T
    elif dW.shape != W.shape:
        _once(found, "wrong-shape", f"dW has shape {dW.shape}, and must have that of W, {W.shape}")
        dW = None
    if loss is not None and not np.isfinite(loss):
        _once(found, "nan", f"the loss is {loss} at an ordinary batch")
        loss = None
    if dW is not None and not np.isfinite(dW).all():
        _once(found, "nan", "dW has entries that are not finite at an ordinary batch")
        dW = None
    return loss, dW


def _once(found, code, sentence):
    if code not in found.codes:
        found.add(code, sentence)


def _common(explained):
    """The sets of codes that explain every batch; None where there was none to explain."""
    explained = list(explained)
    return set.intersection(*explained) if explained else None


def _take(explained, found, otherwise, *places):
    """Add the simplest explanation to what is found, and return it; else say what is known."""
    if explained is None:
        return None
    codes = fewest(explained)
    if codes is None:
        found.unknown(otherwise if isinstance(otherwise, str) else otherwise())
        return None
    found.codes |= codes
    for place in places:
        found.in_place(codes, place)
    return codes


def _words_of_fit(family, batch, part):
    a, b, residual = formulas.fit_gradient(family, batch, part.dW)
    if residual > formulas.CLOSE:
        return "the data part of dW is not made of X^T P and X^T Y, with the right P and Y"
    return (
        f"the data part of dW is {a:.6g} (1/N) X^T P - {b:.6g} (1/N) X^T Y at N = "
        f"{len(batch.y)}, and both factors must be 1"
    )


def _is_own_derivative(body, batch, part):
    """Whether dW at reg 0 is the derivative of the loss that the body itself returns."""
    if part.loss is None or part.dW is None:
        return False

    def loss(W):
        value, _ = _loss_and_dW(body, W, batch.X, batch.y)
        return np.nan if value is None or value.size != 1 else float(value.ravel()[0])

    return formulas.is_close(part.dW, points.numerical_gradient(loss, batch.W))


def _look_at_reg(batches, regs, parts, without, found):
    usable = [
        (batch, reg, part)
        for batch, reg, part in zip(batches, regs, parts, strict=True)
        if part.more_loss is not None or part.more_dW is not None
    ]
    if not usable:
        return
    if not all(part.is_linear for *_, part in usable):
        found.unknown("what reg adds does not grow in proportion to reg")
        return
    named = _take(_reg_codes(usable, without), found, lambda: _words_of_reg(*usable[0]))
    for code in named or ():
        for place, other in (("loss", "dW"), ("dW", "loss")):
            # Were the other right, would it still be there?
            if any(code in codes for codes in _reg_codes(usable, {*without, other}) or ()):
                found.in_place({code}, place)


def _reg_codes(usable, without):
    """The sets of codes that explain what reg adds at every batch."""
    explained = []
    for batch, reg, part in usable:
        # What cannot be read is taken for right: its own fault is named already.
        loss = 0.5 * reg * np.sum(batch.W**2) if part.more_loss is None else part.more_loss
        dW = reg * batch.W if part.more_dW is None else part.more_dW
        explained.append(formulas.explain_reg(batch, reg, loss, dW, without))
    return _common(explained)


def _words_of_reg(batch, reg, part):
    words = []
    if part.more_loss is not None:
        ratio = part.more_loss / (reg * np.sum(batch.W**2))
        words.append(f"reg adds {ratio:.6g} reg sum(W^2) to the loss, and 0.5 is right")
    if part.more_dW is not None:
        ratio = np.vdot(part.more_dW, batch.W) / (reg * np.sum(batch.W**2))
        if formulas.is_close(part.more_dW, ratio * reg * batch.W):
            words.append(f"it adds {ratio:.6g} reg W to dW, and 1 is right")
        else:
            words.append("what it adds to dW is no multiple of W")
    return "; ".join(words)


def _epsilons(body):
    """What the logarithm is cut off at, told from the loss of a very improbable class."""
    W, X, y = points.extreme_batches()["classes 1000 apart"]
    loss, _ = _loss_and_dW(body, W, X, y)
    if loss is None or loss.size != 1:
        return
    log_P = points.log_softmax(X @ W, axis=1)[np.arange(len(y)), y]
    lost = log_P < -700
    for scale in (1, len(y)):
        cut = -(float(loss.ravel()[0]) * len(y) / scale + np.sum(log_P[~lost])) / np.sum(lost)
        if -700 < cut < -2:
            yield float(np.exp(cut))


def _look_at_extremes(body, loss_codes, epsilons, found):
    """What becomes of scores that only a shift by the maximum of each row survives."""
    bad_loss, bad_dW = set(), set()
    for name, (W, X, y) in points.extreme_batches().items():
        loss, dW = _loss_and_dW(body, W, X, y)
        if loss is None or dW is None:
            if not found.codes & {"wrong-shape", "raises"}:
                found.unknown(f"it has no result where scores are extreme: {name}")
            return
        if not np.isfinite(loss).all():
            bad_loss.add(name)
        if not np.isfinite(dW).all():
            bad_dW.add(name)
    _name_overflow(bad_dW, bad_loss, found)
    if loss_codes is None or bad_loss or bad_dW or "epsilon-in-log" in found.codes:
        return
    batch = Batch(*points.extreme_batches()["classes 1000 apart"])
    loss, _ = _loss_and_dW(body, batch.W, batch.X, batch.y)
    values = formulas.loss_values("softmax", batch, loss_codes)
    if not any(formulas.is_close(float(np.ravel(loss)[0]), value) for value in values):
        if epsilons:
            found.add("epsilon-in-log")
        else:
            found.unknown("the loss is wrong where the right class is very improbable")


def _loss_and_dW(body, W, X, y):
    """Both at reg 0 as arrays, None in place of what is no numbers."""
    result = call(body, _arguments(W, X, y, 0.0)).result
    return map(numbers, result) if isinstance(result, tuple) and len(result) == 2 else (None, None)


def _name_overflow(bad, bad_log, found):
    """From the extreme points at which probabilities, and their logarithms, are not finite."""
    apart = "classes 1000 apart"
    if bad & {"all +400", "all -400"}:
        found.add("max-added")
    elif bad & {"all +1000", "all -1000"}:
        found.add("no-max-shift")
    elif "rows 800 apart" in bad:
        found.add("whole-batch-max")
    elif bad_log & {"all +1000", "all -1000"}:
        found.add("no-max-shift")
    elif "rows 800 apart" in bad_log:
        found.add("whole-batch-max")
    elif apart in bad_log:
        found.add("log-of-underflow")


# ---- functions of one result -----------------------------------------------------------------


def _look_at_result(body, exercise, found):
    points_seen = []
    for arguments in _ordinary(exercise):
        result = numbers(call(body, arguments).result)
        if result is None:
            found.add("wrong-shape", "it must return an array of numbers")
            return
        points_seen.append((arguments, result))
    if exercise.startswith("softmax_jacobian") and all(
        formulas.is_close(result, a["y"] * (1 - a["y"])) for a, result in points_seen
    ):
        found.add("jacobian-diagonal-only", "it returns the diagonal alone, as a vector")
        return
    for case in points.CASES[exercise]():
        if not case.is_ordinary:
            continue
        result, (expected,) = numbers(call(body, case.arguments).result), case.expected.values()
        if np.shape(result) != np.shape(expected):
            shapes = f"its result has shape {np.shape(result)}, and must have {np.shape(expected)}"
            _once(found, "wrong-shape", f"{case.name}: {shapes}")
        elif not np.isfinite(result).all():
            _once(found, "nan", f"{case.name}: its result has entries that are not finite")
    if found.codes & {"wrong-shape", "nan"}:
        return
    named = _take(
        formulas.explain_result(exercise, points_seen, _cut_offs(body, exercise)),
        found,
        lambda: _words_of_result(exercise, body),
    )
    if named is None or found.codes & OTHER_SOFTMAX:
        return
    if exercise in ("softmax", "log_softmax"):
        _look_at_extreme_scores(body, exercise, found)


def _words_of_result(exercise, body):
    ordinary = [case for case in points.CASES[exercise]() if case.is_ordinary]
    wrong = [case for case in ordinary if compare(call(body, case.arguments), case, body)]
    case = (wrong or ordinary)[0]
    result, (expected,) = numbers(call(body, case.arguments).result), case.expected.values()
    factor = np.vdot(result, expected) / np.vdot(expected, expected)
    if np.allclose(result, expected, rtol=1e-3, atol=1e-3):
        return "its result is nearly right, and has too few digits"
    if np.allclose(result, factor * expected, rtol=1e-6, atol=1e-6):
        return f"its result is {factor:.6g} times what it should be"
    return "its result fits no known fault"


def _cut_offs(body, exercise):
    if exercise != "log_softmax":
        return ()
    result = numbers(call(body, {"z": np.array([0.0, -1000.0])}).result)
    low = float(np.min(result)) if np.shape(result) == (2,) else 0.0
    return (float(np.exp(low)),) if -700 < low < -2 else ()


def _look_at_extreme_scores(body, exercise, found):
    bad = set()
    for name, (W, X, _) in points.extreme_batches().items():
        result = numbers(call(body, {"z": X @ W}).result)
        if result is None or not np.isfinite(result).all():
            bad.add(name)
    alone = "classes 1000 apart"
    _name_overflow(bad - {alone}, bad, found)
    if exercise == "log_softmax" and not found.codes and _cut_offs(body, exercise):
        found.add("epsilon-in-log")
