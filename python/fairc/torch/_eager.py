"""The projection outside of graphs: the solution itself waits for the backward pass.

An operator of torch may hold numbers alone, and adds some 220 µs to each forward call (see ``_ops.py``; on a core of 2.5
GHz). Where nothing traces, an autograd function does, which adds some 35 µs: the forward pass hands over the native
solution, which knows its derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import _fairc

__all__ = ["NARROW", "Column", "Params", "is_plain", "is_transformed", "is_wide", "project", "vector"]

#: What a batch says of its samples: a number for each, in the place of the tensor's or of the array's.
Column = torch.Tensor | np.ndarray[Any, Any]

#: Floats that NumPy and the runtime do not know, or not as numbers to compute with.
NARROW = frozenset({torch.float16, torch.bfloat16})

_PLAIN = (torch.Tensor, torch.nn.Parameter)


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is one of numbers, and nothing watches what is done with it but autograd."""
    return (
        not torch.compiler.is_compiling()
        and type(tensor) in _PLAIN
        and torch._C._len_torch_dispatch_stack() == 0
        and not torch._C._are_functorch_transforms_active()
    )


def is_wide(values: Any) -> bool:
    """Whether values are an array or a tensor already, of numbers that NumPy and the runtime know."""
    return type(values) is np.ndarray or (isinstance(values, torch.Tensor) and values.dtype not in NARROW)


def is_transformed() -> bool:
    """Whether a transform of ``torch.func`` is at work."""
    return not torch.compiler.is_compiling() and torch._C._are_functorch_transforms_active()


def vector(column: Column) -> np.ndarray[Any, Any]:
    """The numbers of a tensor as an array: the memory of one on the host, or a copy."""
    return column.numpy(force=True) if isinstance(column, torch.Tensor) else column


class Params(NamedTuple):
    """The values of all params; of those at ``places`` the ``tensor`` has the values too, with derivatives."""

    values: list[float]
    places: list[int]
    tensor: torch.Tensor | None


def project(z: torch.Tensor, data: Sequence[Column], params: Params, native: _fairc.Layer) -> torch.Tensor:
    """The nearest predictions to ``z`` that satisfy the rows of ``native``, in the shape of ``z``."""
    columns = [vector(column) for column in data]
    if torch.is_grad_enabled() and (z.requires_grad or params.tensor is not None):
        fair: torch.Tensor = _apply(z, params.tensor, columns, params, native)
        return fair
    return _like(z, native.solve(vector(z), columns, params.values, [])[0])


def _like(z: torch.Tensor, values: _fairc.Floats) -> torch.Tensor:
    """Values of the shape of ``z`` where ``z`` is."""
    made = torch.from_numpy(values)
    return made if z.is_cpu else made.to(z.device)


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, z: torch.Tensor, tensor: torch.Tensor | None, columns: Any, params: Params, native: _fairc.Layer
    ) -> torch.Tensor:
        y, ctx.solution = native.solve(vector(z), columns, params.values, params.places)
        return _like(z, y)

    @staticmethod
    def backward(ctx: Any, v: torch.Tensor) -> tuple[Any, ...]:
        by_z, by_params = ctx.needs_input_grad[:2]
        return (
            _derivative(v, ctx.solution, False) if by_z else None,
            _ByParams.apply(v, ctx.solution) if by_params else None,  # type: ignore[no-untyped-call]
            None,
            None,
            None,
        )


#: ``_Project.apply`` without the look at transforms, of which :func:`is_plain` has found none.
_apply: Any = super(torch.autograd.Function, _Project).apply


class _Derivative(torch.autograd.Function):
    """``Jᵀ v``, or ``J v`` where ``transposed``: linear in ``v``, with the other one as its derivative."""

    @staticmethod
    def forward(ctx: Any, v: torch.Tensor, solution: _fairc.Solution, transposed: bool) -> torch.Tensor:
        ctx.solution, ctx.transposed = solution, transposed
        return _like(v, solution.derivative(vector(v), transposed))

    @staticmethod
    def backward(ctx: Any, u: torch.Tensor) -> tuple[Any, ...]:
        return _derivative(u, ctx.solution, not ctx.transposed), None, None


def _derivative(v: torch.Tensor, solution: _fairc.Solution, transposed: bool) -> torch.Tensor:
    if v.requires_grad and torch.is_grad_enabled():
        u: torch.Tensor = _Derivative.apply(v, solution, transposed)  # type: ignore[no-untyped-call]
        return u
    return _like(v, solution.derivative(vector(v), transposed))


class _ByParams(torch.autograd.Function):
    """The derivatives of ``vᵀ y`` with respect to params."""

    @staticmethod
    def forward(ctx: Any, v: torch.Tensor, solution: _fairc.Solution) -> torch.Tensor:
        return torch.from_numpy(solution.by_params(vector(v)))

    @staticmethod
    def backward(ctx: Any, u: torch.Tensor) -> tuple[Any, ...]:
        raise NotImplementedError("derivatives with respect to params are of the first order alone")
