"""U, s and V and their derivatives as Functions of autograd: U, s and V are saved, x is what they are differentiated by."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, is_grad_enabled
from torch.autograd import Function, forward_ad

from . import _diffsvd
from ._factors import DEFAULT, Rule
from ._torch_call import call, eager, native, reads_tensors, transformed, vmapped

_svd, _svdvals, _svd_kept = native(_diffsvd.svd), native(_diffsvd.svdvals), _diffsvd.svd_kept
_svd_vjp, _svd_jvp, _svd_vjp_tangent = native(_diffsvd.svd_vjp), native(_diffsvd.svd_jvp), native(_diffsvd.svd_vjp_tangent)


class Svd(Function):
    """U, s and V; with `block` the k×k matrix S in place of s."""

    @staticmethod
    def forward(x: Tensor, rule: Rule, block: bool) -> tuple[Tensor, Tensor, Tensor]:
        u, s, v = _svd(x, False, torch.get_num_threads())
        return u, torch.diag_embed(s).to(u.dtype) if block else s, v

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        x, ctx.rule, ctx.block = inputs
        ctx.kept = None
        ctx.save_for_backward(x, *output)
        ctx.save_for_forward(x, *output)
        ctx.set_materialize_grads(False)

    @staticmethod
    def eager(ctx: Any, x: Tensor, rule: Rule, block: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Where there is no transform: of one small matrix the node keeps a copy of the factors in place of three saved tensors."""
        small = _svd_kept(x) if reads_tensors and not block else None
        if small is None:
            out = Svd.forward(x, rule, block)
            Svd.setup_context(ctx, (x, rule, block), out)
            return out
        u, s, v, ctx.kept = small
        ctx.rule, ctx.block = rule, False
        ctx.save_for_backward(x)
        if forward_ad._current_level >= 0:
            ctx.save_for_forward(x)
        ctx.set_materialize_grads(False)
        return u, s, v

    @staticmethod
    def saved(ctx: Any) -> tuple[Tensor, ...]:
        """x, U, s and V."""
        return ctx.saved_tensors if ctx.kept is None else (*ctx.saved_tensors, *ctx.kept.factors())

    @staticmethod
    def backward(ctx: Any, gu: Tensor | None, gs: Tensor | None, gv: Tensor | None) -> Any:
        if gu is None and gs is None and gv is None:
            return None, None, None
        if ctx.kept is not None and not is_grad_enabled() and forward_ad._current_level < 0 and not transformed():
            return ctx.kept.vjp(gu, gs, gv, None if ctx.rule is DEFAULT else ctx.rule), None, None
        return call(SvdVjp, *Svd.saved(ctx), gu, gs, gv, ctx.rule, ctx.block), None, None

    @staticmethod
    def jvp(ctx: Any, dx: Tensor | None, *_: Any) -> Any:
        if dx is None:
            return None, None, None
        return call(SvdJvp, *Svd.saved(ctx), dx, ctx.rule, ctx.block)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        return vmapped(Svd, info, in_dims, *inputs)


eager_svd = eager(Svd)


def _factors_of(u: Tensor, s: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """U, s and V from the matrix S."""
    return u, s.diagonal(dim1=-2, dim2=-1).real, v


def _cotangent_of(gu: Tensor | None, gs: Tensor | None, gv: Tensor | None) -> tuple[Tensor | None, ...]:
    """Cotangents for the native functions from that of the matrix S.

    A loss that took the diagonal of S apart hands over a diagonal cotangent: that is gs, beside which the rule has to choose.
    """
    if gs is None:
        return gu, None, gv, None
    diagonal = gs.diagonal(dim1=-2, dim2=-1)
    if torch.equal(gs, torch.diag_embed(diagonal)):
        return gu, diagonal.real, gv, None
    return gu, None, gv, gs


class SvdVjp(Function):
    """gA from the cotangents of `Svd`; U, s and V go with x and are differentiated through it."""

    @staticmethod
    def forward(x: Tensor, u: Tensor, s: Tensor, v: Tensor, gu: Any, gs: Any, gv: Any, rule: Rule, block: bool) -> Tensor:
        factors, cotangent = (u, s, v), (gu, gs, gv, None)
        if block:
            factors, cotangent = _factors_of(u, s, v), _cotangent_of(gu, gs, gv)
        return _svd_vjp(factors, cotangent, False, rule, torch.get_num_threads())[0]

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        *tensors, ctx.rule, ctx.block = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, w: Tensor) -> Any:
        x, u, s, v, gu, gs, gv = ctx.saved_tensors
        du, ds, dv = call(SvdJvp, x, u, s, v, w, ctx.rule, ctx.block)
        gx = None
        if ctx.needs_input_grad[0]:
            gx = call(SvdSecond, x, u, s, v, gu, gs, gv, w, None, None, None, ctx.rule, ctx.block)
        cotangents = (d if g is not None else None for d, g in ((du, gu), (ds, gs), (dv, gv)))
        return gx, None, None, None, *cotangents, None, None

    @staticmethod
    def jvp(ctx: Any, dx: Any, _u: Any, _s: Any, _v: Any, dgu: Any, dgs: Any, dgv: Any, *_: Any) -> Tensor:
        x, u, s, v, gu, gs, gv = ctx.saved_tensors
        dx = torch.zeros_like(x) if dx is None else dx
        return call(SvdSecond, x, u, s, v, gu, gs, gv, dx, dgu, dgs, dgv, ctx.rule, ctx.block)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        return vmapped(SvdVjp, info, in_dims, *inputs)


