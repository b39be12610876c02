"""From whatever the caller has to arrays of one type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

_TYPES = {np.dtype(kind) for kind in ("float32", "float64", "complex64", "complex128")}


def matrices(a: ArrayLike) -> Array:
    """`a` with entries of one of the four types: whole numbers become float64; float16 is refused, since it has no SVD anywhere."""
    a = np.asarray(a)
    if a.dtype in _TYPES:
        return a
    if a.dtype.newbyteorder("=") in _TYPES:
        return a.astype(a.dtype.newbyteorder("="))
    if a.dtype.kind in "biu":
        return a.astype(np.float64)
    raise TypeError(f"matrices must be float32, float64, complex64 or complex128, not {a.dtype}")


def like(x: ArrayLike, a: Array) -> Array:
    """`x` with the type of `a`; a complex `x` beside a real `a` is an error, since its imaginary part would be lost."""
    x = np.asarray(x)
    if x.dtype == a.dtype:
        return x
    if x.dtype.kind == "c" and a.dtype.kind != "c":
        raise TypeError(f"a {x.dtype} array beside {a.dtype} matrices")
    return x.astype(a.dtype)


def real_like(x: ArrayLike, a: Array) -> Array:
    """`x` with the type of the singular values of `a`."""
    return like(x, a.real)


def broadcast(x: ArrayLike, a: Array) -> Array:
    """One real number for each matrix of `a`, without a copy."""
    return np.broadcast_to(real_like(x, a), a.shape[:-2])


def adjoint(a: Array) -> Array:
    """Aᴴ; a view where A is real."""
    return np.conj(np.swapaxes(a, -1, -2)) if a.dtype.kind == "c" else np.swapaxes(a, -1, -2)


def inner(x: Array, y: Array, dimensions: int = 2) -> Array:
    """Re Σ conj(x) y over the last dimensions."""
    return np.sum((np.conj(x) * y).real, axis=tuple(range(-dimensions, 0)))
