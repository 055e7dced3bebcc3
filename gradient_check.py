"""Numerical gradients: what a derivative is, computed, to hold an analytic gradient against.

    df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h + O(h^2)          central difference

The function f is called on copies: x is never touched, also when f raises. So f must use the
array it is given, and not one it knows from elsewhere.

Sources: Stanford CS231n, https://cs231n.github.io/neural-networks-3/#gradcheck
         noise of f: More and Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011)
"""

from dataclasses import dataclass, field

import numpy as np

# A slope is trusted to 32 times the noise of f over h: Richardson's formula makes 4 of it, times 8
# standard deviations, for one check asks some thirty slopes and the noise is an estimate itself.
SAFETY = 32


def eval_numerical_gradient(f, x, verbose=False, h=None):
    """Gradient at x of a function f that returns one number, entry by entry.

    f       : callable               takes an array like x, returns a number
    x       : float array            of any shape, order and strides
    verbose : bool                   whether to print each entry
    h       : float > 0, or None     step; None is eps(dtype)^(1/3) * max(1, |x_i|)
    Returns an array of x's shape and dtype.
    Raises ValueError where x is not of floats, h does not move x, or f returns no number.
    """
    x = _float_array("x", x)
    # BEGIN SOLUTION
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        # Round-off costs about eps/h and the formula h^2: the sum is smallest where they are
        # near equal. A smaller h sees worse: at 1e-5, float32 has a digit left, or none.
        step = np.finfo(x.dtype).eps ** (1 / 3) * max(1.0, abs(float(x[index])))
        above, below = x.copy(), x.copy()
        above[index] += step if h is None else h
        below[index] -= step if h is None else h
        width = float(above[index]) - float(below[index])  # what the dtype made of 2h
        if not width > 0:
            raise ValueError(f"h must be a step that moves x{list(index)}; got {h}; try None")
        gradient[index] = (_number(f(above)) - _number(f(below))) / width
        if verbose:
            print(index, gradient[index])
    return gradient
    # END SOLUTION


def eval_numerical_gradient_array(f, x, df, h=None):
    """Gradient at x of sum(df * f(x)), where f returns an array: df passed back through f.

    f  : callable               takes an array like x, returns an array
    x  : float array            of any shape, order and strides
    df : array of f(x)'s shape  gradient of some loss with respect to f(x)
    h  : float > 0, or None     step, as in `eval_numerical_gradient`
    Returns an array of x's shape and dtype.
    Raises ValueError where x is not of floats or df has not the shape of f(x).
    """
    x = _float_array("x", x)
    df = np.asarray(df)
    shape = np.shape(f(x.copy()))
    if shape != df.shape:
        raise ValueError(f"df must have the shape of f(x), {shape}; got {df.shape}; try another df")
    # The difference is taken before the sum: two large sums would cancel to few digits.
    slopes = [
        np.sum(_slope(lambda x: np.array(f(x)), x, axis, h) * df)
        for axis in (_axis(x, i) for i in np.ndindex(x.shape))
    ]
    return np.array(slopes, dtype=x.dtype).reshape(x.shape)


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=None, rng=None):
    """Compare an analytic gradient with the numerical one at a few random entries, and print.

    The arguments and errors are those of `gradient_check`, which gives a verdict; besides
    num_checks : int                  number of entries, drawn with replacement
    h          : float > 0, or None   step, as in `eval_numerical_gradient`
    Returns the list of relative errors it prints. In float64, above 1e-2 is wrong, 1e-7 and
    below is fine; float32 resolves about 1e-3, and less where an entry is small.
    """
    x, analytic_grad = _float_array("x", x), np.asarray(analytic_grad)
    if analytic_grad.shape != x.shape:
        raise _wrong_shape(analytic_grad, x)
    rng = np.random.default_rng(rng)
    errors = []
    for _ in range(num_checks if x.size else 0):
        index = tuple(int(rng.integers(n)) for n in x.shape)
        numerical = float(_slope(lambda x: _number(f(x)), x, _axis(x, index), h))
        analytic = float(analytic_grad[index])
        errors.append(rel_error(numerical, analytic))
        print(
            f"numerical: {numerical: f} analytic: {analytic: f}, relative error: {errors[-1]:.2e}"
        )
    return errors


