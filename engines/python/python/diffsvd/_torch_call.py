"""Between PyTorch and the native functions: the memory of tensors, and how a `Function` is applied."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Callable

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from . import _diffsvd


def _array(x: Any) -> Any:
    """The memory of a tensor as numpy's; of all in a tuple or a list."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(_array, x))
    if not isinstance(x, Tensor):
        return x
    if x.device.type != "cpu":
        raise ValueError(f"diffsvd works on the CPU, but a tensor is on {x.device}: move it with .cpu()")
    if x.dtype is torch.bfloat16:  # numpy has none
        raise TypeError(f"matrices must be float32, float64, complex64 or complex128, not {x.dtype}")
    return x.detach().resolve_conj().resolve_neg().numpy()


def _tensor(x: Any) -> Any:
    """The inverse."""
    if isinstance(x, tuple):
        return tuple(map(_tensor, x))
    return torch.from_numpy(x) if isinstance(x, np.ndarray) else x


def _through_numpy(function: Callable[..., Any], *args: Any) -> Any:
    return _tensor(function(*map(_array, args)))


# Whether the native code reads and makes tensors itself, by DLPack's exchange in C; PyTorch before 2.10 has none.
reads_tensors = _diffsvd.read_tensors(Tensor)


def native(function: Callable[..., Any]) -> Callable[..., Any]:
    """A native function for tensors."""
    return function if reads_tensors else partial(_through_numpy, function)


# What PyTorch itself asks before it applies a Function; where there is no such question, all take the long way.
transformed = getattr(torch._C, "_are_functorch_transforms_active", lambda: True)


@lru_cache(maxsize=None)
def eager(function: type[Function]) -> Callable[..., Any]:
    """Applies the same Function in the older form, which transforms do not know: PyTorch does not inspect signatures, which takes half the time.

    Where no transform is active; a RuntimeError may be due to a tensor that one left behind, which `Function.apply` unwraps.
    """
    compute, keep = function.forward, function.setup_context

    def forward(ctx: Any, *args: Any) -> Any:
        out = compute(*args)
        keep(ctx, args, out)
        return out

    rules = {"forward": getattr(function, "eager", forward), "backward": function.backward, "jvp": function.jvp}
    made = type(function.__name__, (Function,), {name: staticmethod(rule) for name, rule in rules.items()})
    if hasattr(made, "_backward_cls"):  # the node, which would look up at each pass whether the rule is called backward or vjp
        made._backward_cls.apply = function.backward
    return super(Function, made).apply  # type: ignore[misc]


def call(function: type[Function], *args: Any) -> Any:
    """Applies a Function, with no more of autograd than is wanted: in most backward passes nothing."""
    if not transformed():
        try:
            if torch.is_grad_enabled() or getattr(forward_ad, "_current_level", 0) >= 0:
                return eager(function)(*args)
            return function.forward(*args)
        except RuntimeError:
            pass
    return function.apply(*args)


def vmapped(function: type[Function], info: Any, in_dims: Any, *inputs: Any) -> Any:
    """The rule of vmap that all functions here share: the mapped dimension becomes the first of the batch."""

    def front(x: Any, dim: int | None) -> Any:
        if not isinstance(x, Tensor):
            return x
        return x.expand(info.batch_size, *x.shape) if dim is None else x.movedim(dim, 0)

    out = function.apply(*map(front, inputs, in_dims))
    return (out, 0) if isinstance(out, Tensor) else (out, (0,) * len(out))
