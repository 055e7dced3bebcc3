"""The contenders, by name: whose code, which cases, and the process it lives in.

Each module has

    start(threads)                          settle the threads of the package
    prepare(contender, variant, case, arrays, threads) -> (call, plain)

where call(), or call(idx) for a mini-batch, does the work to its end and returns the contender's
own result, and plain(result) makes of that (loss, gradient) as numpy has them, outside the time.
A variant is a way of writing the same thing; the best of a short trial is the one that counts.
"""

from dataclasses import dataclass

from ..works import FORCED

ALL = frozenset({"loss", "batch", "vjp"})


@dataclass(frozen=True)
class Contender:
    """module : of this package. family : contenders of one family share a process.

    copies : whether the package makes its own copy of the data, which is then only mapped.
    """

    module: str
    family: str
    kinds: frozenset
    copies: bool = False


CONTENDERS = {
    "naive": Contender("ours", "numpy", frozenset({"loss"})),
    "vectorized": Contender("ours", "numpy", ALL),
    "numpy": Contender("with_numpy", "numpy", ALL | {"bytes", "optimum"}),
    "numpy tuned": Contender("with_numpy", "numpy", ALL),
    "compiled": Contender("ours", "compiled", ALL | {"bytes", "optimum"}),
    FORCED: Contender("ours", "compiled", frozenset({"loss"})),
    "scikit-learn": Contender(
        "with_sklearn", "scikit-learn", frozenset({"loss", "batch", "optimum"})
    ),
    "PyTorch": Contender("with_torch", "PyTorch", ALL),
    "PyTorch compiled": Contender("with_torch", "PyTorch compiled", ALL),
    "JAX": Contender("with_jax", "JAX", ALL, copies=True),
    "numba": Contender("with_numba", "numba", ALL),
    "TensorFlow": Contender("with_tensorflow", "TensorFlow", ALL, copies=True),
    "control": Contender("with_numpy", "control", frozenset({"control"})),
}

WAYS = {
    ("numpy tuned", "loss"): ("transposed", "blocks"),
    ("numpy tuned", "batch"): ("transposed", "blocks"),
    ("scikit-learn", "optimum"): ("float32", "float64"),
    ("PyTorch", "loss"): ("autograd", "transposed"),
    ("PyTorch", "batch"): ("autograd", "transposed"),
    ("PyTorch", "vjp"): ("aten", "formula"),
    ("PyTorch compiled", "loss"): ("transposed",),
    ("PyTorch compiled", "batch"): ("transposed",),
    ("PyTorch compiled", "vjp"): ("formula",),
    ("JAX", "loss"): ("grad", "transposed"),
    ("JAX", "batch"): ("grad", "transposed"),
    ("numba", "loss"): ("loops", "blas"),
    ("numba", "batch"): ("loops", "blas"),
}  # variants, by contender and kind. Those that never won went: XLA in TensorFlow, autograd in
# torch.compile, PyTorch's formula on weights (D, C); each was 1.2 to 4 times slower.
