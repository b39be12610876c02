"""Functions of the singular values as Functions of autograd."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from . import _diffsvd
from ._torch_call import call, native, vmapped

_spectral_map = native(_diffsvd.spectral_map)


def inner(x: Tensor, y: Tensor) -> Tensor:
    """Re Σ conj(x) y of each matrix."""
    product = x.conj() * y
    return (product.real if product.is_complex() else product).sum((-2, -1))


def _add(*terms: Tensor | None) -> Tensor | None:
    given = [term for term in terms if term is not None]
    return sum(given[1:], given[0]) if given else None


class Map(Function):
    """U f(S) Vᴴ, or its first or second derivative along as many directions.

    The first derivative is self-adjoint and the second symmetric, so that each derivative of this function is again this function.
    """

    @staticmethod
    def forward(name: str, number: float, tau: Tensor | None, x: Tensor, u: Tensor, s: Tensor, v: Tensor, *z: Tensor) -> Tensor:
        return _spectral_map(name, (u, s, v), z, tau, number, torch.get_num_threads())

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.name, ctx.number, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def derivatives(ctx: Any) -> tuple[Any, Any, list[Tensor]]:
        """f and its derivative by −τ as functions of the directions; the directions."""
        tau, x, u, s, v, *z = ctx.saved_tensors
        f = partial(call, Map, ctx.name, ctx.number, tau, x, u, s, v)
        return f, partial(call, Map, "step", 0.0, tau, x, u, s, v), z

    @staticmethod
    def backward(ctx: Any, w: Tensor) -> Any:
        f, step, z = Map.derivatives(ctx)
        tau_wanted, x_wanted = ctx.needs_input_grad[2:4]
        Map.check_order(len(z), x_wanted or tau_wanted)
        g_tau = -inner(w, step(*z)) if tau_wanted and ctx.name == "soft" else None
        g_x = f(*z, w) if x_wanted else None
        g_z = [f(*z[:i], *z[i + 1 :], w) if ctx.needs_input_grad[7 + i] else None for i in range(len(z))]
        return None, None, g_tau, g_x, None, None, None, *g_z

    @staticmethod
    def jvp(ctx: Any, _name: Any, _number: Any, d_tau: Any, dx: Any, _u: Any, _s: Any, _v: Any, *dz: Any) -> Any:
        f, step, z = Map.derivatives(ctx)
        Map.check_order(len(z), dx is not None or d_tau is not None)
        by_tau = -d_tau[..., None, None] * step(*z) if d_tau is not None and ctx.name == "soft" else None
        by_x = f(*z, dx) if dx is not None else None
        return _add(by_tau, by_x, *(f(*z[:i], d, *z[i + 1 :]) for i, d in enumerate(dz) if d is not None))

    @staticmethod
    def check_order(order: int, wanted: bool) -> None:
        if order >= 2 and wanted:
            raise NotImplementedError("third derivatives of functions of the singular values")

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        return vmapped(Map, info, in_dims, *inputs)


class NuclearNorm(Function):
    """s₁ + … + sₖ, whose gradient is the function "sign"."""

    @staticmethod
    def forward(x: Tensor, u: Tensor, s: Tensor, v: Tensor) -> Tensor:
        return s.sum(-1)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        return g[..., None, None] * call(Map, "sign", 0.0, None, *ctx.saved_tensors), None, None, None

    @staticmethod
    def jvp(ctx: Any, dx: Tensor, *_: Any) -> Tensor:
        return inner(call(Map, "sign", 0.0, None, *ctx.saved_tensors), dx)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        return vmapped(NuclearNorm, info, in_dims, *inputs)
