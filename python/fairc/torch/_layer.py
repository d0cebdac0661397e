"""The fairness layer: raw output in, fair output out, gradients through."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from .._dataset import BoundRow, Dataset
from .._program import Program, compile
from ._distributed import Share
from ._ops import Core, project

__all__ = ["FairnessLayer", "Solution"]


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
        self._params = dict(self.program._core.params(dict(params or {})))
        if data is not None and not isinstance(data, Dataset):
            data = self.program.encode(data, params=self._params, purpose=purpose)
        self.data: Dataset | None = data
        self.purpose = purpose
        self.on_infeasible = on_infeasible
        self.distributed = distributed or group is not None
        self.group = group
        self._cores: dict[tuple[str, ...], Core] = {}
        self._last: Core | None = None

    @property
    def params(self) -> dict[str, float]:
        """The values of the params."""
        return dict(self._params)

    def set_params(self, **values: float) -> None:
        """Gives params other values, for the batches to come."""
        self._params = dict(self.program._core.params({**self._params, **values}))

    def forward(
        self,
        z: torch.Tensor,
        rows: torch.Tensor | None = None,
        columns: Mapping[str, torch.Tensor] | None = None,
        **named: torch.Tensor,
    ) -> torch.Tensor:
        """Fair predictions for the raw predictions ``z`` of a batch."""
        if not (z.dim() == 1 or (z.dim() == 2 and z.shape[1] == 1)):
            raise ValueError(f"predictions have the shape {tuple(z.shape)}, expected (n,) or (n, 1)")
        if z.dtype in (torch.float16, torch.bfloat16):
            z = z.float()
        core, data = self._batch(z, rows, {**(columns or {}), **named})
        flat = z.reshape(-1)
        values = list(self._params.values())
        if not self.distributed:
            fair = project(flat, data, values, core)
        else:
            share = Share(flat.numel(), self.group, flat.device)
            whole = [share.gather(column) for column in data]
            fair = project(share.gather_with_gradient(flat), whole, values, core)[share.part]
        return fair.reshape(z.shape)

    def _batch(
        self, z: torch.Tensor, rows: torch.Tensor | None, columns: dict[str, torch.Tensor]
    ) -> tuple[Core, list[torch.Tensor]]:
        if self.data is not None:
            if columns:
                raise TypeError("the layer has its data; hand over the rows of the batch, not columns")
            if rows is None:
                rows = torch.arange(len(self.data), device=z.device)
            return self._core(()), [rows.to(torch.int64).reshape(-1)]
        if rows is not None:
            raise TypeError("the layer has no data; hand over the columns of the batch, not rows")
        names = tuple(sorted(columns))
        return self._core(names), [self._column(columns[name], z) for name in names]

    @staticmethod
    def _column(values: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        column = torch.as_tensor(values)
        if column.dtype in (torch.float16, torch.bfloat16):
            column = column.float()
        return column.detach().to(z.device).reshape(-1)

    def _core(self, names: tuple[str, ...]) -> Core:
        core = self._cores.get(names)
        if core is None:
            encoded = None if self.data is None else self.data._core
            core = Core(self.program, encoded, list(names), self.purpose, self.on_infeasible)
            self._cores[names] = core
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
