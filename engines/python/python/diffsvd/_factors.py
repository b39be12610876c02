"""U, s and V, and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Sequence, Union

from numpy.typing import ArrayLike

from . import _diffsvd
from ._arrays import Array, like, matrices, real_like


class SVD(NamedTuple):
    """A = u diag(s) vᴴ: u (…, m, k), s (…, k) descending, v (…, n, k); v is not the adjoint."""

    u: Array
    s: Array
    v: Array


# What the functions of A take: A, or its decomposition where there is one, so that nothing is decomposed twice.
Matrices = Union[ArrayLike, SVD]


class Cotangent(NamedTuple):
    """What a loss changes by with U, s and V; `None` is zero.

    `s_matrix` (…, k, k) is the block cotangent: with it the gradient of a loss of U f(S) Vᴴ that is written with the matrix S is exact
    at equal singular values too.
    """

    u: ArrayLike | None = None
    s: ArrayLike | None = None
    v: ArrayLike | None = None
    s_matrix: ArrayLike | None = None


class SVDTangent(NamedTuple):
    """dU, ds, dV, and dS (…, k, k) where it was asked for."""

    u: Array
    s: Array
    v: Array
    s_matrix: Array | None


class Gradient(NamedTuple):
    """gA, and for each matrix the part of the cotangents that depends on the choice of singular vectors, relative to them.

    The residual is at rounding level exactly where a gradient exists.
    """

    a: Array
    gauge_residual: Array


@dataclass(frozen=True)
class Rule:
    """What stands for 1/(sⱼ − sᵢ) where two singular values are equal, and when they count as equal.

    `name`: "reconstruct" (the default: keeps dA = d(U S Vᴴ)), "minimum_norm" (dU and dV stay tangent to the unitary matrices),
    "published" (Zhang & Hu), "plain" (refuses), "zeroing", "clip", "taylor", "lorentzian"; the last three take `parameter`.
    Tolerances are relative to s₁; `None` stands for (max(m, n) + 10) ε.
    """

    name: str = "reconstruct"
    parameter: float = 0.0
    gap_tolerance: float | None = None
    rank_tolerance: float | None = None


DEFAULT = Rule()


def svd(a: ArrayLike, *, full: bool = False, threads: int = 0) -> SVD:
    """The decomposition of each matrix of a batch (…, m, n); `full` makes U m×m and V n×n.

    A batch is spread over as many threads as pay, at most `threads` (0: no limit). The result does not depend on it.

    Raises ValueError where an entry is NaN or infinite (with its position), numpy.linalg.LinAlgError where the iteration does not converge.

    >>> u, s, v = svd([[2.0, 4.0], [-4.0, 2.0]])
    >>> np.allclose(s, 20**0.5)
    True
    """
    return SVD(*_diffsvd.svd(matrices(a), full, threads))


def svdvals(a: ArrayLike, *, threads: int = 0) -> Array:
    """The singular values alone (…, k), at a fraction of the cost."""
    return _diffsvd.svdvals(matrices(a), threads)


def decomposed(a: Matrices, threads: int) -> SVD:
    """The thin factors of A."""
    if not isinstance(a, SVD):
        return svd(a, threads=threads)
    u, s, v = _factors(a)
    return SVD(u[..., : s.shape[-1]], s, v[..., : s.shape[-1]])


def _factors(factors: Sequence[ArrayLike]) -> tuple[Array, Array, Array]:
    u = matrices(factors[0])
    return u, real_like(factors[1], u), like(factors[2], u)


def _cotangent(cotangent: Sequence[ArrayLike | None], u: Array) -> Any:
    given = [*cotangent, None, None, None, None][:4]
    return tuple(None if g is None else (real_like(g, u) if i == 1 else like(g, u)) for i, g in enumerate(given))


def svd_vjp(
    factors: Sequence[ArrayLike], cotangent: Sequence[ArrayLike | None], *, rule: Rule = DEFAULT, threads: int = 0
) -> Gradient:
    """The gradient with respect to A of a loss whose cotangents of U, s, V (and S) are given; see `Cotangent`.

    >>> factors = svd([[2.0, 4.0], [-4.0, 2.0]])
    >>> gradient = svd_vjp(factors, Cotangent(s=[1.0, 1.0]))  # of s₁ + s₂
    >>> np.allclose(gradient.a, factors.u @ factors.v.T)
    True
    """
    u, s, v = _factors(factors)
    return Gradient(*_diffsvd.svd_vjp((u, s, v), _cotangent(cotangent, u), True, rule, threads))


def svd_jvp(
    factors: Sequence[ArrayLike], da: ArrayLike, *, s_matrix: bool = False, rule: Rule = DEFAULT, threads: int = 0
) -> SVDTangent:
    """dU, ds and dV along dA: the exact adjoint of `svd_vjp`."""
    u, s, v = _factors(factors)
    return SVDTangent(*_diffsvd.svd_jvp((u, s, v), like(da, u), s_matrix, rule, threads))


def svd_vjp_tangent(
    factors: Sequence[ArrayLike],
    cotangent: Sequence[ArrayLike | None],
    da: ArrayLike,
    cotangent_dot: Sequence[ArrayLike | None] = (),
    *,
    rule: Rule = DEFAULT,
    threads: int = 0,
) -> Array:
    """What the gradient of `svd_vjp` changes by when A moves along dA and the cotangents by `cotangent_dot`."""
    u, s, v = _factors(factors)
    given, change = _cotangent(cotangent, u), _cotangent(cotangent_dot, u)
    return _diffsvd.svd_vjp_tangent((u, s, v), given, like(da, u), change, rule, threads)


def svdvals_vjp(a: Matrices, gs: ArrayLike, *, threads: int = 0) -> Array:
    """The gradient U diag(gs) Vᴴ of a loss of the singular values."""
    return svd_vjp(decomposed(a, threads), Cotangent(s=gs), threads=threads).a


def svdvals_jvp(a: Matrices, da: ArrayLike, *, threads: int = 0) -> Array:
    """ds along dA."""
    return svd_jvp(decomposed(a, threads), da, threads=threads).s


def svdvals_vjp_tangent(
    a: Matrices, gs: ArrayLike, da: ArrayLike, gs_dot: ArrayLike | None = None, *, threads: int = 0
) -> Array:
    """What the gradient of `svdvals_vjp` changes by along dA and a change of gs."""
    return svd_vjp_tangent(decomposed(a, threads), Cotangent(s=gs), da, Cotangent(s=gs_dot), threads=threads)
