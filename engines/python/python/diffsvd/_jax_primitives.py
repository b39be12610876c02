"""JAX primitives over the native functions: how each is computed, differentiated, transposed and batched.

| primitive | computes | its tangent | its transpose |
|---|---|---|---|
| svd_p | U, s, V | (that of `diffsvd.jax.svd`) | |
| svd_jvp_p | dU, ds, dV along dA | by `_jax_reference` | svd_vjp_p |
| svd_vjp_p | gA | by `_jax_reference` | svd_jvp_p |
| spectral_map_p | U f(S) Vᴴ or a derivative of it along given directions | itself, with a direction more | itself |

`spectral_map_p` takes A beside its factors: it is differentiated by A, and the factors follow. Its first derivative is self-adjoint
and its second symmetric, which is why it closes upon itself.

JAX pairs a cotangent c with a tangent t by Re Σ c t, the native functions by Re Σ conj(c) t. `svd_vjp_p` takes and gives JAX's
cotangents (the native code conjugates them on the way, in the cache); hence the conjugates in the transpose of `spectral_map_p`.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache, partial
from typing import Any, Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from . import _diffsvd, _jax_reference
from ._factors import DEFAULT

for _target, _address in _diffsvd.XLA_TARGETS.items():
    _handler = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(_address)
    jax.ffi.register_ffi_target(_target, jax.ffi.pycapsule(_handler), platform="cpu")


def _real(dtype: Any) -> Any:
    return np.finfo(dtype).dtype


@lru_cache(maxsize=None)
def _compiled(primitive: Primitive, params: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    return jax.jit(partial(primitive.bind, **dict(params)))


def _primitive(name: str, shapes: Callable[..., Sequence[ShapedArray]], call: Callable[..., Any]) -> Primitive:
    """A primitive that XLA's custom call computes, over leading batch dimensions, which `vmap` adds one to.

    `shapes` gives the results from the arguments' shapes, `call` the name, the arguments and the attributes of the custom call.
    """
    primitive = Primitive(name)
    primitive.multiple_results = True

    def lowered(*args: Any, **params: Any) -> Any:
        target, operands, attributes = call(*args, **params)
        results = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in shapes(*map(jax.typeof, args), **params)]
        return jax.ffi.ffi_call(target, results)(*operands, **attributes)

    def batched(args: Any, dims: Any, **params: Any) -> Any:
        size = next(x.shape[dim] for x, dim in zip(args, dims) if dim is not None)
        front = [
            jnp.broadcast_to(x, (size, *x.shape)) if dim is None else jnp.moveaxis(x, dim, 0) for x, dim in zip(args, dims)
        ]
        out = primitive.bind(*front, **params)
        return out, [0] * len(out)

    primitive.def_impl(lambda *args, **params: _compiled(primitive, tuple(params.items()))(*args))
    primitive.def_abstract_eval(lambda *args, **params: list(shapes(*args, **params)))
    mlir.register_lowering(primitive, mlir.lower_fun(lowered, multiple_results=True), platform="cpu")
    batching.primitive_batchers[primitive] = batched
    return primitive


def _zeros_like(primals: Sequence[Any]) -> list[Any]:
    return [ad.Zero(jax.typeof(x).to_tangent_aval()) for x in primals]


def _is_zero(x: Any) -> bool:
    return type(x) is ad.Zero


# U, s and V, or s alone.


def _svd_shapes(a: Any) -> Sequence[ShapedArray]:
    *batch, m, n = a.shape
    k, real = min(m, n), _real(a.dtype)
    return [ShapedArray((*batch, m, k), a.dtype), ShapedArray((*batch, k), real), ShapedArray((*batch, n, k), a.dtype)]


svd_p = _primitive("diffsvd_svd", _svd_shapes, lambda a: ("diffsvd_svd", (a,), {}))
svdvals_p = _primitive("diffsvd_svdvals", lambda a: _svd_shapes(a)[1:2], lambda a: ("diffsvd_svdvals", (a,), {}))


# The derivatives of U, s and V.


def _rule_attributes(rule: Any) -> dict[str, Any]:
    if rule == DEFAULT:
        return {}

    def tolerance(relative: float | None) -> np.float64:
        return np.float64(-1.0 if relative is None else relative)

    return {
        "rule": rule.name,
        "parameter": np.float64(rule.parameter),
        "gap_tolerance": tolerance(rule.gap_tolerance),
        "rank_tolerance": tolerance(rule.rank_tolerance),
    }


def _svd_jvp_call(u: Any, s: Any, v: Any, da: Any, rule: Any) -> Any:
    return "diffsvd_svd_jvp", (u, s, v, da), _rule_attributes(rule)


def _svd_vjp_shapes(u: Any, s: Any, v: Any, *_: Any, **__: Any) -> Sequence[ShapedArray]:
    return [ShapedArray((*u.shape[:-1], v.shape[-2]), u.dtype)]


def _svd_vjp_call(u: Any, s: Any, v: Any, *cotangents: Any, given: str, rule: Any) -> Any:
    return "diffsvd_svd_vjp", (u, s, v, *cotangents), {"given": given, **_rule_attributes(rule)}


svd_jvp_p = _primitive(
    "diffsvd_svd_jvp", lambda u, s, v, da, rule: [ShapedArray(x.shape, x.dtype) for x in (u, s, v)], _svd_jvp_call
)
svd_vjp_p = _primitive("diffsvd_svd_vjp", _svd_vjp_shapes, _svd_vjp_call)


def _svd_jvp_transpose(cotangents: Any, u: Any, s: Any, v: Any, da: Any, rule: Any) -> Any:
    given = [(letter, ct) for letter, ct in zip("usv", cotangents) if not _is_zero(ct)]
    letters, arrays = "".join(letter for letter, _ in given), [array for _, array in given]
    (ga,) = svd_vjp_p.bind(u, s, v, *arrays, given=letters, rule=rule)
    return None, None, None, ga


def _svd_vjp_transpose(cotangents: Any, u: Any, s: Any, v: Any, *linear: Any, given: str, rule: Any) -> Any:
    (w,) = cotangents
    by_letter = dict(zip("usv", svd_jvp_p.bind(u, s, v, w, rule=rule)))
    return None, None, None, *(by_letter[letter] for letter in given)


def _linear_jvp(primitive: Primitive, reference: Callable[..., Any]) -> Callable[..., Any]:
    """The tangent rule of a function that is linear in all but its first three arguments: native where these stand still."""

    def rule_of_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
        out = primitive.bind(*primals, **params)
        factors, linear = tangents[:3], tangents[3:]
        if all(map(_is_zero, tangents)):
            return out, _zeros_like(out)
        if all(map(_is_zero, factors)):
            return out, primitive.bind(*primals[:3], *map(ad.instantiate_zeros, linear), **params)
        dots = tuple(map(ad.instantiate_zeros, tangents))
        return out, jax.jvp(partial(reference, **params), tuple(primals), dots)[1]

    return rule_of_jvp


ad.primitive_jvps[svd_jvp_p] = _linear_jvp(svd_jvp_p, _jax_reference.svd_jvp)
ad.primitive_jvps[svd_vjp_p] = _linear_jvp(svd_vjp_p, _jax_reference.svd_vjp)
ad.primitive_transposes[svd_jvp_p] = _svd_jvp_transpose
ad.primitive_transposes[svd_vjp_p] = _svd_vjp_transpose


# U f(S) Vᴴ and its derivatives: arguments U, s, V, A, τ, directions.


def _map_shapes(u: Any, s: Any, v: Any, a: Any, *_: Any, **__: Any) -> Sequence[ShapedArray]:
    return [ShapedArray(a.shape, a.dtype)]


def _map_call(u: Any, s: Any, v: Any, a: Any, tau: Any, *z: Any, name: str, number: float) -> Any:
    return "diffsvd_spectral_map", (u, s, v, tau, *z), {"name": name, "number": np.float64(number)}


spectral_map_p = _map_p = _primitive("diffsvd_spectral_map", _map_shapes, _map_call)


def _map_jvp(primals: Any, tangents: Any, name: str, number: float) -> Any:
    u, s, v, a, tau, *z = primals
    _, _, _, da, dtau, *dz = tangents
    (out,) = _map_p.bind(*primals, name=name, number=number)
    if len(z) > 1 and not (_is_zero(da) and (_is_zero(dtau) or name != "soft")):
        raise NotImplementedError("third derivatives of functions of the singular values")

    def derivative(name: str, *directions: Any) -> Any:
        return _map_p.bind(u, s, v, a, tau, *directions, name=name, number=number)[0]

    terms = []
    if not _is_zero(da):
        terms.append(derivative(name, *z, da))
    if not _is_zero(dtau) and name == "soft":
        terms.append(-dtau[..., None, None] * derivative("step", *z))
    terms += [derivative(name, *z[:i], d, *z[i + 1 :]) for i, d in enumerate(dz) if not _is_zero(d)]
    return [out], [sum(terms[1:], terms[0])] if terms else _zeros_like([out])


def _map_transpose(cotangents: Any, u: Any, s: Any, v: Any, a: Any, tau: Any, *z: Any, name: str, number: float) -> Any:
    (w,) = cotangents
    known = [direction for direction in z if not ad.is_undefined_primal(direction)]
    (out,) = _map_p.bind(u, s, v, a, tau, *known, jnp.conj(w), name=name, number=number)
    return [None] * 5 + [jnp.conj(out) if ad.is_undefined_primal(direction) else None for direction in z]


ad.primitive_jvps[_map_p] = _map_jvp
ad.primitive_transposes[_map_p] = _map_transpose
