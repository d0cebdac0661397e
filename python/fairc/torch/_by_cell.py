"""Sums of samples by their cell, where the samples are.

On a GPU many threads that add to few numbers wait for each other, and the order in which they add is left to chance. There,
sums are products with matrices of zeros and ones, block by block: many times faster, and the same bits in every run.
"""

from __future__ import annotations

import torch

__all__ = ["Cells"]

#: Samples in a block; each has sums of its own, which are added up at the end.
BLOCK = 1024
#: The same where sample is added to sample, which loses more.
FEW = 128
#: Beyond so many cells the threads seldom meet, and the matrices are large.
MOST_CELLS = 64
#: Numbers in the matrices at a time, of 8 bytes each.
AT_A_TIME = 1 << 25


class Cells:
    """The cells of samples: the place of each in ``cell``, and how many there are."""

    def __init__(self, cell: torch.Tensor, count: int) -> None:
        self.cell, self.count = cell, count
        #: Of one piece with all samples.
        self._member: torch.Tensor | None = None

    def of(self, values: torch.Tensor) -> torch.Tensor:
        """Of each sample the number of its cell, for each line of ``values``."""
        return values.index_select(-1, self.cell)

    def sums(
        self, lines: torch.Tensor, parted: torch.Tensor | None = None, part: torch.Tensor | None = None, parts: int = 1
    ) -> torch.Tensor:
        """The sums over the samples of each cell, one row for each cell: of each of ``parted`` over the samples of each part, one
        after the other, then of each of ``lines``.

        Lines are float64, of shape ``[lines, n]``; ``part`` gives the place of each of the ``n`` samples among ``parts``.
        """
        if self.cell.is_cuda and self.count <= MOST_CELLS:
            return self._by_products(lines, parted, part, parts)
        found = self._added(lines, self.cell, 1)
        if parted is None or part is None:
            return found
        return torch.cat([self._added(parted, self.cell * parts + part, parts), found], dim=1)

    def _added(self, lines: torch.Tensor, place: torch.Tensor, parts: int) -> torch.Tensor:
        """By adding sample to sample; in blocks, for the sake of rounding errors."""
        n, places = place.numel(), self.count * parts
        blocks = max(n // max(FEW, places), 1)
        if blocks > 1:
            place = place + places * (torch.arange(n, device=place.device) * blocks // n)
        found = lines.new_zeros(len(lines), blocks * places).index_add_(1, place, lines)
        by_cell = found.reshape(len(lines), blocks, self.count, parts).sum(dim=1)
        return by_cell.movedim(1, 0).flatten(1)

    def _by_products(
        self, lines: torch.Tensor, parted: torch.Tensor | None, part: torch.Tensor | None, parts: int
    ) -> torch.Tensor:
        n, first = self.cell.numel(), parts * (0 if parted is None else len(parted))
        width = first + len(lines)
        found = lines.new_zeros(self.count, width)
        step = max(AT_A_TIME // (width + self.count) // BLOCK, 1) * BLOCK
        for here in (slice(start, min(start + step, n)) for start in range(0, n, step)):
            member = self._member_of(here)
            columns = lines.new_empty(len(member), width, BLOCK)
            columns[:, first:] = _blocks(lines[:, here])
            if parted is not None and part is not None:
                inside = _blocks(part[here].unsqueeze(0)) == torch.arange(parts, device=part.device).unsqueeze(1)
                for i, line in enumerate(parted):
                    own = columns[:, i * parts : (i + 1) * parts]
                    torch.mul(inside, _blocks(line[here].unsqueeze(0)), out=own)
            found += (member @ columns.mT).sum(dim=0)
        return found

    def _member_of(self, here: slice) -> torch.Tensor:
        """Which samples are in which cell, as zeros and ones: ``[blocks, cells, samples]``. The last block is filled up with samples
        of no cell."""
        if self._member is not None and here == slice(0, self.cell.numel()):
            return self._member
        all_cells = torch.arange(self.count, device=self.cell.device).unsqueeze(1)
        member = (_blocks(self.cell[here].unsqueeze(0), fill=self.count) == all_cells).double()
        if here == slice(0, self.cell.numel()):
            self._member = member
        return member


def _blocks(lines: torch.Tensor, fill: int = 0) -> torch.Tensor:
    """Lines of numbers in blocks, the last of them filled up: ``[blocks, lines, samples]``."""
    short = -lines.shape[1] % BLOCK
    full = torch.nn.functional.pad(lines, (0, short), value=fill) if short else lines
    return full.reshape(len(lines), -1, BLOCK).transpose(0, 1)
