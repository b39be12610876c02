"""Functions of the singular values, X = U f(S) Vᴴ: their derivatives are exact at equal and at zero singular values."""

from __future__ import annotations

import operator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from . import _diffsvd
from ._arrays import Array, adjoint, broadcast, inner, like, matrices
from ._factors import SVD, svd


class SVTGradient(NamedTuple):
    """gA, and gτ of each matrix."""

    a: Array
    tau: Array


def _map(
    name: str,
    a: Array,
    *directions: Array,
    tau: Array | None = None,
    number: float = 0.0,
    threads: int = 0,
    factors: SVD | None = None,
) -> Array:
    """f of each matrix, or its first or second derivative along the directions."""
    factors = tuple(factors or svd(a, threads=threads))
    return _diffsvd.spectral_map(name, factors, [like(z, a) for z in directions], tau, number, threads)


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


def svt(a: ArrayLike, tau: ArrayLike, *, threads: int = 0) -> Array:
    """Singular value thresholding, U max(S − τ, 0) Vᴴ, with one τ for all matrices or one for each.

    For derivatives a singular value that is τ counts as below it.

    >>> x = svt([[2.0, 4.0], [-4.0, 2.0]], 0.5)
    >>> np.round(x, 4).tolist()
    [[1.7764, 3.5528], [-3.5528, 1.7764]]
    """
    a = matrices(a)
    return _map("soft", a, tau=broadcast(tau, a), threads=threads)


def svt_vjp(a: ArrayLike, tau: ArrayLike, gx: ArrayLike, *, threads: int = 0) -> SVTGradient:
    """gA and gτ from the cotangent gX of the result; gτ is that of one matrix: where all share one τ, its gradient is the sum."""
    a = matrices(a)
    tau, factors, gx = broadcast(tau, a), svd(a, threads=threads), like(gx, a)
    ga = _map("soft", a, gx, tau=tau, threads=threads, factors=factors)
    step = _map("step", a, tau=tau, threads=threads, factors=factors)
    return SVTGradient(ga, -inner(gx, step))


def svt_jvp(a: ArrayLike, tau: ArrayLike, da: ArrayLike, dtau: ArrayLike = 0.0, *, threads: int = 0) -> Array:
    """dX along dA and dτ."""
    a = matrices(a)
    tau, dtau, factors = broadcast(tau, a), broadcast(dtau, a), svd(a, threads=threads)
    dx = _map("soft", a, da, tau=tau, threads=threads, factors=factors)
    if np.any(dtau):
        dx -= dtau[..., None, None] * _map("step", a, tau=tau, threads=threads, factors=factors)
    return dx


def svt_vjp_tangent(
    a: ArrayLike,
    tau: ArrayLike,
    gx: ArrayLike,
    da: ArrayLike,
    dtau: ArrayLike = 0.0,
    *,
    threads: int = 0,
) -> SVTGradient:
    """What gA and gτ of `svt_vjp` change by when A moves along dA and τ along dτ."""
    a = matrices(a)
    tau, dtau, factors, gx = broadcast(tau, a), broadcast(dtau, a), svd(a, threads=threads), like(gx, a)
    ga = _map("soft", a, da, gx, tau=tau, threads=threads, factors=factors)
    if np.any(dtau):
        ga -= dtau[..., None, None] * _map("step", a, gx, tau=tau, threads=threads, factors=factors)
    return SVTGradient(ga, -inner(gx, _map("step", a, da, tau=tau, threads=threads, factors=factors)))


def pinv(a: ArrayLike, rcond: float | None = None, *, threads: int = 0) -> Array:
    """The pseudoinverse A⁺ (…, n, m); singular values up to `rcond` s₁, by default (max(m, n) + 10) ε s₁, count as zero.

    Its derivatives are those at constant rank, which is where A⁺ is continuous.
    """
    return _map("inverse", adjoint(matrices(a)), number=check_cutoff(rcond), threads=threads)


def pinv_vjp(a: ArrayLike, gx: ArrayLike, rcond: float | None = None, *, threads: int = 0) -> Array:
    """gA from the cotangent (…, n, m) of A⁺."""
    return adjoint(_map("inverse", adjoint(matrices(a)), np.asarray(gx), number=check_cutoff(rcond), threads=threads))


