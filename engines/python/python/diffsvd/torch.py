"""The functions of `diffsvd` for PyTorch: CPU tensors of float32, float64, complex64 and complex128, any leading batch dimensions.

Every function has reverse mode, forward mode and both on top of each other (`create_graph=True`, `torch.func.hessian`), and works
under `torch.func.vmap`. Third derivatives raise NotImplementedError, and so does what prepares for one: take `vhp` of
`torch.autograd.functional`, or `torch.func`, in place of its `hvp`. A call uses at most `torch.get_num_threads()` threads.

>>> import torch
>>> x = torch.tensor([[2.0, 4.0], [-4.0, 2.0]], dtype=torch.float64, requires_grad=True)
>>> svt(x, 0.5).sum().backward()  # both singular values are √20
>>> [round(g, 4) for g in x.grad.flatten().tolist()]
[0.9106, 1.0447, 0.9553, 0.9106]
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, is_grad_enabled

from ._factors import DEFAULT, Rule
from ._functions import check_cutoff, check_rank
from ._torch_call import call, transformed
from ._torch_map import Map, NuclearNorm
from ._torch_svd import Svd, Values, eager_svd

__all__ = ["SVD", "low_rank", "nuclear_norm", "pinv", "polar", "svd", "svd_inv", "svdvals", "svt"]


class SVD(NamedTuple):
    """A = u diag(s) vᴴ: u (…, m, k), s (…, k) descending, v (…, n, k); v is not the adjoint."""

    u: Tensor
    s: Tensor
    v: Tensor


_new = tuple.__new__
_ENTRIES = frozenset((torch.float32, torch.float64, torch.complex64, torch.complex128))


def _factors(x: Tensor) -> SVD:
    """U, s and V without a derivative of their own."""
    with torch.no_grad():
        return SVD(*(factor.detach() for factor in call(Svd, x.detach(), DEFAULT, False)))


def _prepared(x: Tensor) -> Tensor:
    """Whole numbers become the default type of floats."""
    if isinstance(x, Tensor) and x.dtype in _ENTRIES:
        return x
    x = torch.as_tensor(x)
    return x if x.is_floating_point() or x.is_complex() else x.to(torch.get_default_dtype())


def _apply(name: str, x: Tensor, number: float = 0.0, tau: Tensor | None = None) -> Tensor:
    return call(Map, name, number, tau, x, *_factors(x))


def svd(x: Tensor, *, rule: Rule = DEFAULT) -> SVD:
    """U, s and V, with the derivative rule of your choice at equal singular values (`diffsvd.Rule`).

    A loss of U f(S) Vᴴ is better served by the functions below, or by `svd_inv`: their derivatives are exact there.
    """
    if isinstance(x, Tensor) and x.dtype in _ENTRIES and is_grad_enabled() and not transformed():
        try:  # what `call` does, without a function between: beside a small matrix each costs some percent
            return _new(SVD, eager_svd(x, rule, False))
        except RuntimeError:
            pass
    return _new(SVD, call(Svd, _prepared(x), rule, False))


def svd_inv(x: Tensor, *, complex_s: bool = False, rule: Rule = DEFAULT) -> tuple[Tensor, Tensor, Tensor]:
    """U, the k×k diagonal matrix S, and V: the interface of the class that Zhang & Hu published (arXiv:2411.14141).

    `svd_inv(x)` and `svd_inv.apply(x)` are the same. A loss of U f(S) Vᴴ that is written with the matrix S has its exact gradient at
    equal singular values too: `u @ (S + 0.1 * eye) @ v.mH`, not `u @ (S.diagonal() + 0.1).diag_embed() @ v.mH`, whose loss hides
    what is needed; there the rule of the paper, made right, takes over.

    For a complex x, S is real as there. With `complex_s=True` it is complex, which the exact gradient needs.
    """
    x = _prepared(x)
    if complex_s or not x.is_complex():
        return call(Svd, x, rule, True)
    u, s, v = call(Svd, x, rule, False)
    return u, torch.diag_embed(s), v


svd_inv.apply = svd_inv  # type: ignore[attr-defined]


def svdvals(x: Tensor) -> Tensor:
    """The singular values (…, k); their gradient U diag(gs) Vᴴ is finite everywhere."""
    x = _prepared(x)
    if x.requires_grad and torch.is_grad_enabled():
        return call(Svd, x, DEFAULT, False)[1]
    return call(Values, x)


def svt(x: Tensor, tau: float | Tensor) -> Tensor:
    """Singular value thresholding, U max(S − τ, 0) Vᴴ: exact gradients for x and τ. τ is one number, or one for each matrix.

    A singular value that is τ counts as below it.
    """
    x = _prepared(x)
    real = x.real.dtype if x.is_complex() else x.dtype
    tau = torch.as_tensor(tau, dtype=real).expand(x.shape[:-2])
    return _apply("soft", x, tau=tau)


def pinv(x: Tensor, rcond: float | None = None) -> Tensor:
    """The pseudoinverse A⁺; singular values up to `rcond` s₁, by default (max(m, n) + 10) ε s₁, count as zero.

    Its derivatives are those at constant rank, which is where A⁺ is continuous.
    """
    return _apply("inverse", _prepared(x).mH, check_cutoff(rcond))


def polar(x: Tensor) -> Tensor:
    """The polar factor U Vᴴ. diffsvd.NotDifferentiableError where a derivative is asked for and a singular value is zero."""
    return _apply("polar", _prepared(x))


def low_rank(x: Tensor, rank: int) -> Tensor:
    """The best approximation of this rank.

    diffsvd.NotDifferentiableError where a derivative is asked for and singular values number `rank` and `rank` + 1 are equal.
    """
    return _apply("best_rank", _prepared(x), check_rank(rank))


def nuclear_norm(x: Tensor) -> Tensor:
    """s₁ + … + sₖ of each matrix; the gradient leaves out singular values that are zero (the subgradient of smallest norm)."""
    x = _prepared(x)
    return call(NuclearNorm, x, *_factors(x))
