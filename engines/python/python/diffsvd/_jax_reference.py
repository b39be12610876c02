"""The derivatives of U, s and V in jnp: what JAX differentiates again, for derivatives of any order.

P = Uᴴ dA V, H = herm(P), K = skew(P); for each pair of triplets the derivative is a 2×2 system with the eigenvalues sⱼ − sᵢ and sⱼ + sᵢ:

    ds = diag(H)
    dU = U ((gap + block)∘H + sum∘K) + (I − U Uᴴ) dA  V S⁺
    dV = V ((gap + block)∘H − sum∘K) + (I − V Vᴴ) dAᴴ U S⁺

gap stands for 1/(sⱼ − sᵢ), 0 where the two are equal; sum for 1/(sⱼ + sᵢ), 0 where both are zero; block is sum where the two are equal,
for the rule "reconstruct", else 0.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

RULES = ("reconstruct", "minimum_norm", "zeroing")


def _adjoint(x: Any) -> Any:
    return jnp.conj(jnp.swapaxes(x, -1, -2))


def _reciprocal(x: Any, zero: Any) -> Any:
    """1/x, and 0, with derivative 0, where it counts as zero."""
    return jnp.where(zero, 0.0, 1.0 / jnp.where(zero, 1.0, x))


def _tolerance(s: Any, shape: tuple[int, int], relative: float | None) -> Any:
    info = jnp.finfo(s.dtype)
    relative = info.eps * (max(shape) + 10) if relative is None else relative
    return jnp.maximum(relative * s[..., :1], info.tiny)


def _coefficients(s: Any, shape: tuple[int, int], rule: Any) -> tuple[Any, Any, Any]:
    """gap + block, sum and 1/s, by the rule."""
    if rule.name not in RULES:
        raise NotImplementedError(f"derivatives beyond the first by the rule {rule.name!r}: only by {', '.join(RULES)}")
    fixed = jax.lax.stop_gradient(s)
    zero = fixed <= _tolerance(fixed, shape, rule.rank_tolerance)
    apart = fixed[..., :-1] - fixed[..., 1:] > _tolerance(fixed, shape, rule.gap_tolerance)
    block = jnp.pad(jnp.cumsum(apart, axis=-1), [(0, 0)] * (s.ndim - 1) + [(1, 0)])  # neighbours that count as equal share a number
    linked = block[..., :, None] == block[..., None, :]
    row, column = s[..., :, None], s[..., None, :]
    both_zero, diagonal = zero[..., :, None] & zero[..., None, :], jnp.eye(s.shape[-1], dtype=bool)
    gap = _reciprocal(column - row, linked | both_zero)
    sums = _reciprocal(column + row, both_zero)
    if rule.name == "reconstruct":
        gap = gap + jnp.where(linked & ~diagonal, sums, 0.0)
    if rule.name == "zeroing":
        sums = jnp.where(linked & ~diagonal, 0.0, sums)
    return gap, sums, _reciprocal(s, zero)


def svd_jvp(u: Any, s: Any, v: Any, da: Any, *, rule: Any) -> tuple[Any, Any, Any]:
    """dU, ds and dV."""
    gap, sums, inverse = _coefficients(s, (u.shape[-2], v.shape[-2]), rule)
    left, right = da @ v, _adjoint(da) @ u
    p = _adjoint(u) @ left
    h, k = (p + _adjoint(p)) / 2, (p - _adjoint(p)) / 2
    du = u @ (gap * h + sums * k) + (left - u @ p) * inverse[..., None, :]
    dv = v @ (gap * h - sums * k) + (right - v @ _adjoint(p)) * inverse[..., None, :]
    return du, jnp.real(jnp.diagonal(p, axis1=-2, axis2=-1)), dv


def svd_vjp(u: Any, s: Any, v: Any, *cotangents: Any, given: str, rule: Any) -> tuple[Any]:
    """gA: the transpose of `svd_jvp`, from those of the cotangents that are given."""
    like = {"u": u, "s": s, "v": v}
    by_letter = dict(zip(given, cotangents))
    full = tuple(by_letter.get(letter, jnp.zeros_like(x)) for letter, x in like.items())
    a = jax.ShapeDtypeStruct((*u.shape[:-1], v.shape[-2]), u.dtype)
    return tuple(jax.linear_transpose(lambda da: svd_jvp(u, s, v, da, rule=rule), a)(full))
