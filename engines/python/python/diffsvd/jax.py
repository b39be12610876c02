"""The functions of `diffsvd` for JAX, on the CPU: they work under `jit`, `vmap`, `grad`, `jvp`, `vjp`, `hessian` and on any leading batch
dimensions; float32, float64, complex64 and complex128.

The decomposition, its first derivatives and the first two of functions of the singular values are native custom calls of XLA; higher
derivatives of U, s and V are written in jnp. Gradients follow JAX's convention for complex numbers, the conjugate of PyTorch's.
A failure (a NaN, no derivative) is an error of the computation with the core's message; it is raised when the result is waited for.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> x = jax.numpy.array([[2.0, 4.0], [-4.0, 2.0]])  # both singular values are √20
>>> [[round(float(g), 4) for g in row] for row in jax.grad(lambda x: svt(x, 0.5).sum())(x)]
[[0.9106, 1.0447], [0.9553, 0.9106]]
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ._factors import DEFAULT, Rule
from ._functions import check_cutoff, check_rank
from ._jax_primitives import spectral_map_p, svd_jvp_p, svd_p, svdvals_p

__all__ = ["SVD", "low_rank", "nuclear_norm", "pinv", "polar", "svd", "svdvals", "svt"]


class SVD(NamedTuple):
    """A = u diag(s) vᴴ: u (…, m, k), s (…, k) descending, v (…, n, k); v is not the adjoint."""

    u: Array
    s: Array
    v: Array


def _matrices(x: ArrayLike) -> Array:
    """`x` with entries of one of the four types."""
    x = jnp.asarray(x)
    if x.ndim < 2:
        raise ValueError(f"the matrix has shape {x.shape}: at least 2 dimensions are needed")
    if x.dtype.kind in "biu":
        return x.astype(jnp.result_type(float))
    if x.dtype not in (np.float32, np.float64, np.complex64, np.complex128):
        raise TypeError(f"matrices must be float32, float64, complex64 or complex128, not {x.dtype}")
    return x


def _factors(x: Array) -> SVD:
    """U, s and V without a derivative of their own."""
    return SVD(*svd_p.bind(jax.lax.stop_gradient(x)))


def _apply(name: str, x: Array, number: float = 0.0, tau: Array | None = None) -> Array:
    u, s, v = _factors(x)
    tau = jnp.zeros(s.shape[:-1], s.dtype) if tau is None else tau
    return spectral_map_p.bind(u, s, v, x, tau, name=name, number=number)[0]


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _svd(x: Array, rule: Rule) -> tuple[Array, Array, Array]:
    return tuple(svd_p.bind(x))


@_svd.defjvp
def _svd_jvp(rule: Rule, primals: tuple[Array], tangents: tuple[Array]) -> Any:
    u, s, v = _svd(*primals, rule)
    return (u, s, v), tuple(svd_jvp_p.bind(u, s, v, *tangents, rule=rule))


def svd(x: ArrayLike, *, rule: Rule = DEFAULT) -> SVD:
    """U, s and V, with the derivative rule of your choice at equal singular values (`diffsvd.Rule`).

    A loss of U f(S) Vᴴ is better served by the functions below: their derivatives are exact there. Derivatives beyond the first exist for
    the rules "reconstruct", "minimum_norm" and "zeroing".
    """
    return SVD(*_svd(_matrices(x), rule))


@jax.custom_jvp
def _svdvals(x: Array) -> Array:
    return svdvals_p.bind(x)[0]


@_svdvals.defjvp
def _svdvals_jvp(primals: tuple[Array], tangents: tuple[Array]) -> Any:
    u, s, v = _svd(*primals, DEFAULT)
    return s, svd_jvp_p.bind(u, s, v, *tangents, rule=DEFAULT)[1]


def svdvals(x: ArrayLike) -> Array:
    """The singular values (…, k); their gradient U diag(gs) Vᴴ is finite everywhere."""
    return _svdvals(_matrices(x))


def svt(x: ArrayLike, tau: ArrayLike) -> Array:
    """Singular value thresholding, U max(S − τ, 0) Vᴴ: exact gradients for x and τ. τ is one number, or one for each matrix.

    A singular value that is τ counts as below it.
    """
    x = _matrices(x)
    tau = jnp.broadcast_to(jnp.asarray(tau, x.real.dtype), x.shape[:-2])
    return _apply("soft", x, tau=tau)


def pinv(x: ArrayLike, rcond: float | None = None) -> Array:
    """The pseudoinverse A⁺; singular values up to `rcond` s₁, by default (max(m, n) + 10) ε s₁, count as zero.

    Its derivatives are those at constant rank, which is where A⁺ is continuous.
    """
    return _apply("inverse", jnp.conj(jnp.swapaxes(_matrices(x), -1, -2)), check_cutoff(rcond))


def polar(x: ArrayLike) -> Array:
    """The polar factor U Vᴴ. An error where a derivative is asked for and a singular value is zero."""
    return _apply("polar", _matrices(x))


def low_rank(x: ArrayLike, rank: int) -> Array:
    """The best approximation of this rank.

    An error where a derivative is asked for and singular values number `rank` and `rank` + 1 are equal.
    """
    return _apply("best_rank", _matrices(x), check_rank(rank))


@jax.custom_jvp
def _nuclear_norm(x: Array) -> Array:
    return jnp.sum(svdvals_p.bind(x)[0], axis=-1)


@_nuclear_norm.defjvp
def _nuclear_norm_jvp(primals: tuple[Array], tangents: tuple[Array]) -> Any:
    (x,), (dx,) = primals, tangents
    u, s, v = _svd(x, DEFAULT)  # with its derivative, which the value needs where this rule is differentiated
    zero = jnp.zeros(s.shape[:-1], s.dtype)
    (gradient,) = spectral_map_p.bind(u, s, v, x, zero, name="sign", number=0.0)
    return jnp.sum(s, axis=-1), jnp.sum(jnp.real(jnp.conj(gradient) * dx), axis=(-2, -1))


def nuclear_norm(x: ArrayLike) -> Array:
    """s₁ + … + sₖ of each matrix; the gradient leaves out singular values that are zero (the subgradient of smallest norm)."""
    return _nuclear_norm(_matrices(x))
