"""A linear classifier: scores X W, trained on any loss (W, X, y, reg) -> (loss, dW).

    train    a few rows at a time, by an update rule of `optim`
    solve    all rows at once, by L-BFGS, until the gradient is zero to within `tol`

Both go on from W when it is set, and keep in W what they have when interrupted.
"""

import warnings

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from optim import sgd

from . import door
from .files import whole_file

# BLAS threads wait by spinning. After L-BFGS-B's own small products they take the cores from the
# loss; on a mini-batch, where another program has a core, two are seven times slower than one
# (200 x 3073 on two cores).
one_blas_thread = threadpool_limits.wrap(limits=1, user_api="blas")


class LinearClassifier:
    """Weights W, one column a class, and a loss to train them on.

    loss_function : (W, X, y, reg) -> (loss, dW)
    W             : (D, C) float, or None before training
    loss_history  : list of float, the losses of the last `train` or `solve`, also when it
                    was interrupted
    """

    def __init__(self, loss_function):
        self.loss_function = loss_function
        self.W = None
        self.loss_history = []

    @one_blas_thread
    def train(
        self,
        X,
        y,
        learning_rate=1e-3,
        reg=1e-5,
        num_iters=100,
        batch_size=200,
        verbose=False,
        update_rule=sgd,
        rng=None,
    ):
        """Train on random mini-batches, by stochastic gradient descent or another rule.

        X             : (N, D) float     examples; with W unset, its dtype becomes W's
        y             : (N,) integers    right classes; with W unset, C = max(y) + 1
        learning_rate : float > 0        what `update_rule` finds in its config
        reg           : float >= 0       strength of the regularisation
        num_iters     : int              number of steps
        batch_size    : int              rows a step, drawn with replacement
        verbose       : bool             whether to show a progress bar
        update_rule   : (w, dw, config) -> (w, config), from `optim`
        rng           : numpy Generator; None is a fresh one
        Returns the list of losses, one a step, each of its own mini-batch.
        Raises ValueError for arguments the loss would refuse.
        Warns with RuntimeWarning if training diverges: it then stops, W being the last that
        was finite.
        """
        X, y = self._enter(X, y)
        # A float64 rate, such as one from logspace, would make a float32 W float64.
        rate = door.check_number("learning_rate", learning_rate, "1e-3", zero=False)
        door.check_count("num_iters", num_iters, "1500")
        door.check_count("batch_size", batch_size, "200")
        rng = np.random.default_rng(rng)
        # Small and random, as in the course; a linear classifier could start at zero as well.
        W = self.W
        if W is None:
            shape = X.shape[1], int(y.max()) + 1
            W = (1e-3 * rng.standard_normal(shape)).astype(X.dtype)
        config = {"learning_rate": rate}
        self.loss_history = []
        for step in tqdm(range(num_iters), disable=not verbose, unit="step"):
            # With replacement, as the course does: without would save little and shuffle much.
            idx = rng.integers(len(X), size=batch_size)
            with np.errstate(over="ignore", invalid="ignore"):  # said once, below
                loss, dW = self.loss_function(W, X[idx], y[idx], reg)
                self.W = W
                W, config = update_rule(W, dW, config)
            if np.isfinite(loss):
                self.loss_history.append(loss)
            if not (np.isfinite(loss) and np.isfinite(W).all()):
                warnings.warn(
                    f"training diverged at step {step}; W is the last finite one; "
                    f"try a learning_rate below {rate:g}",
                    RuntimeWarning,
                    stacklevel=3,
                )
                break
            self.W = W
        return self.loss_history

    @one_blas_thread
    def solve(self, X, y, reg, tol=1e-6, max_iters=1000, verbose=False):
        """Minimise the loss over all rows by scipy's L-BFGS-B, from W when set, else from zeros.

        X, y, reg : as in `train`
        tol       : float    stop when max|dW| <= tol; where float32 can fall no further, it
                             has converged as well
        max_iters : int      number of iterations at the most
        verbose   : bool     whether to show a progress bar
        Returns the list of losses, one at the start and one an iteration.
        Raises ValueError for arguments the loss would refuse.
        Warns with RuntimeWarning where it stopped for another reason.
        """
        X, y = self._enter(X, y)
        door.check_number("tol", tol, "1e-6")
        door.check_count("max_iters", max_iters, "1000")
        W = np.zeros((X.shape[1], int(y.max()) + 1), X.dtype) if self.W is None else self.W
        loss, dW = self.loss_function(W, X, y, reg)
        self.W, self.loss_history = W, [loss]
        result = self._minimize(X, y, reg, tol, max_iters, verbose)
        # A gradient g is worth about g^2 in the loss, which is lost in its round-off below
        # sqrt(eps), in units of the gradient at the start: nothing leads further down.
        round_off = np.sqrt(np.finfo(self.W.dtype).eps) * max(1, np.abs(dW).max())
        steepest = np.abs(result.jac).max()
        if steepest > max(tol, round_off):
            came_to = "it came to max_iters; try more"
            stuck = "the loss does not fall along -dW; try a gradient check"
            warnings.warn(
                f"solve stopped with max|dW| = {steepest:.1e} above tol = {tol:.1e}: "
                f"{came_to if result.nit >= max_iters else stuck}",
                RuntimeWarning,
                stacklevel=3,
            )
        return self.loss_history

    def scores(self, X):
        """The scores X W, (N, C): the higher, the more the example looks like the class.

        X : (N, D) float    examples; N may be of any size, they are scored in blocks of rows
        Raises ValueError where there is no W yet, or X does not fit it or is not finite.
        """
        self._check_trained()
        X = door.unexpanded(X)
        door.check_examples(X, self.W)
        scores = np.empty((len(X), self.W.shape[1]), self.W.dtype)
        for start in range(0, len(X), door.ROWS_AT_ONCE):
            block = slice(start, start + door.ROWS_AT_ONCE)
            scores[block] = np.asarray(X[block]) @ self.W
        if not np.isfinite(scores).all():
            door.check_finite("X", X, "leaving that example out")
        return scores

    def predict(self, X):
        """The class of highest score for each row of X, (N,) int64."""
        return np.argmax(self.scores(X), axis=1)

    def accuracy(self, X, y):
        """The fraction of the rows of X whose predicted class is y, a float in [0, 1]."""
        X, y = door.unexpanded(X), np.asarray(y)
        door.check_examples(X)
        door.check_labels(y, X)
        return float(np.mean(self.predict(X) == y))

    def loss(self, X, y, reg):
        """(loss, dW) of these weights on a batch: `loss_function(W, X, y, reg)`."""
        self._check_trained()
        return self.loss_function(self.W, X, y, reg)

    def save(self, path, **arrays):
        """Write W, and any arrays by name, to an npz file: whole, or not at all.

        Raises ValueError where W could not be loaded again or an array would need pickling,
        OSError where the folder is not there or the disk is full.
        """
        self._check_trained()
        for name, array in arrays.items():
            if np.asarray(array).dtype.hasobject:
                door.fail(name, "be numbers or text", "Python objects", "an array for each part")
        with whole_file(path) as file:
            np.savez(file, W=self.W, **arrays)

    def load(self, path):
        """Take W from a file of `save`, and return the other arrays in a dict.

        Raises ValueError for a file that is damaged or not of `save`; W is then as it was.
        """
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                arrays = dict(arrays)
            W = arrays.pop("W")
            door.check_weights(W)
        except OSError:
            raise
        except Exception as error:  # numpy, zipfile and zlib each have their own for damage
            got = f"{type(error).__name__}: {error}"
            door.fail(path, "be a whole file written by `save`", got, "saving the model again")
        self.W = W
        return arrays

    def _minimize(self, X, y, reg, tol, max_iters, verbose):
        """scipy's L-BFGS-B from W, moving W and loss_history along; returns scipy's result."""
        shape, dtype = self.W.shape, self.W.dtype

        def objective(w):
            loss, dW = self.loss_function(w.reshape(shape).astype(dtype), X, y, reg)
            return loss, dW.ravel().astype(np.float64)

        def keep(intermediate_result):
            self.W = intermediate_result.x.reshape(shape).astype(dtype)
            self.loss_history.append(float(intermediate_result.fun))
            bar.set_postfix(loss=f"{self.loss_history[-1]:.4f}", refresh=False)
            bar.update()

        with tqdm(total=max_iters, disable=not verbose, unit=" iterations") as bar:
            result = minimize(
                objective,
                self.W.ravel().astype(np.float64),
                jac=True,
                method="L-BFGS-B",
                callback=keep,
                options={"gtol": tol, "ftol": 0, "maxiter": max_iters, "maxfun": np.inf},
            )
            bar.total = result.nit  # done, if before its time
        return result

    def _enter(self, X, y):
        """X and y, checked whole: an error names the row of X, not of a batch."""
        X, y = door.unexpanded(X), np.asarray(y)
        if self.W is not None:
            door.check_weights(self.W)
        door.check_data(X, y, self.W)
        if isinstance(X, np.ndarray):  # stored rows may be more than one wants to read twice
            door.check_finite("X", X, "leaving that example out")
        return X, y

    def _check_trained(self):
        if self.W is None:
            door.fail("W", "be set before it is used", "None", "train, solve or load first")
        door.check_weights(self.W)
