"""A complex singular value decomposition, A = U diag(s) Vᴴ, that can be differentiated: also at equal and at zero singular values.

This module works on numpy's arrays: float32, float64, complex64 and complex128, any strides, any number of leading batch dimensions.
`diffsvd.torch` and `diffsvd.jax` have the same functions for the two engines.

Conventions: U is m×k, V (not Vᴴ) is n×k, k = min(m, n); s is real and descending. A cotangent g of a real loss L is the array with
dL = Re Σ conj(g) dX, as in PyTorch. `*_vjp` takes cotangents of the results to that of A, `*_jvp` a direction dA to those of the
results, `*_vjp_tangent` says what the VJP changes by along dA (a Hessian-vector product).

Where a function takes the matrix A, it takes what `svd` made of it too, and decomposes nothing:

>>> f = svd([[2.0, 4.0], [-4.0, 2.0]])
>>> x, gradient = svt(f, 0.5), svt_vjp(f, 0.5, [[1.0, 1.0], [1.0, 1.0]])
>>> gradient.a.round(4).tolist()
[[0.9106, 1.0447], [0.9553, 0.9106]]
"""

from ._diffsvd import NotDifferentiableError, __version__
from ._factors import (
    Cotangent,
    Gradient,
    Rule,
    SVD,
    SVDTangent,
    svd,
    svd_jvp,
    svd_vjp,
    svd_vjp_tangent,
    svdvals,
    svdvals_jvp,
    svdvals_vjp,
    svdvals_vjp_tangent,
)
from ._functions import (
    SVTGradient,
    low_rank,
    low_rank_jvp,
    low_rank_vjp,
    low_rank_vjp_tangent,
    nuclear_norm,
    nuclear_norm_jvp,
    nuclear_norm_vjp,
    nuclear_norm_vjp_tangent,
    pinv,
    pinv_jvp,
    pinv_vjp,
    pinv_vjp_tangent,
    polar,
    polar_jvp,
    polar_vjp,
    polar_vjp_tangent,
    svt,
    svt_jvp,
    svt_vjp,
    svt_vjp_tangent,
)

__all__ = [
    "Cotangent",
    "Gradient",
    "NotDifferentiableError",
    "Rule",
    "SVD",
    "SVDTangent",
    "SVTGradient",
    "__version__",
    "low_rank",
    "low_rank_jvp",
    "low_rank_vjp",
    "low_rank_vjp_tangent",
    "nuclear_norm",
    "nuclear_norm_jvp",
    "nuclear_norm_vjp",
    "nuclear_norm_vjp_tangent",
    "pinv",
    "pinv_jvp",
    "pinv_vjp",
    "pinv_vjp_tangent",
    "polar",
    "polar_jvp",
    "polar_vjp",
    "polar_vjp_tangent",
    "svd",
    "svd_jvp",
    "svd_vjp",
    "svd_vjp_tangent",
    "svdvals",
    "svdvals_jvp",
    "svdvals_vjp",
    "svdvals_vjp_tangent",
    "svt",
    "svt_jvp",
    "svt_vjp",
    "svt_vjp_tangent",
]
