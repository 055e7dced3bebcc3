"""Checkers of gradients, side by side on one table of right and wrong ones.

    python -m benchmarks.check

Each row of tests/check_table.py is a function, a gradient and the verdict that is due. Each
checker is used in the best way it offers for a gradient written by hand:

    ours      gradient_check(f, x, gradient)
    scipy     optimize.check_grad on the flat x, a step of sqrt(eps) of its dtype; wrong beyond
              SCIPY * sqrt(eps) * max(1, |gradient|)
    autograd  test_util.check_grads, reverse mode, order 1, of a primitive with the gradient as vjp;
              its tolerances are fixed
    torch     autograd.gradcheck of a Function with the gradient as backward, atol and rtol of
              TORCH; fast_mode from 10000 entries on; larger eps and atol in float32, as its
              documentation advises

SCIPY and TORCH are those that --tune finds to be right on the most rows of this very table.
A checker is right on a row where its verdict is: "true" for a right gradient, false or an error of
its own for a wrong one, and where f must not be called at all, or raises, an error. What it cannot
express counts as not right, with the reason. What is not installed is left out.
"""

import sys
import warnings

import numpy as np

from gradient_check import gradient_check
from tests.check_table import ROWS

SCIPY = 100
TORCH = 1e-6, 1e-5  # its defaults, 1e-5 and 1e-3, let more that is wrong pass
TUNE_SCIPY = 1, 10, 100, 1e3, 1e4
TUNE_TORCH = [(atol, rtol) for atol in (1e-5, 1e-6, 1e-8) for rtol in (1e-3, 1e-4, 1e-5, 1e-6)]


class CannotSay(Exception):
    """The checker has no way to be asked."""


def ours(row):
    return gradient_check(row.f, row.x, row.gradient, np.random.default_rng(0)).ok


def f_and_gradient(row):
    """f and the gradient as two functions of x, whichever way the row gives them."""
    if row.gradient is None:
        return lambda x: row.f(x)[0], lambda x: row.f(x)[1]
    if callable(row.gradient):
        return row.f, row.gradient
    return row.f, lambda x: np.asarray(row.gradient)


def with_scipy(times=SCIPY):
    from scipy.optimize import check_grad

    def check(row):
        f, gradient = f_and_gradient(row)
        shape, dtype = row.x.shape, row.x.dtype
        eps = np.finfo(dtype if dtype.kind == "f" else float).eps
        step = {"epsilon": np.sqrt(eps)}

        def at(function):
            return lambda flat: function(np.array(flat, dtype=dtype).reshape(shape))

        slope = at(lambda x: np.asarray(gradient(x)).reshape(-1))
        error = check_grad(at(f), slope, row.x.ravel(), **step)
        size = np.linalg.norm(np.asarray(gradient(row.x.copy())))
        return bool(error <= times * np.sqrt(eps) * max(1.0, size))

    return check


def with_autograd():
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def check(row):
        f, gradient = f_and_gradient(row)
        asked = primitive(lambda x: f(np.array(x)))
        defvjp(asked, lambda value, x: lambda g: g * np.asarray(gradient(np.array(x))))
        np.random.seed(0)  # it draws its direction from the global generator
        try:
            check_grads(asked, modes=["rev"], order=1)(row.x.copy())
        except AssertionError:
            return False
        return True

    return check


def with_torch(tolerances=TORCH):
    import torch

    def check(row):
        f, gradient = f_and_gradient(row)

        class Asked(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                context.save_for_backward(x)
                return torch.as_tensor(np.asarray(f(x.detach().numpy().copy())))

            @staticmethod
            def backward(context, g):
                x = context.saved_tensors[0].detach().numpy().copy()
                return g * torch.as_tensor(np.array(gradient(x)))

        if row.x.dtype.kind != "f":
            raise CannotSay("only floats have gradients: it warns and raises")
        single = row.x.dtype == np.float32
        atol, rtol = tolerances
        x = torch.tensor(np.array(row.x, order="C"), requires_grad=True)
        return torch.autograd.gradcheck(
            Asked.apply,
            (x,),
            eps=1e-3 if single else 1e-6,
            atol=1e3 * atol if single else atol,
            rtol=rtol,
            fast_mode=row.x.size > 10000,
            raise_exception=False,
        )

    return check


def checkers():
    """Name and checker, or why it is absent."""
    yield "ours", ours
    for name, make in ("scipy", with_scipy), ("autograd", with_autograd), ("torch", with_torch):
        try:
            yield name, make()
        except ImportError as error:
            print(f"{name} is left out: {error}")


def judge(check, row):
    """(mark, reason): right, passes what is wrong, fails what is right, or cannot say."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            verdict = check(row)
    except CannotSay as error:
        return "-", str(error)
    except Exception as error:  # a verdict of its own, whatever its class
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:70]}"
        if row.ok is True:
            return "F", said
        return "x", said
    if row.ok is True:
        return ("x", "") if verdict else ("F", "")
    return ("P", "") if verdict else ("x", "")


def tune():
    """How many rows each tolerance gets right, for those that have one to choose."""
    for name, make, choices in ("scipy", with_scipy, TUNE_SCIPY), ("torch", with_torch, TUNE_TORCH):
        for choice in choices:
            right = sum(judge(make(choice), row)[0] == "x" for row in ROWS)
            print(f"{name} {choice}: right {right} of {len(ROWS)}", flush=True)


def main():
    if "--tune" in sys.argv:
        return tune()
    found = dict(checkers())
    width = max(len(row.name) for row in ROWS)
    print(f"{'':{width}}  due    " + "".join(f"{name:10}" for name in found))
    marks, reasons = {name: [] for name in found}, []
    for row in ROWS:
        due = {True: "right", False: "wrong"}.get(row.ok, "error")
        for name, check in found.items():
            mark, reason = judge(check, row)
            marks[name].append(mark)
            if mark != "x" and reason:
                reasons.append(f"{name}, {row.name}: {reason}")
        line = "".join(f"{marks[name][-1]:10}" for name in found)
        print(f"{row.name:{width}}  {due}  {line}", flush=True)
    print("\nx as due, P passes what is wrong, F fails what is right, - cannot be asked")
    for name, got in marks.items():
        print(
            f"{name:10} right {got.count('x')} of {len(got)}, wrong passes {got.count('P')}, "
            f"wrong failures {got.count('F')}, cannot be asked {got.count('-')}"
        )
    print("\n" + "\n".join(reasons))


if __name__ == "__main__":
    sys.exit(main())
