"""The native functions; `diffsvd` and its submodules are what is meant to be called.

An array is one of numpy's, or a tensor of the type that was given to `read_tensors`; results are of the kind of the first argument.
"""

from typing import Any, Sequence

from ._factors import Rule

Array = Any
Factors = tuple[Array, Array, Array]
Cotangent = tuple[Array | None, Array | None, Array | None, Array | None]

__version__: str
XLA_TARGETS: dict[str, int]

class NotDifferentiableError(ValueError): ...

class Kept:
    """The factors of a small matrix, as a node of PyTorch's graph keeps them."""

    def vjp(self, u: Array | None, s: Array | None, v: Array | None, rule: Rule | None) -> Array: ...
    def factors(self) -> Factors: ...

def read_tensors(kind: type) -> bool: ...
def svd_kept(a: Array) -> tuple[Array, Array, Array, Kept] | None: ...
def svd(a: Array, full: bool, threads: int) -> Factors: ...
def svdvals(a: Array, threads: int) -> Array: ...
def svd_vjp(
    factors: Factors, cotangent: Cotangent, residual: bool, rule: Rule | None, threads: int
) -> tuple[Array, Array | None]: ...
def svd_jvp(
    factors: Factors, a_dot: Array, s_matrix: bool, rule: Rule | None, threads: int
) -> tuple[Array, Array, Array, Array | None]: ...
def svd_vjp_tangent(
    factors: Factors, cotangent: Cotangent, a_dot: Array, cotangent_dot: Cotangent, rule: Rule | None, threads: int
) -> Array: ...
def spectral_map(
    name: str,
    factors: Factors,
    directions: Sequence[Array],
    threshold: Array | None,
    number: float,
    threads: int,
) -> Array: ...
