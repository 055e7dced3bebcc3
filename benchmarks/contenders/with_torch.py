"""PyTorch on the CPU, eager and through torch.compile."""

import torch
from torch.nn.functional import cross_entropy, linear, nll_loss

from ..works import REG


def start(threads):
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)


def autograd(W, X, y):
    """As one writes it: the loss, and its gradient by autograd."""
    loss = cross_entropy(X @ W, y) + 0.5 * REG * (W * W).sum()
    return loss, torch.autograd.grad(loss, W)[0]


def transposed(V, X, y):
    """The formula on weights (C, D), as torch.nn.Linear keeps them."""
    log_p = torch.log_softmax(linear(X, V), 1)
    loss = nll_loss(log_p, y) + 0.5 * REG * (V * V).sum()
    P = log_p.exp()
    P = P - torch.nn.functional.one_hot(y, P.shape[1]).to(P.dtype)
    return loss, P.T @ X / len(y) + REG * V


def aten(dy, p):
    return torch.ops.aten._softmax_backward_data(dy, p, -1, p.dtype)


def formula(dy, p):
    return p * (dy - (p * dy).sum(-1, keepdim=True))


def prepare(contender, variant, case, arrays, threads):
    works = {work.__name__: work for work in (autograd, transposed, aten, formula)}
    work = works[variant]
    given = {name: torch.from_numpy(array) for name, array in arrays.items()}
    if contender == "PyTorch compiled":
        work = torch.compile(work, fullgraph=True, dynamic=False)
    if case.kind == "vjp":
        return unrecorded(work, given["dy"], given["p"]), lambda dz: (0.0, dz.numpy())
    W, X, y = given["W"], given["X"], given["y"]
    if variant == "transposed":
        W = W.T.contiguous()
    guard = torch.no_grad
    if variant == "autograd":
        W, guard = W.clone().requires_grad_(), torch.enable_grad

    def call(idx=None):
        with guard():
            if idx is None:
                loss, dW = work(W, X, y)
            else:
                rows = torch.from_numpy(idx)
                loss, dW = work(W, X[rows], y[rows])
        return loss.item(), dW

    def plain(result):
        dW = result[1].detach().numpy()
        return result[0], dW.T if variant == "transposed" else dW

    return call, plain


def unrecorded(work, *arguments):
    def call():
        with torch.no_grad():
            return work(*arguments)

    return call