class SvdJvp(Function):
    """dU, ds and dV along dx."""

    @staticmethod
    def forward(x: Tensor, u: Tensor, s: Tensor, v: Tensor, dx: Tensor, rule: Rule, block: bool) -> Any:
        factors = _factors_of(u, s, v) if block else (u, s, v)
        du, ds, dv, d_matrix = _svd_jvp(factors, dx, block, rule, torch.get_num_threads())
        return du, d_matrix if block else ds, dv

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        *tensors, ctx.rule, ctx.block = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, hu: Tensor | None, hs: Tensor | None, hv: Tensor | None) -> Any:
        x, u, s, v, dx = ctx.saved_tensors
        if hu is None and hs is None and hv is None:
            return (None,) * 7
        gx = None
        if ctx.needs_input_grad[0]:
            gx = call(SvdSecond, x, u, s, v, hu, hs, hv, dx, None, None, None, ctx.rule, ctx.block)
        return gx, None, None, None, call(SvdVjp, x, u, s, v, hu, hs, hv, ctx.rule, ctx.block), None, None

    @staticmethod
    def jvp(ctx: Any, dx: Any, _u: Any, _s: Any, _v: Any, d_dx: Any, *_: Any) -> Any:
        if dx is not None:
            raise NotImplementedError("forward mode over forward mode of U and V: take forward over reverse, as torch.func.hessian")
        x, u, s, v, _ = ctx.saved_tensors
        return call(SvdJvp, x, u, s, v, d_dx, ctx.rule, ctx.block)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        return vmapped(SvdJvp, info, in_dims, *inputs)


class SvdSecond(Function):
    """What `SvdVjp` changes by along a direction of x and of the cotangents: the last derivative that there is."""

    @staticmethod
    def forward(x: Tensor, u: Tensor, s: Tensor, v: Tensor, *rest: Any) -> Tensor:
        gu, gs, gv, dx, dgu, dgs, dgv, rule, block = rest
        factors, point, change = (u, s, v), (gu, gs, gv, None), (dgu, dgs, dgv, None)
        if block:
            factors, point, change = _factors_of(u, s, v), _cotangent_of(gu, gs, gv), _cotangent_of(dgu, dgs, dgv)
        return _svd_vjp_tangent(factors, point, dx, change, rule, torch.get_num_threads())

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        *tensors, ctx.rule, ctx.block = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, w: Tensor) -> Any:
        """It is linear in dx and in what the cotangents change by: the Hessian of the loss is symmetric."""
        x, u, s, v, gu, gs, gv, *directions = ctx.saved_tensors
        if ctx.needs_input_grad[0] or any(ctx.needs_input_grad[4:7]):
            raise NotImplementedError("third derivatives of the SVD")
        gdx = call(SvdSecond, x, u, s, v, gu, gs, gv, w, None, None, None, ctx.rule, ctx.block)
        changes = [None if d is None else g for d, g in zip(directions[1:], call(SvdJvp, x, u, s, v, w, ctx.rule, ctx.block))]
        return (None,) * 7 + (gdx, *changes, None, None)

    @staticmethod
    def jvp(ctx: Any, *_: Any) -> Any:
        raise NotImplementedError("third derivatives of the SVD")

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        return vmapped(SvdSecond, info, in_dims, *inputs)


class Values(Function):
    """The singular values alone, for who may want no derivative: U and V are computed only when one is asked for."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return _svdvals(x, torch.get_num_threads())

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, gs: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return call(SvdVjp, x, *call(Svd, x, DEFAULT, False), None, gs, None, DEFAULT, False)

    @staticmethod
    def jvp(ctx: Any, dx: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return call(SvdJvp, x, *call(Svd, x, DEFAULT, False), dx, DEFAULT, False)[1]

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        return vmapped(Values, info, in_dims, *inputs)
