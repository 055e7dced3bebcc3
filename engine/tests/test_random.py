"""Random arguments of every kind, each set of instructions against float64 numpy."""

import pytest
from truth import random_case

SHORT = range(300)
LONG = [range(start, start + 1000) for start in range(0, 10_000, 1000)]


@pytest.mark.parametrize(
    "seeds",
    [SHORT, *(pytest.param(seeds, marks=pytest.mark.proof) for seeds in LONG)],
    ids=lambda seeds: f"{seeds.start}-{seeds.stop}",
)
def test_any_arguments_give_the_truth(instructions, tmp_path, seeds):
    """Shapes, dtypes, memory, views, layouts, labels and threads as they come: the same numbers."""
    for seed in seeds:
        case = random_case(seed, tmp_path)
        try:
            excess = case.excess()
        except Exception as error:
            raise AssertionError(f"random_case({seed}) is {case.words}: {error!r}") from error
        assert excess <= 1, f"random_case({seed}) is off {excess:.3g} times too far: {case.words}"
        del case  # and what it mapped
        for path in tmp_path.iterdir():
            path.unlink()


def test_a_seed_is_a_case(tmp_path):
    """The same seed makes the same arguments, so that what failed can be had again."""
    for seed in range(20):
        one, other = (random_case(seed, tmp_path / name) for name in ("", ""))
        assert one.words == other.words
        assert one.run()[0] == other.run()[0]


def test_cases_are_of_every_kind(tmp_path):
    """Among the first three hundred are all dtypes, memories, views, labels and threads."""
    words = " ".join(random_case(seed, tmp_path).words for seed in SHORT)
    kinds = "float32 float64 uint8 Fortran steps beside misaligned mapped one read-only Rows shift "
    kinds += "scale bias [slice] [backwards] [integers] [negative] [mask] columns threads"
    labels = [f"labels {u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)]
    threads = [f"{n} threads" for n in range(1, 5)]
    for kind in [*kinds.split(), *labels, *threads]:
        assert kind in words, kind
