"""The fairness layer: raw output in, fair output out, gradients through."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from .._dataset import BoundRow, Dataset
from .._program import Program, compile
from . import _eager
from ._distributed import Share
from ._ops import Core, project
from ._sums import Group

__all__ = ["FairnessLayer", "Solution"]

#: A batch on a GPU that is smaller than this is solved sooner on the host, copies there and back included.
WORTH_A_GPU = 1 << 18


@dataclass(frozen=True)
class Solution:
    """How a batch was solved."""

    #: ``optimal``, or ``relaxed``.
    status: str
    n: int
    rows: tuple[BoundRow, ...]
    #: One for each row that was kept.
    multipliers: list[float]
    row_violation: float
    bound_violation: float


class FairnessLayer(nn.Module):
    """Maps raw predictions of a batch to the nearest ones that satisfy a program, differentiably.

    With ``data`` (a table, or a :class:`fairc.Dataset`) the table is read once and a batch is named by its rows::

        layer = FairnessLayer(program, train)
        fair = layer(network(x), rows)

    Without, each batch brings its columns, by the names of the spec's columns in the data::

        layer = FairnessLayer(program)
        fair = layer(network(x), sex=sex, income=income)

    Labels may be left out, as they are not known when predicting; rows that read them then take no part. Predictions are
    of shape ``[n]`` or ``[n, 1]`` and of type ``float32`` or ``float64``, which the answer has too; narrower floats
    are answered in ``float32``. With ``group`` (or ``distributed=True`` for the default group) the rows hold on the
    batch of all processes together.
    """

    def __init__(
        self,
        program: Program | str | os.PathLike[str],
        data: Any = None,
        *,
        params: Mapping[str, float] | None = None,
        purpose: Literal["training", "inference"] = "training",
        on_infeasible: Literal["error", "relax"] = "error",
        distributed: bool = False,
        group: Any = None,
    ) -> None:
        super().__init__()
        self.program = program if isinstance(program, Program) else compile(program)
        self._set_params(params or {})
        if data is not None and not isinstance(data, Dataset):
            data = self.program.encode(data, params=self._params, purpose=purpose)
        self.data: Dataset | None = data
        self.purpose = purpose
        self.on_infeasible = on_infeasible
        self.distributed = distributed or group is not None
        self.group = group
        self._cores: dict[tuple[str, ...], Core] = {}
        self._last: Core | None = None
        #: Solve on sums wherever the samples are, as for large batches on a GPU.
        self._apart = False

    @property
    def params(self) -> dict[str, float]:
        """The values of the params."""
        return dict(self._params)

    def set_params(self, **values: float) -> None:
        """Gives params other values, for the batches to come."""
        self._set_params({**self._params, **values})

    def _set_params(self, values: Mapping[str, float]) -> None:
        self._params: dict[str, float] = dict(self.program._core.params(dict(values)))
        #: What a batch without params of its own is solved with.
        self._given = _eager.Params(list(self._params.values()), [], None)

    def forward(
        self,
        z: torch.Tensor,
        rows: torch.Tensor | None = None,
        columns: Mapping[str, _eager.Column] | None = None,
        *,
        params: Mapping[str, float | torch.Tensor] | None = None,
        **named: _eager.Column,
    ) -> torch.Tensor:
        """Fair predictions for the raw predictions ``z`` of a batch.

        ``params`` replaces values of params for this batch. Tensors that require a gradient get one, if their params
        enter limits of rows alone, as tolerances do.
        """
        shape = z.shape
        if len(shape) != 1 and (len(shape) != 2 or shape[1] != 1):
            raise ValueError(f"predictions have the shape {tuple(shape)}, expected (n,) or (n, 1)")
        if z.dtype in _eager.NARROW:
            z = z.float()
        core, data = self._batch(z, rows, {**(columns or {}), **named} if named else columns)
        values = self._values(params) if params else self._given
        plain = _eager.is_plain(z)
        apart = self._apart or (z.is_cuda and z.numel() >= WORTH_A_GPU)
        if not (self.distributed or apart):
            return self._project(z, data, values, core, plain)
        if plain and values.tensor is None and core.spread.serves is not False:
            group = Group(self.distributed, self.group, z.device)
            # What is on a GPU has its table there too.
            table = len(self.data) if (z.is_cuda or apart) and self.data is not None else None
            fair = core.spread.project(z, data, values.values, group, table)
            if fair is not None:
                return fair
        if not self.distributed:
            return self._project(z, data, values, core, plain)
        share = Share(z.numel(), self.group, z.device)
        whole = [share.gather(column) for column in self._flat(data, z)]
        gathered = share.gather_with_gradient(z.reshape(-1))
        return self._project(gathered, whole, values, core, plain)[share.part].reshape(shape)

    def _project(
        self, z: torch.Tensor, data: Sequence[_eager.Column], values: _eager.Params, core: Core, plain: bool
    ) -> torch.Tensor:
        """By the function that holds its solution; where something traces, by the operator."""
        if plain:
            return _eager.project(z, data, values, core.native)
        if values.tensor is not None:
            raise NotImplementedError(
                "derivatives with respect to params are not known to compiled graphs and transforms; call the layer "
                "outside of them, or hand over values without a gradient"
            )
        if _eager.is_transformed():
            raise NotImplementedError(
                "transforms of torch.func (grad, vmap, jacrev, ..) do not reach through the layer; use torch.autograd"
            )
        return project(z.reshape(-1), self._flat(data, z), values.values, core).reshape(z.shape)

    def _values(self, params: Mapping[str, float | torch.Tensor]) -> _eager.Params:
        """The values of all params, and those of them that carry a gradient."""
        tensors = {name: value for name, value in params.items() if isinstance(value, torch.Tensor)}
        numbers = {name: value.item() if isinstance(value, torch.Tensor) else value for name, value in params.items()}
        values = dict(self.program._core.params({**self._params, **numbers}))
        tracked = {name: value for name, value in tensors.items() if value.requires_grad}
        if not tracked:
            return _eager.Params(list(values.values()), [], None)
        names = list(values)
        tensor = torch.stack([value.reshape(()).to("cpu", torch.float64) for value in tracked.values()])
        return _eager.Params(list(values.values()), [names.index(name) for name in tracked], tensor)

    def _batch(
        self, z: torch.Tensor, rows: torch.Tensor | None, columns: Mapping[str, _eager.Column] | None
    ) -> tuple[Core, list[_eager.Column]]:
        if self.data is not None:
            if columns:
                raise TypeError("the layer has its data; hand over the rows of the batch, not columns")
            rows = torch.arange(len(self.data), device=z.device) if rows is None else torch.as_tensor(rows)
            if rows.is_floating_point() or rows.is_complex() or rows.dtype == torch.bool:
                raise TypeError(f"rows are numbers of rows in the data, found {rows.dtype}")
            return self._core(()), [rows.to(torch.int64)]
        if rows is not None:
            raise TypeError("the layer has no data; hand over the columns of the batch, not rows")
        columns = columns or {}
        names = tuple(sorted(columns))
        found = [columns[name] for name in names]
        return self._core(names), [column if _eager.is_wide(column) else _wide(column) for column in found]

    @staticmethod
    def _flat(data: Sequence[_eager.Column], z: torch.Tensor) -> list[torch.Tensor]:
        """The data as vectors where the predictions are, without derivatives."""
        return [torch.as_tensor(column).detach().to(z.device).reshape(-1) for column in data]

    def _core(self, names: tuple[str, ...]) -> Core:
        core = self._cores.get(names)
        if core is None:
            encoded = None if self.data is None else self.data._core
            core = Core(self.program, encoded, list(names), self.purpose, self.on_infeasible)
            self._cores[names] = core
        if self._last is not core:
            # Modules are slow to set attributes of.
            self._last = core
        return core

    @property
    def last(self) -> Solution | None:
        """How the last batch was solved."""
        report = None if self._last is None else self._last.native.last()
        if report is None:
            return None
        found = json.loads(report)
        return Solution(**found["facts"], rows=tuple(BoundRow(**row) for row in found["rows"]))

    # State

    def get_extra_state(self) -> dict[str, Any]:
        return {"fingerprint": self.program.fingerprint, "params": dict(self._params)}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        if state["fingerprint"] != self.program.fingerprint:
            raise RuntimeError(
                f"the state belongs to a spec with the fingerprint {state['fingerprint'][:12]}, and this layer's is "
                f"{self.program.fingerprint[:12]}; make the layer with the spec that it was saved with"
            )
        self.set_params(**state["params"])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cores": {}, "_last": None}

    def extra_repr(self) -> str:
        params = ", ".join(f"{name}={value:g}" for name, value in self._params.items())
        return f"{self.program.name}, {len(self.program.rows)} rows" + (f", {params}" if params else "")


def _wide(values: Any) -> _eager.Column:
    """Numbers that NumPy and the runtime know, or texts."""
    return values.float() if isinstance(values, torch.Tensor) else np.asarray(values)
