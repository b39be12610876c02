"""The native functions; `diffsvd` and its submodules are what is meant to be called."""

from typing import Any, Sequence

from numpy.typing import NDArray

from ._factors import Rule

Array = NDArray[Any]

__version__: str
XLA_TARGETS: dict[str, int]

class NotDifferentiableError(ValueError): ...

def svd(a: Array, full: bool, threads: int) -> tuple[Array, Array, Array]: ...
def svdvals(a: Array, threads: int) -> Array: ...
def svd_vjp(
    factors: Sequence[Array], cotangent: Sequence[Array | None], rule: Rule, threads: int
) -> tuple[Array, Array]: ...
def svd_jvp(
    factors: Sequence[Array], a_dot: Array, s_matrix: bool, rule: Rule, threads: int
) -> tuple[Array, Array, Array, Array | None]: ...
def svd_vjp_tangent(
    factors: Sequence[Array],
    cotangent: Sequence[Array | None],
    a_dot: Array,
    cotangent_dot: Sequence[Array | None],
    rule: Rule,
    threads: int,
) -> Array: ...
def spectral_map(
    name: str,
    factors: Sequence[Array],
    directions: Sequence[Array],
    threshold: Array | None,
    number: float,
    threads: int,
) -> Array: ...
