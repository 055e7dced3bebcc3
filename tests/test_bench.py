"""The benchmark: its numpy body, its judgement of answers, its turns and its arithmetic."""

import json

import numpy as np
import pytest

from benchmarks import bench, race
from benchmarks.contenders import CONTENDERS, WAYS, with_numpy
from benchmarks.data import Store, expand, loss_in_float64
from benchmarks.targets import Times, targets, verdicts
from benchmarks.workers import Absent, Failed
from benchmarks.works import QUICK, Case, Lane, Sizes, races
from classifiers import softmax_loss_naive

BODIES = {
    "numpy": with_numpy.softmax_loss,
    "transposed": with_numpy.softmax_loss_tuned,
    "blocks": lambda W, X, y, reg: with_numpy.softmax_loss_tuned(W, X, y, reg, True),
}


@pytest.fixture(params=BODIES.values(), ids=BODIES)
def body(request):
    return request.param


class Planted:
    """An entry of a race, that answers and takes its time as it is told."""

    def __init__(self, answer, seconds=0.001, setting="only", log=None):
        self.returned, self.time, self.setting, self.log = answer, seconds, setting, log
        self.dropped = False

    def answer(self):
        return self.returned, self.time

    def seconds(self, calls, warm):
        if self.log is not None:
            self.log.append(self.setting)
        return self.time

    def drop(self):
        self.dropped = True


LANE = Lane("numpy", Case("loss", 8, 3, 2), "numpy")
TRUE = 0.5, np.array([[1.0, -2.0], [0.0, 0.5]])


def judged(case, answer):
    return race.error_of(answer, TRUE)


def raising(error):
    def make(*_):
        raise error

    return make


def test_the_float64_answer_is_that_of_the_naive_rung(batch):
    """In blocks or in one, the reference is the specification."""
    W, X, y = batch
    loss, dW = softmax_loss_naive(W, X, y, 0.3)
    for blocks in ([X], [X[:4], X[4:]]):
        its_loss, its_dW = loss_in_float64(blocks, W, y, 0.3)
        assert its_loss == pytest.approx(loss, rel=1e-13)
        np.testing.assert_allclose(its_dW, dW, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-6), ("float64", 1e-14)])
def test_the_numpy_body_equals_the_reference(body, dtype, tolerance):
    """In the dtype of W, and beyond one block of rows."""
    rng = np.random.default_rng(1)
    W, X = rng.standard_normal((7, 5)).astype(dtype), rng.standard_normal((3000, 7)).astype(dtype)
    y = rng.integers(5, size=3000)
    answer = body(W, X, y, 0.3)
    assert isinstance(answer[0], float)
    assert answer[1].dtype == dtype
    assert race.error_of(answer, loss_in_float64([X], W, y, 0.3)) < tolerance


def test_the_numpy_body_is_max_shifted_and_leaves_its_arguments(body, batch):
    """Scores of ten thousand overflow nothing, and no argument is written to."""
    W, X, y = (array.copy() for array in batch)
    expected = loss_in_float64([X], 1e4 * W, y, 0.1)
    assert race.error_of(body(1e4 * W, X, y, 0.1), expected) < 1e-12
    for array, before in zip((W, X, y), batch, strict=True):
        np.testing.assert_array_equal(array, before)


def test_the_converting_body_equals_the_expanded_one():
    """Bytes, a shift a feature, a scale and a bias: (x - shift) * scale and a last 1."""
    rng = np.random.default_rng(2)
    stored = rng.integers(256, size=(2500, 6), dtype=np.uint8)
    shift, y = rng.uniform(100, 150, 6).astype(np.float32), rng.integers(4, size=2500)
    W = rng.standard_normal((7, 4)).astype(np.float32)
    X = np.hstack([(stored - shift.astype(float)) * 0.125, np.ones((2500, 1))])
    np.testing.assert_allclose(expand(stored, shift, 0.125, np.float64), X, rtol=1e-14)
    answer = with_numpy.softmax_loss_converting(W, stored, shift, 0.125, y, 0.2)
    assert race.error_of(answer, loss_in_float64([X], W, y, 0.2)) < 1e-6


