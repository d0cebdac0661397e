"""The projection of samples that stay where they are: on a device, or spread over processes.

Where rows see the groups of samples alone, the projection shifts each group (each *cell*) by one number, so that sums by
cell decide it. The native solver asks :class:`Samples` for them, a few times a batch; over processes they are added up,
which makes the batch of all processes one (see ``crates/runtime/src/remote.rs``). Predictions do not leave their place, nor do rows
of a table, which is kept there as well; columns that a batch brings are coded by the native half, on the host.

Backward, ``J = D - W⁻¹ Qᵀ Q`` has with ``D`` the free samples, and ``Q`` a column for each cell: again sums by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.distributed as dist

from .. import _fairc
from ._by_cell import Cells
from ._eager import Column, vector

__all__ = ["Group", "Spread"]


class Group:
    """The processes that hold a batch together; one alone unless ``distributed``."""

    def __init__(self, distributed: bool, group: dist.ProcessGroup | None, device: torch.device) -> None:
        self.distributed = distributed
        self.group = group
        self.device = device

    def add_up(self, sums: torch.Tensor) -> torch.Tensor:
        """The sum over the processes."""
        if self.distributed:
            dist.all_reduce(sums, group=self.group)
        return sums

    def largest(self, *numbers: int) -> list[int]:
        """The largest of each number over the processes."""
        if not self.distributed:
            return list(numbers)
        found = torch.tensor(numbers, device=self.device)
        dist.all_reduce(found, op=dist.ReduceOp.MAX, group=self.group)
        return found.tolist()

    def exchange(self, text: str) -> list[str]:
        """The texts of all processes, in their order."""
        if not self.distributed:
            return [text]
        found: list[Any] = [None] * dist.get_world_size(self.group)
        dist.all_gather_object(found, text, group=self.group)
        return found


class Placed(NamedTuple):
    """The samples of a process in cells that all know."""

    cells: Cells
    #: Of the objective; none where all are one.
    weight: torch.Tensor | None
    #: By cell the number of samples, their weight, and their sums of data.
    sums: torch.Tensor


class Batch:
    """The samples of a process as they are handed over: the native half finds their cells."""

    def __init__(self, native: _fairc.Layer, data: Sequence[Column], n: int, params: list[float]) -> None:
        self.part = native.part([vector(column) for column in data], n, params)

    def keys(self) -> str:
        return self.part.keys()

    def placed(self, cells: _fairc.SharedCells, device: torch.device) -> Placed | None:
        """None if ``cells`` lack one of these."""
        found = self.part.in_cells(cells)
        if found is None:
            return None
        cell, weight, sums = (None if numbers is None else torch.from_numpy(numbers).to(device) for numbers in found)
        assert cell is not None and sums is not None
        return Placed(Cells(cell, cells.count()), weight, sums)


class Table:
    """All samples of a table, on a device once and for all."""

    def __init__(self, native: _fairc.Layer, n: int, params: list[float]) -> None:
        self.n = n
        self.whole = Batch(native, [np.arange(n)], n, params)
        #: For these cells and this device: the samples, and what each of them adds to the sums of its cell.
        self.known: tuple[_fairc.SharedCells, torch.device, Placed, torch.Tensor] | None = None

    def placed(self, cells: _fairc.SharedCells, device: torch.device) -> tuple[Placed, torch.Tensor] | None:
        """None if ``cells`` lack one of the table's."""
        # Cells keep their numbers while others come.
        if self.known is None or self.known[0] is not cells or self.known[1] != device:
            found = self.whole.placed(cells, device)
            if found is None:
                return None
            columns = np.ascontiguousarray(self.whole.part.columns(cells).T)
            self.known = (cells, device, found, torch.from_numpy(columns).to(device))
        return self.known[2:]


