"""What is timed: the cases, and the races in which contenders take turns on them.

A case is one thing to compute on one set of data; a lane is a contender on a case; a race is the
lanes that take turns, with the limits of the machine measured beside them.
"""

from dataclasses import dataclass

REG = 0.1  # of every loss: large enough to be seen in the answer, as a forgotten term must be

PEERS = ("scikit-learn", "PyTorch", "PyTorch compiled", "JAX", "numba", "TensorFlow")
FORCED = "compiled avx2"


@dataclass(frozen=True)
class Case:
    """One thing to compute.

    kind   : "loss" on all rows; "batch" on random ones, gathered within the time; "bytes" on
             stored uint8, read as they are; "vjp" of softmax; "optimum", a whole training;
             "control", a matrix product
    N, D, C: rows, features and classes; of a vjp N rows of C
    source : "normal", standard normal X; "bytes", uniform uint8 with a bias; "images", drawn ones
    batch  : rows of a mini-batch
    mapped : whether X stays a memory-mapped file
    """

    kind: str
    N: int
    D: int
    C: int
    dtype: str = "float32"
    source: str = "normal"
    batch: int = 0
    mapped: bool = False

    @property
    def fmas(self):
        """Fused multiply-adds of the two products of a loss and its gradient, or None."""
        if self.kind in ("loss", "bytes"):
            return 2 * self.N * self.D * self.C
        return 2 * self.batch * self.D * self.C if self.kind == "batch" else None


@dataclass(frozen=True)
class Lane:
    """A contender on a case. threads : None is the race's: one, or the best of a trial."""

    contender: str
    case: Case
    label: str
    threads: int | None = None


@dataclass(frozen=True)
class Race:
    """Lanes that take turns. cores : "one" or "all". watch : also sample the memory of each."""

    name: str
    cores: str
    lanes: tuple
    watch: bool = False

    @property
    def dtypes(self):
        """The dtypes whose limits stand beside this race."""
        return sorted({lane.case.dtype for lane in self.lanes if lane.case.fmas})


@dataclass(frozen=True)
class Sizes:
    """The rows of each work, for a run that counts or for a trial."""

    full: int = 50_000
    classes: tuple = (
        *((C, 10_000) for C in (2, 3, 7, 16, 33, 50, 100)),
        (1000, 4_000),
    )
    vjp: int = 4096
    widths: tuple = (64, 512, 1000)
    optimum: int = 20_000
    scaling: tuple = (1_000, 10_000, 100_000, 1_000_000)
    rounds: int = 9


QUICK = Sizes(
    full=2_000,
    classes=((2, 1_000), (16, 1_000), (100, 1_000)),
    vjp=512,
    widths=(64,),
    optimum=1_000,
    scaling=(1_000, 10_000, 30_000),
    rounds=3,
)


def races(sizes):
    """All races, those on one core first; neighbours share their data."""
    one = [
        full("f32 full batch", "float32", sizes),
        batch("mini-batch of 200", sizes),
        full("f64 full batch", "float64", sizes),
        widths("D 3072 and 3073", sizes),
        uint8("uint8 full batch", "one", sizes),
        *(classes(C, N) for C, N in sizes.classes),
        *(vjp(n, sizes.vjp) for n in sizes.widths),
        optimum(sizes.optimum),
        scaling(sizes.scaling),
    ]
    everywhere = [
        full("f32 full batch, all cores", "float32", sizes, "all"),
        full("f64 full batch, all cores", "float64", sizes, "all"),
        uint8("uint8 full batch, all cores", "all", sizes),
    ]
    return one + everywhere


def full(name, dtype, sizes, cores="one"):
    """The loss of all rows: every contender, and on one core the naive rung and a forced AVX2."""
    case = Case("loss", sizes.full, 3073, 10, dtype)
    names = ["compiled", "vectorized", "numpy", "numpy tuned", *PEERS]
    if cores == "one":
        names += [FORCED] + ["naive"] * (dtype == "float32")
    lanes = plain_lanes(names, case)
    if cores == "all":
        lanes.append(Lane("compiled", case, "compiled, one core", threads=1))
    if dtype == "float32":
        doubles = Case("loss", sizes.full, 3073, 10, "float64")
        lanes.append(Lane("numpy", doubles, "numpy f64"))
    return Race(name, cores, tuple(lanes))


def batch(name, sizes):
    """200 random rows, gathered within the time."""
    case = Case("batch", sizes.full, 3073, 10, batch=200)
    doubles = Case("batch", sizes.full, 3073, 10, "float64", batch=200)
    lanes = plain_lanes(["compiled", "vectorized", "numpy", "numpy tuned", *PEERS], case)
    return Race(name, "one", (*lanes, Lane("numpy", doubles, "numpy f64")))


def widths(name, sizes):
    """A row of 12288 bytes beside one of 12292: the first can alias in the caches."""
    lanes = [
        Lane(contender, Case("loss", sizes.full, D, 10), f"{contender} {D}")
        for contender in ("compiled", "numpy")
        for D in (3073, 3072)
    ]
    return Race(name, "one", tuple(lanes))


def uint8(name, cores, sizes):
    """Stored bytes: read as they are, converted on the way, or expanded beforehand."""
    case = Case("bytes", sizes.full, 3073, 10, source="bytes")
    expanded = Case("loss", sizes.full, 3073, 10, source="bytes")
    lanes = [
        Lane("compiled", case, "compiled"),
        Lane("numpy", expanded, "numpy, pre-expanded"),
        Lane("numpy", case, "numpy, converting"),
    ]
    if cores == "all":
        lanes.append(Lane("compiled", case, "compiled, one core", threads=1))
    return Race(name, cores, tuple(lanes))


def classes(C, N):
    """The loss of another number of classes."""
    names = ["compiled", "vectorized", "numpy", "numpy tuned", *PEERS]
    return Race(f"C = {C}", "one", tuple(plain_lanes(names, Case("loss", N, 3073, C))))


def vjp(n, rows):
    """The gradient through softmax, without any loss."""
    names = ["compiled", "vectorized", "numpy", "numpy tuned", *PEERS[1:]]
    return Race(f"VJP n = {n}", "one", tuple(plain_lanes(names, Case("vjp", rows, n, n))))


def optimum(N):
    """A logistic regression to within 1e-4 of its optimum."""
    case = Case("optimum", N, 3072, 10, source="images")
    doubles = Case("optimum", N, 3072, 10, "float64", source="images")
    lanes = [
        Lane("compiled", case, "compiled"),
        Lane("scikit-learn", case, "scikit-learn"),
        Lane("numpy", doubles, "scipy on numpy f64"),
    ]
    return Race("to 1e-4 of the optimum", "one", tuple(lanes))


def scaling(numbers):
    """Cost against N, on memory-mapped bytes; what needs them expanded stops where memory does."""
    lanes = []
    for N in numbers:
        case = Case("bytes", N, 3073, 10, source="bytes", mapped=True)
        lanes.append(Lane("compiled", case, f"compiled {N}"))
        lanes.append(Lane("numpy", case, f"numpy, converting {N}"))
        if N <= 100_000:  # 1.2 GB expanded
            expanded = Case("loss", N, 3073, 10, source="bytes")
            lanes.append(Lane("numpy", expanded, f"numpy, pre-expanded {N}"))
        if N <= 10_000:
            lanes.append(Lane("naive", expanded, f"naive {N}"))
    return Race("cost against N", "one", tuple(lanes), watch=True)


def plain_lanes(names, case):
    return [Lane(name, case, name) for name in names]