@pytest.mark.parametrize(
    "backward", [with_numpy.softmax_backward, with_numpy.softmax_backward_tuned]
)
def test_the_backward_body_is_the_jacobian_times_dy(backward):
    """Softmax of (1, 2) has the Jacobian 0.19661193 with signs + - - +."""
    p = np.array([[0.26894142, 0.73105858]])
    np.testing.assert_allclose(backward(np.array([[1.0, 0.0]]), p), [[0.19661193, -0.19661193]])


def test_both_dtypes_hold_the_same_numbers(tmp_path):
    """So one float64 answer judges both, and reads what float32 contenders read."""
    store = Store(tmp_path)
    for source in ("normal", "bytes"):
        X = [
            np.load(store.path("X", Case("loss", 50, 9, 3, dtype, source)))
            for dtype in ("float32", "float64")
        ]
        np.testing.assert_array_equal(*X)


def test_files_that_no_race_needs_go(tmp_path):
    """Those of the cases to come stay."""
    store, gone, kept = Store(tmp_path), Case("loss", 5, 4, 3), Case("loss", 6, 4, 3)
    paths = store.files(gone), store.files(kept)
    store.keep([kept])
    assert [path["X"].exists() for path in paths] == [False, True]


def test_a_wrong_answer_is_reported_and_not_timed():
    """A gradient that is off by one part in a thousand never gets a time."""
    wrong = Planted((0.5, 1.001 * TRUE[1]))
    record, entry = race.qualify(LANE, [lambda: wrong], judged)
    assert record["status"] == "wrong"
    assert "1.0e-03" in record["reason"]
    assert entry is None
    assert "samples" not in record
    assert wrong.dropped


@pytest.mark.parametrize(
    "answer",
    [
        (0.6, TRUE[1]),
        (np.nan, TRUE[1]),
        (0.5, np.nan * TRUE[1]),
        (0.5, TRUE[1][:, :1]),
        (0.5, -TRUE[1]),
    ],
    ids=["loss", "nan loss", "nan gradient", "shape", "sign"],
)
def test_what_is_wrong(answer):
    """The loss counts as the gradient does; nan and another shape are never near."""
    assert not race.error_of(answer, TRUE) <= 1e-4


def test_an_answer_in_float32_is_wrong_in_float64():
    """The tolerance of float64 finds what was computed in float32 in between."""
    lane = Lane("numpy", Case("loss", 8, 3, 2, "float64"), "numpy")
    rounded = 0.5, (TRUE[1] / 3).astype(np.float32).astype(float) * 3
    assert race.qualify(lane, [lambda: Planted(rounded)], judged)[0]["status"] == "wrong"
    assert race.qualify(LANE, [lambda: Planted(rounded)], judged)[0]["status"] == "timed"


def test_what_is_not_there_or_breaks_is_said():
    """Each with its reason; a wrong answer outweighs an absence."""
    absent, failed = raising(Absent("no such package")), raising(Failed("ValueError: no"))
    record, _ = race.qualify(LANE, [absent], judged)
    assert (record["status"], record["reason"]) == ("left out", "no such package")
    record, _ = race.qualify(LANE, [absent, failed], judged)
    assert (record["status"], record["reason"]) == ("failed", "ValueError: no")
    record, _ = race.qualify(LANE, [lambda: Planted((9.0, TRUE[1])), failed], judged)
    assert record["status"] == "wrong"


def test_the_best_setting_that_is_right_is_timed():
    """The fastest is wrong, the slowest is right: the one between is taken, the others dropped."""
    entries = [
        Planted(TRUE, 0.003, "slow"),
        Planted(TRUE, 0.002, "good"),
        Planted((9.0, TRUE[1]), 0.001, "wrong"),
    ]
    record, entry = race.qualify(LANE, [lambda e=e: e for e in entries], judged)
    assert (record["setting"], entry) == ("good", entries[1])
    assert [e.dropped for e in entries] == [True, False, True]
    assert record["calls"] == 10  # of 2 ms, in a sample of 20