def pinv_jvp(a: ArrayLike, da: ArrayLike, rcond: float | None = None, *, threads: int = 0) -> Array:
    """dA⁺ along dA."""
    a = matrices(a)
    return _map("inverse", adjoint(a), adjoint(like(da, a)), number=check_cutoff(rcond), threads=threads)


def pinv_vjp_tangent(
    a: ArrayLike, gx: ArrayLike, da: ArrayLike, rcond: float | None = None, *, threads: int = 0
) -> Array:
    """What the gradient of `pinv_vjp` changes by along dA."""
    a, number = matrices(a), check_cutoff(rcond)
    return adjoint(_map("inverse", adjoint(a), adjoint(like(da, a)), np.asarray(gx), number=number, threads=threads))


def polar(a: ArrayLike, *, threads: int = 0) -> Array:
    """The polar factor U Vᴴ: the matrix of orthonormal columns or rows that is nearest to A."""
    return _map("polar", matrices(a), threads=threads)


def polar_vjp(a: ArrayLike, gx: ArrayLike, *, threads: int = 0) -> Array:
    """gA from gX; NotDifferentiableError where a singular value is zero."""
    return _map("polar", matrices(a), np.asarray(gx), threads=threads)


def polar_jvp(a: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """dX along dA; NotDifferentiableError where a singular value is zero."""
    return _map("polar", matrices(a), np.asarray(da), threads=threads)


def polar_vjp_tangent(a: ArrayLike, gx: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the gradient of `polar_vjp` changes by along dA."""
    return _map("polar", matrices(a), np.asarray(da), np.asarray(gx), threads=threads)


def low_rank(a: ArrayLike, rank: int, *, threads: int = 0) -> Array:
    """The best approximation of this rank."""
    return _map("best_rank", matrices(a), number=check_rank(rank), threads=threads)


def low_rank_vjp(a: ArrayLike, rank: int, gx: ArrayLike, *, threads: int = 0) -> Array:
    """gA from gX; NotDifferentiableError where singular values number `rank` and `rank` + 1 are equal."""
    return _map("best_rank", matrices(a), np.asarray(gx), number=check_rank(rank), threads=threads)


def low_rank_jvp(a: ArrayLike, rank: int, da: ArrayLike, *, threads: int = 0) -> Array:
    """dX along dA; NotDifferentiableError where singular values number `rank` and `rank` + 1 are equal."""
    return _map("best_rank", matrices(a), np.asarray(da), number=check_rank(rank), threads=threads)


def low_rank_vjp_tangent(a: ArrayLike, rank: int, gx: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the gradient of `low_rank_vjp` changes by along dA."""
    directions = np.asarray(da), np.asarray(gx)
    return _map("best_rank", matrices(a), *directions, number=check_rank(rank), threads=threads)


def nuclear_norm(a: ArrayLike, *, threads: int = 0) -> Array:
    """s₁ + … + sₖ of each matrix."""
    return np.sum(_diffsvd.svdvals(matrices(a), threads), axis=-1)


def _scaled(g: ArrayLike, x: Array) -> Array:
    return broadcast(g, x)[..., None, None] * x


def nuclear_norm_vjp(a: ArrayLike, g: ArrayLike = 1.0, *, threads: int = 0) -> Array:
    """g U Vᴴ; where singular values are zero the subgradient of smallest norm, which leaves them out."""
    return _scaled(g, _map("sign", matrices(a), threads=threads))


def nuclear_norm_jvp(a: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the norm of each matrix changes by along dA; where singular values are zero, by that subgradient."""
    a = matrices(a)
    return inner(_map("sign", a, threads=threads), like(da, a))


def nuclear_norm_vjp_tangent(a: ArrayLike, g: ArrayLike, da: ArrayLike, *, threads: int = 0) -> Array:
    """What the gradient g U Vᴴ changes by along dA; NotDifferentiableError where a singular value is zero."""
    return _scaled(g, _map("sign", matrices(a), np.asarray(da), threads=threads))