class Rows:
    """A batch of rows of a table: neither they nor their cells leave the device."""

    def __init__(
        self, native: _fairc.Layer, table: Table, rows: torch.Tensor, device: torch.device, n: int, params: list[float]
    ) -> None:
        self.table, self.rows = table, rows.reshape(-1).to(device)
        #: The plan at these params; its samples are the table's.
        self.part = native.part([np.zeros(0, dtype=np.int64)], 0, params)
        least, most = self.rows.aminmax() if self.rows.numel() else (0, -1)
        if self.rows.numel() != n or least < 0 or most >= table.n:
            # The native half has the words for what is wrong.
            native.part([vector(rows)], n, params).keys()

    def keys(self) -> str:
        return self.table.whole.keys()

    def placed(self, cells: _fairc.SharedCells, device: torch.device) -> Placed | None:
        found = self.table.placed(cells, device)
        if found is None:
            return None
        whole, columns = found
        own = Cells(whole.cells.cell[self.rows], cells.count())
        weight = None if whole.weight is None else whole.weight[self.rows]
        return Placed(own, weight, own.sums(columns[:, self.rows]).reshape(-1))


class Spread:
    """What a layer keeps from batch to batch: the cells, in an order that all processes share."""

    def __init__(self, native: _fairc.Layer) -> None:
        self.native = native
        self.cells = _fairc.SharedCells()
        self.table: Table | None = None
        #: Whether sums decide the projection; unknown before the first batch.
        self.serves: bool | None = None

    def project(
        self, z: torch.Tensor, data: Sequence[Column], params: list[float], group: Group, table: int | None
    ) -> torch.Tensor | None:
        """This process's fair predictions, in the shape of ``z``; none if the rows need more than sums.

        ``data`` are rows of a table of so many samples that is to be on the device too, or what a batch says of its own.
        """
        found = self._part(z, data, params, group, table)
        if found is None:
            return None
        part, placed = found
        samples = Samples(z.detach(), placed.cells, placed.weight, group)
        own = torch.cat([placed.sums, placed.sums.new_tensor([z.numel()])])
        whole = group.add_up(own).cpu().numpy()
        if torch.is_grad_enabled() and z.requires_grad:
            fair: torch.Tensor = _Project.apply(z, samples, part, whole, self)  # type: ignore[no-untyped-call]
            return fair
        self.solve(samples, part, whole)
        return samples.y.reshape(z.shape)

    def solve(self, samples: Samples, part: _fairc.Part, sums: Any) -> Any:
        """Leaves the predictions in ``samples``; the factor of their derivative. The last of the sums counts samples."""
        single = samples.dtype == torch.float32
        return part.solve(self.cells, sums[:-1], int(sums[-1]), samples, single)

    def _batch(
        self, z: torch.Tensor, data: Sequence[Column], params: list[float], table: int | None
    ) -> Batch | Rows:
        if table is None:
            return Batch(self.native, data, z.numel(), params)
        if self.table is None:
            self.table = Table(self.native, table, params)
        return Rows(self.native, self.table, torch.as_tensor(data[0]), z.device, z.numel(), params)

    def _part(
        self, z: torch.Tensor, data: Sequence[Column], params: list[float], group: Group, table: int | None
    ) -> tuple[_fairc.Part, Placed] | None:
        """The part of this process, in cells that all know. Where one process fails, all do: none waits for it."""
        batch: Batch | Rows | None = None
        failure: Exception | None = None
        known = None
        try:
            batch = self._batch(z, data, params, table)
            self.serves = batch.part.is_by_cell
            known = batch.placed(self.cells, z.device) if self.serves else None
        except Exception as error:
            failure = error
        stamp = self.cells.stamp()
        failed, unknown, most, least = group.largest(failure is not None, known is None, stamp, -stamp)
        if failure is not None:
            raise failure
        if failed or batch is None:
            raise RuntimeError("another process could not encode its part of the batch; its error says why")
        if not self.serves:
            return None
        if most != -least:
            # A process that has joined, or started again: agree from the beginning.
            self.cells = _fairc.SharedCells()
        if unknown or most != -least:
            for keys in group.exchange(batch.keys()):
                self.cells.add(keys)
            known = batch.placed(self.cells, z.device)
        assert known is not None, "all cells of this part have been exchanged"
        return batch.part, known