def test_contenders_take_turns():
    """Each round has each of them once, and the probe; the order changes."""
    log = []
    entries = [
        race.qualify(LANE, [lambda n=n: Planted(TRUE, 0.001, n, log)], judged) for n in "abc"
    ]
    log.clear()
    ticks = []
    rates = race.take_turns(
        entries, {"read": ("read", 1)}, lambda *words: len(log), 8, lambda: ticks.append(1)
    )
    turns = ["".join(log[start : start + 3]) for start in range(0, 24, 3)]
    assert {"".join(sorted(turn)) for turn in turns} == {"abc"}
    assert len(set(turns)) > 1
    assert rates == {"read": list(range(0, 24, 3))}
    assert [len(record["samples"]) for record, _ in entries] == [8, 8, 8]
    assert len(ticks) == 8


def test_the_slow_take_fewer_turns():
    """Three at least, spread over the rounds."""
    assert race.rounds_of({"calls": 1, "seconds": 10.0}, 11) == {0, 5, 10}
    assert race.rounds_of({"calls": 20, "seconds": 0.001}, 11) == set(range(11))
    assert race.rounds_of({"calls": 1, "seconds": 10.0}, 2) == {0, 1}


def held(name, lanes, limits=None, cores=1):
    """What an arena reports of a race, with these seconds of each (contender, label, N, D)."""
    return {
        "name": name,
        "cores": cores,
        "limits": limits or {},
        "lanes": [
            {
                "label": label,
                "contender": contender,
                "status": "timed",
                "case": {"kind": "loss", "N": N, "D": D, "C": 10, "dtype": "float32"},
                "fmas": 2 * N * D * 10,
                "setting": {"threads": 1, "variant": None},
                "samples": [0.9 * seconds, seconds, 7 * seconds],
                "anonymous": 50_000_000 + N,
            }
            for contender, label, N, D, seconds in lanes
        ],
    }


def test_the_share_of_the_limit():
    """2 N D C multiply-adds over the median, over the median rate of the fastest set."""
    lanes = [
        ("compiled", "compiled", 50_000, 3073, 0.064),
        ("compiled avx2", "compiled avx2", 50_000, 3073, 0.08),
        ("numpy", "numpy", 50_000, 3073, 0.32),
    ]
    rates = {"fma f32 avx512 x1": [1e9, 60e9, 61e9], "fma f32 avx2 x1": [50e9], "read x1": [1e10]}
    times = Times([held("f32 full batch", lanes, rates)])
    assert times.share("f32 full batch") == pytest.approx(3.073e9 / 0.064 / 60e9)
    forced = times.share("f32 full batch", "compiled avx2")
    assert forced == pytest.approx(3.073e9 / 0.08 / 50e9)
    assert times.ratio("f32 full batch", "numpy") == pytest.approx(5)


def test_the_multiply_adds_of_a_case():
    """Two for each row, feature and class: one in the scores, one in the gradient."""
    assert Case("loss", 50_000, 3073, 10).fmas == 3_073_000_000
    assert Case("bytes", 50_000, 3073, 10, source="bytes").fmas == 3_073_000_000
    assert Case("batch", 50_000, 3073, 10, batch=200).fmas == 12_292_000
    assert Case("vjp", 4096, 64, 64).fmas is None


def test_verdicts_of_a_race():
    """Met, not met, and not measured with its reason; races that were not run are not judged."""
    lanes = [
        ("compiled", "compiled", 100, 10, 0.01),
        ("numpy", "numpy", 100, 10, 0.05),
        ("PyTorch", "PyTorch", 100, 10, 0.03),
        ("JAX", "JAX", 100, 10, 0.04),
    ]
    rows = {row["text"]: row for row in verdicts([held("f32 full batch", lanes)])}
    assert rows["x numpy f32"]["met"] is True
    assert rows["x the best peer"]["measured"] == pytest.approx(3)
    assert rows["x the best peer"]["met"] is False
    assert rows["of the FMA limit"]["met"] is None
    assert rows["of the FMA limit"]["reason"] == "the limit was not measured"
    assert "not in this run" in rows["of the AVX2 limit, forced"]["reason"]
    assert {row["race"] for row in rows.values()} == {"f32 full batch"}


def test_an_element_more_or_less():
    """At most is the other way round: 5 % dearer an element is still met."""
    lanes = [
        ("compiled", "compiled 3073", 100, 3073, 3.073),
        ("compiled", "compiled 3072", 100, 3072, 1.04 * 3.072),
    ]
    (row,) = verdicts([held("D 3072 and 3073", lanes)])
    assert (row["measured"], row["met"]) == (pytest.approx(1.04), True)