def rel_error(x, y):
    """The largest relative error |x - y| / max(1e-8, |x| + |y|) of two arrays, a float.

    0 where both are zero or empty, and nan where either has a nan. An error of 1 means that
    somewhere one of the two is zero, or that the signs are opposite.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    # 1e-8, as in the course: a central difference of a loss near 1 is good to about 1e-10.
    return float(np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)), initial=0))


def gradient_check(f, x, analytic_grad=None, rng=None):
    """Is the analytic gradient that of f? A verdict, its reasons, and how fine the check is.

        check = gradient_check(lambda W: softmax_loss_naive(W, X, y, 0.1), W)
        assert check.ok, check

    f             : callable                  takes an array like x, returns a number; or
                                              (number, gradient) where analytic_grad is None
    x             : float array               of any shape, order and strides
    analytic_grad : array, callable of x, or None
    rng           : numpy Generator; None is a fresh one
    Returns a GradientCheck; print it. There is no threshold to choose: each slope has a budget
    of its own, for round-off, truncation and kinks, and an error within it is none. It takes
    f's value a thousand times or so: a small batch is enough.
    Raises ValueError where x is not of floats, f returns no number, or the gradient has neither
    the shape of x nor that of its transpose. What f raises passes through; but a ValueError
    beside x, as of log(-1), only does where no shorter step avoids it.
    """
    x = _float_array("x", x)
    if analytic_grad is None:
        pair, f = f, lambda x: pair(x)[0]
        analytic_grad = _gradient_of(pair(x.copy()))
    g = np.array(analytic_grad(x.copy()) if callable(analytic_grad) else analytic_grad, float)
    transposed = g.shape != x.shape and g.shape == x.shape[::-1]
    if g.shape != x.shape and not transposed:
        raise _wrong_shape(g, x)
    with np.errstate(all="ignore"):  # a step too far is no news: it is not taken
        probe = _Probe(f, x, g.T if transposed else g)
        trouble = probe.trouble()
        if trouble:
            return GradientCheck(False, np.inf, None, np.inf, (), (trouble,))
        return _verdict(probe, probe.checks(np.random.default_rng(rng)), transposed)


@dataclass(frozen=True)
class GradientCheck:
    """What `gradient_check` found; as text, in plain English."""

    ok: bool
    max_error: float  # relative error of the worst slope
    worst: "Check | None"  # the slope furthest beyond its budget, or nearest to it
    resolution: float  # the smallest relative error of the whole gradient that would show
    checks: tuple
    lines: tuple

    def __bool__(self):
        return self.ok

    def __str__(self):
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Check:
    """The slope of f along one entry of x, or, where index is None, along a direction."""

    index: tuple | None
    numerical: float
    analytic: float
    budget: float  # how far apart the two may be; nan where f is not finite
    kink: bool  # the slope jumps at x: whatever lies between is right
    dead: bool  # f did not change at all
    direction: np.ndarray = field(repr=False, compare=False)

    @property
    def error(self):
        return abs(self.numerical - self.analytic)

    @property
    def size(self):
        return max(abs(self.numerical), abs(self.analytic))

    @property
    def excess(self):
        """The error over the budget: right up to 1."""
        if not np.isfinite(self.budget):
            return np.inf
        return self.error / self.budget if self.error else 0.0

    def __str__(self):
        if self.index is None:
            return "a direction through all entries"
        return f"x[{', '.join(map(str, self.index))}]" if self.index else "x"


class _Probe:
    """f around x, along directions v, beside the analytic gradient g."""

    def __init__(self, f, x, g):
        self.f, self.x, self.g = f, x, g
        self.eps = float(max(np.finfo(x.dtype).eps, np.finfo(float).eps))  # of values: float64
        self.writes, self.error = False, None
        self.here = self.value(x)

    def value(self, point):
        """f at a copy of the point; nan where it raises a ValueError, but for x itself."""
        copy = np.array(point, dtype=self.x.dtype)
        try:
            value = self.f(copy)
        except ValueError as error:
            if point is self.x:
                raise
            self.error, value = error, np.nan
        self.writes |= not np.array_equal(copy, point, equal_nan=True)
        return _number(value)

    def trouble(self):
        """What makes any comparison void, as a sentence; None where nothing does."""
        for name, values in ("x", self.x), ("f(x)", self.here), ("the analytic gradient", self.g):
            bad = np.argwhere(~np.isfinite(values))
            if len(bad):
                index = tuple(bad[0].tolist())
                where = f" at {list(index)}" if index else ""
                return f"{name} is {np.asarray(values)[index]}{where}: it must be finite."
        for point in self.x, self.x + (self.x == 0).astype(self.x.dtype):  # 0 hides dropout of x
            values = [self.value(point) for _ in range(4)]  # two may be equal by chance
            # 64 roundings: threads that sum in another order differ by a few.
            if np.ptp(values) > 64 * self.eps * abs(values[0]):
                return f"f is not deterministic: the same x gives {values}."
        if self.writes:
            return "f changes the array it is given: let it work on a copy."

    def checks(self, rng):
        """Slopes along entries, along all entries with random signs, and along x with signs."""
        entries = self.slopes([_axis(self.x, index) for index in self.sample(rng)])
        if self.x.size == 1:
            return tuple(entries)
        # An error in any entry shows along signs, whether it was sampled or not. Along x itself a
        # forgotten regularisation adds up; and small entries among large ones take small steps.
        signs = [rng.choice([-1.0, 1.0], self.x.shape) for _ in range(5)]
        relative = self.x.astype(float) / float(np.max(np.abs(self.x), initial=0) or 1)
        directions = self.slopes(signs)
        directions += self.slopes([relative * sign for sign in (1, *signs[:2])])
        return (*entries, *directions)

    def sample(self, rng):
        """All entries where they are 50 at most; else the extreme ones of g, and 18 at random."""
        size = np.abs(self.g).ravel()
        chosen = range(size.size)
        if size.size > 50:
            smallest = np.argmin(np.where(size > 0, size, np.inf))
            chosen = {int(np.argmax(size)), int(smallest), *rng.choice(size.size, 18, False)}
        return [np.unravel_index(i, self.x.shape) for i in chosen]

    def hunt(self, v):
        """The slope along the entry that makes the direction v wrong, found by halves."""
        where, step = np.flatnonzero(v), self.best_step(v)
        while len(where) > 1:
            halves = np.array_split(where, 2)
            masks = [np.isin(np.arange(v.size), half).reshape(v.shape) for half in halves]
            left, right = (self.slope(v * mask, *step) for mask in masks)
            where = halves[int(right.excess > left.excess)]
        return self.slopes([_axis(self.x, np.unravel_index(where[0], v.shape))])[0]

    def slopes(self, directions):
        """A Check of each. The step that serves the steepest serves all of its kind."""
        directions = [v for v in directions if np.any(v)]
        if not directions:
            return []
        step = self.best_step(max(directions, key=lambda v: abs(np.sum(self.g * v))))
        return [self.slope(v, *step) for v in directions]

    def slope(self, v, rung, noise):
        """The Check along v, by the step at that rung of the ladder."""
        check = self.measure(v, self.ladder(v)[rung], noise)
        if not np.isfinite(check.budget):  # beyond the domain of f, or too short for this entry
            rung, noise = self.best_step(v)
            check = self.measure(v, self.ladder(v)[rung], noise)
        if self.error and not np.isfinite(check.budget):
            raise self.error
        # What is wrong is wrong at any step; which kinks lie in the way differs.
        for stretch in (0.6, 1.3, 1.7) if check.excess > 1 else ():
            other = self.measure(v, stretch * self.ladder(v)[rung], noise)
            if other.excess <= 1 and other.budget <= 2 * check.budget:
                return other
        return check

    def ladder(self, v):
        """Steps to try: eps^(1/2) to eps^(1/10) times the smallest |x_i| along v, the largest, 1.

        Where f bends over such a length, eps^(1/5) is best: round-off eps/h meets h^4.
        """
        size = np.abs(self.x).astype(float)
        largest = float(size.max()) or 1.0
        smallest = float(np.min(size, initial=largest, where=(v != 0) & (size > 0)))
        return np.outer((smallest, largest, 1.0), self.eps ** np.linspace(0.5, 0.1, 5)).ravel()

    def best_step(self, v):
        """(rung, noise of f) of the smallest budget, going up the ladder from short steps.

        A step that contradicts a shorter one has left the neighbourhood of x, however well it
        agrees with itself: over a thousand waves, sin is flat. The noise grows on the way: while
        f does not change, or in regular steps, there seems to be none.
        """
        ladder, best, noise = self.ladder(v), None, 0.0
        chosen = int(np.argmax(ladder)), noise
        for rung in np.argsort(ladder, kind="stable"):
            check = self.measure(v, ladder[rung], noise)
            if check.dead or not np.isfinite(check.budget):
                continue
            if best is None or check.budget < best.budget:
                noise = max(noise, self.noise(v, ladder[rung]))
                check = self.measure(v, ladder[rung], noise)
            apart = abs((check.numerical - best.numerical) if best else 0.0)
            if best and apart > 4 * (check.budget + best.budget):  # 4: a budget may be lucky
                break
            if best is None or check.budget < best.budget:
                best, chosen = check, (rung, noise)
        return chosen

    def noise(self, v, h):
        """The standard deviation of f's round-off, from fourth differences of 9 close values.

        A smooth f has none. Those of noise are sums with weights 1 4 6 4 1, whose squares make 70.
        """
        move = self.x + (v * (h / 16)).astype(self.x.dtype) - self.x
        points = [self.x + k * move for k in range(9)]
        values = [self.value(point) - np.sum(self.g * (point - self.x)) for point in points]
        noise = float(np.sqrt(np.mean(np.diff(values, 4) ** 2) / 70))
        return noise if np.isfinite(noise) else 0.0

    def measure(self, v, h, noise):
        """The Check along v from six points, x +- h, h/2 and h/4."""
        move = self.x + (v * (h / 4)).astype(self.x.dtype) - self.x
        off, bend, sizes, dead = [], [], [abs(self.here)], np.any(move)
        for k in 4, 2, 1:
            ahead, behind = self.x + k * move, self.x - k * move
            a, b = self.value(ahead), self.value(behind)
            # The points as they are, not as they should be: rounding x to its dtype is no error.
            moved = np.subtract(ahead, behind, dtype=float)
            change, width = self.g * moved, np.max(np.abs(moved)) / np.max(np.abs(v))
            off.append((a - b - np.sum(change)) / width)  # slope of f - <g, x>: 0 is right
            bend.append((a + b - 2 * self.here) / (width / 2))  # slope ahead minus slope behind
            sizes += [abs(a), abs(b), np.sum(np.abs(change))]
            dead = dead and a == b == self.here
        roundoff = SAFETY * np.maximum(noise, self.eps * np.max(sizes)) / (2 * width)
        off, budget, kink = _extrapolated(off, bend, roundoff)
        analytic = float(np.sum(self.g * v))
        one = np.count_nonzero(v) == 1 and v.sum() == 1
        index = tuple(np.argwhere(v)[0].tolist()) if one else None
        return Check(index, float(analytic + off), analytic, float(budget), kink, bool(dead), v)


def _extrapolated(off, bend, roundoff):
    """(limit of off at h = 0, its budget, kink), from what was found at h, h/2 and h/4."""
    coarse, fine = (4 * off[1] - off[0]) / 3, (4 * off[2] - off[1]) / 3  # Richardson: no h^2
    jumps = 2 * bend[1] - bend[0], 2 * bend[2] - bend[1]  # no h: of a smooth f, only h^3 is left
    jump, drift = np.max(np.abs(jumps)), abs(jumps[1] - jumps[0])
    if jump <= 4 * roundoff:
        return fine, roundoff + 4 * (abs(fine - coarse) + jump), False
    # Whatever lies between the slopes ahead and behind may be right. Where x is on a kink, the
    # jump stays as h shrinks; kinks close by, or steps too long, make all of it drift.
    drifts = drift + abs(off[2] - off[1]) + abs(off[1] - off[0])
    return off[2], roundoff + abs(bend[2]) / 2 + drifts, bool(drift < jump / 10)


def _verdict(probe, checks, transposed):
    worst = max(checks, key=lambda check: check.excess, default=None)
    resolution = min((c.budget / c.size for c in checks if c.size and not c.kink), default=np.inf)
    wrong = [check for check in checks if check.excess > 1]
    entries = sum(check.index is not None for check in checks)
    ok = not wrong and not transposed
    lines = [
        f"The gradient is {'right' if ok else 'WRONG'}, seen along {entries} of "
        f"{probe.x.size} entries and {len(checks) - entries} directions through all."
    ]
    if transposed:
        lines.append(
            f"It has the shape {probe.g.T.shape} where x has {probe.x.shape}: "
            f"{'even its transpose is wrong' if wrong else 'its transpose is right'}."
        )
    if wrong:
        lines += [
            _cause(probe, checks, wrong),
            f"Worst is {worst}: numerical {worst.numerical:.6g}, analytic {worst.analytic:.6g}, "
            f"apart {worst.error:.1g} where round-off and truncation explain {worst.budget:.1g}.",
        ]
    lines += _remarks(probe, checks, resolution)
    error = worst.error / (worst.size or 1.0) if worst else 0.0
    return GradientCheck(ok, error, worst, float(resolution), checks, tuple(lines))


def _cause(probe, checks, wrong):
    """The known fault that explains every slope, or where it is wrong."""
    v = np.array([check.direction.ravel() for check in checks])
    numerical, analytic = np.array([(c.numerical, c.analytic) for c in checks]).T
    # A fault explains a slope that it brings within twice the budget, or 5 % of the error.
    slack = np.array(
        [2 * c.budget + 0.05 * c.error + (c.kink and c.excess <= 1) * c.size for c in checks]
    )
    factor = _multiple(numerical, analytic, slack)
    missing = _multiple(numerical - analytic, v @ probe.x.ravel(), slack)
    turned = _multiple(numerical, v @ probe.g.T.ravel(), slack)
    entries = [check for check in wrong if check.index is not None]
    if not np.all(np.isfinite(slack)):
        where = next(check for check in checks if not np.isfinite(check.budget))
        return f"f is not finite near x, along {where}: x lies where f ends."
    if all(check.dead for check in checks):
        return "f does not depend on x at all: f must use the array it is given."
    if not np.any(probe.g) or 0 < abs(factor) < 1e-9:
        zero = ("slope of f", "analytic gradient")[:: 1 if np.any(probe.g) else -1]
        return "The {} is zero, and the {} is not.".format(*zero)
    if factor:
        what = "the wrong sign" if np.isclose(factor, -1, rtol=1e-2) else "a wrong factor"
        return f"The analytic gradient has {what}: times {factor:.7g} it is right."
    if probe.x.shape == probe.g.T.shape and np.isclose(turned, 1, rtol=1e-2):
        return "The analytic gradient is transposed: its transpose is right."
    if missing:
        word = "lacks" if missing > 0 else "has too much of"
        return f"The analytic gradient {word} {abs(missing):.2g} * x: is it the regularisation?"
    if not entries:  # the error of one that was not sampled shows along all directions
        entries = [check for check in [probe.hunt(wrong[0].direction)] if check.excess > 1]
    if len(entries) == 1:
        return f"One entry is wrong, {entries[0]}; no other was found."
    return f"{len(wrong)} of the {len(checks)} slopes are wrong, {len(entries)} of single entries."


def _remarks(probe, checks, resolution):
    """What else there is to know."""
    dead = [str(check) for check in checks if check.dead and check.index is not None]
    kinks = [str(check) for check in checks if check.kink]
    sizes = [float(np.max(np.abs(a), initial=0)) for a in (probe.x, probe.here, probe.g)]
    if not checks:
        yield "x is empty: there is nothing to check."
    if dead and not all(check.dead for check in checks):
        yield f"f does not depend on {len(dead)} of these entries: {', '.join(dead[:3])}."
    if kinks:
        yield f"x lies on a kink of f at {kinks[0]}: any value between the two slopes is right."
    if any(size and not 1e-6 <= size <= 1e6 for size in sizes):
        yield "The scales are far from 1: x {:.0e}, f {:.0e}, gradient {:.0e}.".format(*sizes)
    if resolution < 1:
        yield f"In {probe.x.dtype} an error of {resolution:.0e} of the whole gradient would show."
    elif checks:
        yield "No slope stands out of the round-off of f: within it, f is flat at x."


def _multiple(values, basis, slack):
    """The c for which values = c * basis within the slack; 0 where there is none."""
    weight = 1 / np.maximum(slack, 1e-300)  # 1e-300 for a slack of 0
    values, basis = values * weight, basis * weight
    c = float(values @ basis / (basis @ basis))
    return c if np.all(np.abs(values - c * basis) <= 1) else 0.0


def _gradient_of(result):
    if not isinstance(result, tuple) or len(result) != 2:
        raise ValueError(
            "f must return (number, gradient) where analytic_grad is None; got "
            f"{type(result).__name__}; try gradient_check(f, x, analytic_grad)"
        )
    return result[1]


def _slope(f, x, direction, h):
    """(f(x + h d) - f(x - h d)) / 2h, for a direction d of one 1 and zeros."""
    at = direction != 0
    if h is None:
        h = np.finfo(x.dtype).eps ** (1 / 3) * max(1.0, abs(float(x[at][0])))
    step = (direction * h).astype(x.dtype)
    above, below = np.asarray(x + step), np.asarray(x - step)
    width = float(above[at][0]) - float(below[at][0])  # what the dtype made of 2h
    if not width > 0:
        raise ValueError(f"h must be a step that moves x = {x[at][0]}; got {h}; try None")
    return (f(above) - f(below)) / width


def _axis(x, index):
    """1 at the index, and 0 elsewhere, in the shape of x."""
    axis = np.zeros(x.shape)
    axis[index] = 1
    return axis


def _wrong_shape(gradient, x):
    return ValueError(
        f"analytic_grad must have the shape of x, {x.shape}; got {gradient.shape}; "
        "try the gradient with respect to x"
    )


def _float_array(name, x):
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise ValueError(
            f"{name} must be of floats, since a step of h is lost in others; got {x.dtype}; "
            f"try {name}.astype(np.float64)"
        )
    return x


def _number(value):
    shape = getattr(value, "shape", None)
    if shape != () and not isinstance(value, (int, float)):
        got = type(value).__name__ if shape is None else f"shape {shape}"
        raise ValueError(f"f must return one number; got {got}; try lambda x: f(x)[0]")
    return float(value)
