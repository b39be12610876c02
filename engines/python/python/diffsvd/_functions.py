"""Functions of the singular values, X = U f(S) Vᴴ: their derivatives are exact at equal and at zero singular values."""

from __future__ import annotations

import operator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from . import _diffsvd
from ._arrays import Array, adjoint, broadcast, inner, like, matrices
from ._factors import SVD, Matrices, decomposed, svd, svdvals


class SVTGradient(NamedTuple):
    """gA, and gτ of each matrix."""

    a: Array
    tau: Array


def _map(
    name: str,
    factors: SVD,
    *directions: ArrayLike,
    tau: Array | None = None,
    number: float = 0.0,
    threads: int = 0,
) -> Array:
    """U f(S) Vᴴ, or its first or second derivative along the directions."""
    u, s, v = factors
    return _diffsvd.spectral_map(name, (u, s, v), [like(z, u) for z in directions], tau, number, threads)


def _of_adjoint(a: Matrices, threads: int) -> SVD:
    """The factors of Aᴴ."""
    if isinstance(a, SVD):
        u, s, v = decomposed(a, threads)
        return SVD(v, s, u)
    return svd(adjoint(matrices(a)), threads=threads)


def check_rank(rank: int) -> float:
    """A rank as the native functions take it."""
    rank = operator.index(rank)
    if rank < 0:
        raise ValueError(f"rank = {rank}: it must not be negative")
    return float(rank)


def check_cutoff(rcond: float | None) -> float:
    """A relative cut-off as the native functions take it: negative for the default."""
    if rcond is None:
        return -1.0
    if not rcond >= 0.0 or rcond == np.inf:
        raise ValueError(f"rcond = {rcond}: it must be finite and not negative")
    return float(rcond)


def svt(a: Matrices, tau: ArrayLike, *, threads: int = 0) -> Array:
    """Singular value thresholding, U max(S − τ, 0) Vᴴ, with one τ for all matrices or one for each.

    For derivatives a singular value that is τ counts as below it.

    >>> x = svt([[2.0, 4.0], [-4.0, 2.0]], 0.5)
    >>> np.round(x, 4).tolist()
    [[1.7764, 3.5528], [-3.5528, 1.7764]]
    """
    f = decomposed(a, threads)
    return _map("soft", f, tau=broadcast(tau, f.u), threads=threads)


def svt_vjp(a: Matrices, tau: ArrayLike, gx: ArrayLike, *, threads: int = 0) -> SVTGradient:
    """gA and gτ from the cotangent gX of the result; gτ is that of one matrix: where all share one τ, its gradient is the sum."""
    f = decomposed(a, threads)
    tau, gx = broadcast(tau, f.u), like(gx, f.u)
    ga = _map("soft", f, gx, tau=tau, threads=threads)
    step = _map("step", f, tau=tau, threads=threads)
    return SVTGradient(ga, -inner(gx, step))


def svt_jvp(a: Matrices, tau: ArrayLike, da: ArrayLike, dtau: ArrayLike = 0.0, *, threads: int = 0) -> Array:
    """dX along dA and dτ."""
    f = decomposed(a, threads)
    tau, dtau = broadcast(tau, f.u), broadcast(dtau, f.u)
    dx = _map("soft", f, da, tau=tau, threads=threads)
    if np.any(dtau):
        dx -= dtau[..., None, None] * _map("step", f, tau=tau, threads=threads)
    return dx


def svt_vjp_tangent(
    a: Matrices,
    tau: ArrayLike,
    gx: ArrayLike,
    da: ArrayLike,
    dtau: ArrayLike = 0.0,
    *,
    threads: int = 0,
) -> SVTGradient:
    """What gA and gτ of `svt_vjp` change by when A moves along dA and τ along dτ."""
    f = decomposed(a, threads)
    tau, dtau, gx = broadcast(tau, f.u), broadcast(dtau, f.u), like(gx, f.u)
    ga = _map("soft", f, da, gx, tau=tau, threads=threads)
    if np.any(dtau):
        ga -= dtau[..., None, None] * _map("step", f, gx, tau=tau, threads=threads)
    return SVTGradient(ga, -inner(gx, _map("step", f, da, tau=tau, threads=threads)))


def pinv(a: Matrices, rcond: float | None = None, *, threads: int = 0) -> Array:
    """The pseudoinverse A⁺ (…, n, m); singular values up to `rcond` s₁, by default (max(m, n) + 10) ε s₁, count as zero.

    Its derivatives are those at constant rank, which is where A⁺ is continuous.
    """
    return _map("inverse", _of_adjoint(a, threads), number=check_cutoff(rcond), threads=threads)


