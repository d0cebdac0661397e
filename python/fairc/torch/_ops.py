"""The projection as an operator of torch, for graphs: ``torch.compile``, exports, and what else traces.

Two operators, each a function of numbers alone (see ``python/src/layer.rs``)::

    fairc::project(z, data, params, key, remember) -> y                y: the nearest predictions that satisfy the rows
    fairc::project_vjp(z, data, params, v, key, transposed) -> u       u = Jᵀ v, or J v, with J = ∂y/∂z

``key`` names the layer that knows program and data. ``J`` is constant as long as the active set is, so the derivative of
``u`` with respect to ``v`` is the same operator transposed, and that with respect to ``z`` is zero. ``remember`` keeps the
solution for a backward pass to come; without, that pass solves again.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

import torch

from .. import _fairc
from .._program import Program
from ._eager import vector
from ._sums import Spread

__all__ = ["Core", "project"]

_keys = itertools.count(1)
_cores: weakref.WeakValueDictionary[int, Core] = weakref.WeakValueDictionary()


class Core:
    """A native layer, found by its key as long as someone holds it."""

    def __init__(
        self, program: Program, encoded: _fairc.Encoded | None, headers: list[str], purpose: str, on_infeasible: str
    ) -> None:
        self.native = _fairc.Layer(program._core, encoded, headers, purpose, on_infeasible)
        #: What is kept for samples elsewhere, see ``_sums.py``.
        self.spread = Spread(self.native)
        self.key = next(_keys)
        _cores[self.key] = self


def project(z: torch.Tensor, data: list[torch.Tensor], params: list[float], core: Core) -> torch.Tensor:
    """The nearest predictions to the vector ``z`` that satisfy the rows of ``core``."""
    remember = z.requires_grad and torch.is_grad_enabled()
    return torch.ops.fairc.project(z, data, params, core.key, remember)  # type: ignore[no-any-return]


def _native(key: int) -> _fairc.Layer:
    core = _cores.get(key)
    if core is None:
        raise RuntimeError(f"there is no fairness layer {key} any more; keep the module alive until backward has run")
    return core.native


@torch.library.custom_op(
    "fairc::project",
    mutates_args=(),
    schema="(Tensor z, Tensor[] data, float[] params, int key, bool remember) -> Tensor",
)
def _project(
    z: torch.Tensor, data: list[torch.Tensor], params: list[float], key: int, remember: bool
) -> torch.Tensor:
    y = _native(key).forward(vector(z), [vector(column) for column in data], list(params), remember)
    return torch.from_numpy(y).to(z.device)


@torch.library.custom_op(
    "fairc::project_vjp",
    mutates_args=(),
    schema="(Tensor z, Tensor[] data, float[] params, Tensor v, int key, bool transposed) -> Tensor",
)
def _project_vjp(
    z: torch.Tensor, data: list[torch.Tensor], params: list[float], v: torch.Tensor, key: int, transposed: bool
) -> torch.Tensor:
    columns = [vector(column) for column in data]
    u = _native(key).derivative(vector(z), columns, list(params), vector(v), transposed)
    return torch.from_numpy(u).to(z.device)


@_project.register_fake
def _(z: torch.Tensor, data: list[torch.Tensor], params: list[float], key: int, remember: bool) -> torch.Tensor:
    return z.new_empty(z.shape)


@_project_vjp.register_fake
def _(
    z: torch.Tensor, data: list[torch.Tensor], params: list[float], v: torch.Tensor, key: int, transposed: bool
) -> torch.Tensor:
    return z.new_empty(z.shape)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    z, data, params, key, _ = inputs
    ctx.save_for_backward(z, *data)
    # The layer lives as long as a backward pass may come.
    ctx.params, ctx.key, ctx.core = params, key, _cores.get(key)


def _no_gradient(params: list[float]) -> list[None] | None:
    """torch asks for the structure of the input, and sees an empty list as one of tensors."""
    return None if params else []


def _backward(ctx: Any, v: torch.Tensor) -> tuple[Any, ...]:
    z, *data = ctx.saved_tensors
    u = torch.ops.fairc.project_vjp(z, data, ctx.params, v, ctx.key, False)
    return u, [None] * len(data), _no_gradient(ctx.params), None, None


def _keep_vjp(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    z, data, params, _, key, transposed = inputs
    ctx.save_for_backward(z, *data)
    ctx.params, ctx.key, ctx.core, ctx.transposed = params, key, _cores.get(key), transposed


def _backward_vjp(ctx: Any, v: torch.Tensor) -> tuple[Any, ...]:
    z, *data = ctx.saved_tensors
    u = torch.ops.fairc.project_vjp(z, data, ctx.params, v, ctx.key, not ctx.transposed)
    return None, [None] * len(data), _no_gradient(ctx.params), u, None, None


_project.register_autograd(_backward, setup_context=_keep)
_project_vjp.register_autograd(_backward_vjp, setup_context=_keep_vjp)