@pytest.mark.parametrize("gain, met", [(1.9, True), (1.2, None)])
def test_a_second_core_counts_where_the_probe_has_one(gain, met):
    """The kernel's gain is no failure where the machine has none to give."""
    name = "f32 full batch, all cores"
    lanes = [("compiled", "compiled", 9, 9, 0.01), ("compiled", "compiled, one core", 9, 9, 0.0185)]
    rates = {"fma f32 avx2 x1": [1e9], "fma f32 avx2 x2": [gain * 1e9]}
    (row,) = verdicts([held(name, lanes, rates, cores=2)])
    assert row["met"] is met
    assert row["measured"] == (pytest.approx(1.85) if met else None)


def test_cost_and_memory_against_rows():
    """From 10,000 rows up; what grows is measured in bytes stored."""
    lanes = [
        ("compiled", f"compiled {N}", N, 3073, cost * N)
        for N, cost in ((1000, 9e-6), (10_000, 2e-6), (100_000, 2.1e-6))
    ]
    linear, growth = verdicts([held("cost against N", lanes)])
    assert linear["measured"] == pytest.approx(1.05)
    assert growth["measured"] == pytest.approx(90_000 / (100_000 * 3072))


@pytest.mark.parametrize("sizes", [Sizes(), QUICK], ids=["full", "quick"])
def test_every_lane_has_a_contender_that_can_run_it(sizes):
    """And a label of its own in its race; every variant belongs to a contender."""
    for a_race in races(sizes):
        labels = [lane.label for lane in a_race.lanes]
        assert len(set(labels)) == len(labels)
        for lane in a_race.lanes:
            assert lane.case.kind in CONTENDERS[lane.contender].kinds
    assert all(kind in CONTENDERS[name].kinds for name, kind in WAYS)


def test_every_target_finds_its_lanes():
    """With all lanes timed alike, each number there is can be measured."""
    everything = []
    for a_race in races(Sizes()):
        cores = 1 if a_race.cores == "one" else 2
        rates = {
            f"fma {dtype} {name} x{count}": [count * 1e9]
            for dtype in ("f32", "f64")
            for name in ("avx512", "avx2")
            for count in {1, cores}
        }
        lanes = [
            (lane.contender, lane.label, lane.case.N, lane.case.D, 1.0) for lane in a_race.lanes
        ]
        everything.append(held(a_race.name, lanes, rates, cores))
    rows = verdicts(everything)
    assert len(rows) == len(targets())
    assert [row["reason"] for row in rows if row["reason"]] == []


def test_only_what_is_named():
    """A whole name is that alone, the beginning of names all of them; races, contenders or both."""
    every = races(Sizes())
    one = bench.select(every, ["f32 full batch", "numpy"])
    assert [a_race.name for a_race in one] == ["f32 full batch"]
    assert {lane.contender for lane in one[0].lanes} == {"numpy"}
    assert [a_race.name for a_race in bench.select(every, ["VJP"])] == [
        "VJP n = 64",
        "VJP n = 512",
        "VJP n = 1000",
    ]
    assert bench.select(every, None) == every
    with pytest.raises(ValueError, match="'pytorch'; try one of f32 full batch"):
        bench.select(every, ["pytorch"])


def test_a_small_run_writes_all_there_is(tmp_path, monkeypatch, capsys):
    """Workers, tables, samples and pictures; where there is no compiler, that is said."""
    monkeypatch.setattr(bench.limits, "build", raising(Absent("no C++ compiler")))
    names = ["--only", "C = 2", "--only", "numpy", "--only", "vectorized"]
    bench.main(["--quick", *names, "--rounds", "2", "--out", str(tmp_path)])
    text = capsys.readouterr().out
    assert "no limits of the machine: no C++ compiler" in text
    assert "not measured: compiled was not in this run" in text
    results = json.loads((tmp_path / "bench.json").read_text())
    (a_race,) = results["races"]
    assert [lane["label"] for lane in a_race["lanes"]] == ["vectorized", "numpy", "control"]
    for lane in a_race["lanes"]:
        assert lane["status"] == "timed"
        assert lane["error"] < 1e-5
        assert len(lane["samples"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bench.json",
        "cost.png",
        "ratios.png",
    ]