def pinv_vjp(a: Matrices, gx: ArrayLike, rcond: float | None = None, *, threads: int = 0) -> Array:
    """gA from the cotangent (…, n, m) of A⁺."""
    return adjoint(_map("inverse", _of_adjoint(a, threads), gx, number=check_cutoff(rcond), threads=threads))


def pinv_jvp(a: Matrices, da: ArrayLike, rcond: float | None = None, *, threads: int = 0) -> Array:
    """dA⁺ along dA."""
    f = _of_adjoint(a, threads)
    return _map("inverse", f, adjoint(like(da, f.u)), number=check_cutoff(rcond), threads=threads)


def pinv_vjp_tangent(
    a: Matrices, gx: ArrayLike, da: ArrayLike, rcond: float | None = None, *, threads: int = 0
) -> Array:
    """What the gradient of `pinv_vjp` changes by along dA."""
    f, number = _of_adjoint(a, threads), check_cutoff(rcond)
    return adjoint(_map("inverse", f, adjoint(like(da, f.u)), gx, number=number, threads=threads))


def polar(a: Matrices, *, threads: int = 0) -> Array:
    """The polar factor U Vᴴ: the matrix of orthonormal columns or rows that is nearest to A."""
    return _map("polar", decomposed(a, threads), threads=threads)


def polar_vjp(a: Matrices, gx: ArrayLike, *, threads: int = 0) -> Array:
    """gA from gX; NotDifferentiableError where a singular value is zero."""
    return _map("polar", decomposed(a, threads), gx, threads=threads)


def polar_jvp(a: Matrices, da: ArrayLike, *, threads: int = 0) -> Array:
    """dX along dA; NotDifferentiableError where a singular value is zero."""
    return _map("polar", decomposed(a, threads), da, threads=threads)


def polar_vjp_tangent(a: Matrices, gx: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the gradient of `polar_vjp` changes by along dA."""
    return _map("polar", decomposed(a, threads), da, gx, threads=threads)


def low_rank(a: Matrices, rank: int, *, threads: int = 0) -> Array:
    """The best approximation of this rank."""
    return _map("best_rank", decomposed(a, threads), number=check_rank(rank), threads=threads)


def low_rank_vjp(a: Matrices, rank: int, gx: ArrayLike, *, threads: int = 0) -> Array:
    """gA from gX; NotDifferentiableError where singular values number `rank` and `rank` + 1 are equal."""
    return _map("best_rank", decomposed(a, threads), gx, number=check_rank(rank), threads=threads)


def low_rank_jvp(a: Matrices, rank: int, da: ArrayLike, *, threads: int = 0) -> Array:
    """dX along dA; NotDifferentiableError where singular values number `rank` and `rank` + 1 are equal."""
    return _map("best_rank", decomposed(a, threads), da, number=check_rank(rank), threads=threads)


def low_rank_vjp_tangent(a: Matrices, rank: int, gx: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the gradient of `low_rank_vjp` changes by along dA."""
    return _map("best_rank", decomposed(a, threads), da, gx, number=check_rank(rank), threads=threads)


def nuclear_norm(a: Matrices, *, threads: int = 0) -> Array:
    """s₁ + … + sₖ of each matrix."""
    return np.sum(a.s if isinstance(a, SVD) else svdvals(a, threads=threads), axis=-1)


def _scaled(g: ArrayLike, x: Array) -> Array:
    return broadcast(g, x)[..., None, None] * x


def nuclear_norm_vjp(a: Matrices, g: ArrayLike = 1.0, *, threads: int = 0) -> Array:
    """g U Vᴴ; where singular values are zero the subgradient of smallest norm, which leaves them out."""
    return _scaled(g, _map("sign", decomposed(a, threads), threads=threads))


def nuclear_norm_jvp(a: Matrices, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the norm of each matrix changes by along dA; where singular values are zero, by that subgradient."""
    f = decomposed(a, threads)
    return inner(_map("sign", f, threads=threads), like(da, f.u))


def nuclear_norm_vjp_tangent(a: Matrices, g: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the gradient g U Vᴴ changes by along dA; NotDifferentiableError where a singular value is zero."""
    return _scaled(g, _map("sign", decomposed(a, threads), da, threads=threads))