class Samples:
    """The samples of this process: what the native solver asks of them."""

    def __init__(self, z: torch.Tensor, cells: Cells, weight: torch.Tensor | None, group: Group) -> None:
        self.dtype = z.dtype
        self.z = z.reshape(-1).double()
        self.cells, self.weight, self.group = cells, weight, group
        self.one = torch.ones_like(self.z) if weight is None else weight
        #: What the sums are of between cuts.
        self.raw = torch.stack([self.one, self.one * self.z])
        #: The last predictions that were made, and which of them are free.
        self.y = z.reshape(-1)
        self.free = torch.ones_like(self.y, dtype=torch.bool)

    def sums(self, cuts: Any, shift: Any, lo: float, hi: float) -> tuple[Any, Any]:
        """Makes the predictions, and sums by cell before and after: see ``Remote::sums``."""
        each, count = cuts.shape[1], self.cells.count
        own = self.cells.of(torch.from_numpy(np.vstack([cuts.T, shift])).to(self.z.device))
        below, moved = (self.z > own[:-1]).sum(dim=0), own[-1]
        if self.weight is not None:
            moved = moved * (self.weight > 0)
        self.y = (self.z - moved).clamp(lo, hi).to(self.dtype)
        self.free = (self.y > lo) & (self.y < hi)
        y = self.one * self.y.double()
        found = self.cells.sums(torch.stack([y, y.abs(), self.free]), self.raw, below, each + 1)
        lumps, fair = np.split(self.group.add_up(found).cpu().numpy(), [2 * (each + 1)], axis=1)
        return lumps.reshape(count, 2, -1).transpose(1, 0, 2).reshape(2, -1), fair.T

    def not_finite(self) -> None:
        """Says where a prediction is no finite number."""
        wild = (~self.z.isfinite()).nonzero()
        if len(wild) == 0:
            raise ValueError("the predictions of another process are not finite, or too large")
        place = int(wild[0])
        raise ValueError(f"`z[{place}]` is {self.z[place].item():g}, expected a finite number")

    def derivative(self, v: torch.Tensor, factor: torch.Tensor, transposed: bool) -> torch.Tensor:
        """``Jᵀ v``, or ``J v`` where ``transposed``; a sample without weight has no part in any row."""
        kept = v.reshape(-1) * self.free
        if factor.numel() == 0:
            return kept.reshape(v.shape)
        ways = [self.free, self.free]
        if self.weight is not None:
            ways = [self.free * (self.weight > 0), self.free * self.weight]
        into, out_of = reversed(ways) if transposed else ways
        sums = self.cells.sums((kept.double() * into).unsqueeze(0)).squeeze(1)
        taken = self.cells.of(factor.T @ (factor @ self.group.add_up(sums))) * out_of
        return (kept - taken.to(v.dtype)).reshape(v.shape)


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, z: torch.Tensor, samples: Samples, part: _fairc.Part, sums: Any, spread: Spread
    ) -> torch.Tensor:
        factor = spread.solve(samples, part, sums)
        ctx.samples, ctx.factor = samples, torch.from_numpy(np.ascontiguousarray(factor)).to(z.device)
        return samples.y.reshape(z.shape)

    @staticmethod
    def backward(ctx: Any, v: torch.Tensor) -> tuple[Any, ...]:
        return _derivative(v, ctx.samples, ctx.factor, False), None, None, None, None


class _Derivative(torch.autograd.Function):
    """Linear in ``v``, with the other one as its derivative."""

    @staticmethod
    def forward(
        ctx: Any, v: torch.Tensor, samples: Samples, factor: torch.Tensor, transposed: bool
    ) -> torch.Tensor:
        ctx.samples, ctx.factor, ctx.transposed = samples, factor, transposed
        return samples.derivative(v, factor, transposed)

    @staticmethod
    def backward(ctx: Any, u: torch.Tensor) -> tuple[Any, ...]:
        return _derivative(u, ctx.samples, ctx.factor, not ctx.transposed), None, None, None


def _derivative(v: torch.Tensor, samples: Samples, factor: torch.Tensor, transposed: bool) -> torch.Tensor:
    if v.requires_grad and torch.is_grad_enabled():
        u: torch.Tensor = _Derivative.apply(v, samples, factor, transposed)  # type: ignore[no-untyped-call]
        return u
    return samples.derivative(v, factor, transposed)
