"""Sums of samples by their cell, where the samples are.

On a GPU many threads that add to few numbers wait for each other, and the order in which they add is left to chance. There, sums
are products with matrices of zeros and ones, block by block: many times faster, and the same bits in every run.
"""

from __future__ import annotations

import torch

__all__ = ["sums_by_cell"]

#: Samples in a block; each has sums of its own, which are added up at the end.
BLOCK = 1024
#: Beyond so many cells the threads seldom meet, and the matrices are large.
MOST_CELLS = 32
#: Numbers in the matrices at a time, of 8 bytes each.
AT_A_TIME = 1 << 24


def sums_by_cell(
    lines: torch.Tensor, cell: torch.Tensor, cells: int, part: torch.Tensor | None = None, parts: int = 1
) -> torch.Tensor:
    """The sums of each of ``lines`` over the samples of each cell, and there of each part: ``[lines, cells * parts]``.

    ``lines`` are float64, of shape ``[lines, n]``; ``cell`` and ``part`` give the place of each of the ``n`` samples.
    """
    if cell.is_cuda and cells <= MOST_CELLS:
        return _by_products(lines, cell, cells, part, parts)
    place = cell if part is None else cell * parts + part
    return lines.new_zeros(len(lines), cells * parts).index_add_(1, place, lines)


def _by_products(
    lines: torch.Tensor, cell: torch.Tensor, cells: int, part: torch.Tensor | None, parts: int
) -> torch.Tensor:
    n, width = cell.numel(), (len(lines) + 1) * cells + parts
    found = lines.new_zeros(len(lines) * cells, parts)
    step = max(AT_A_TIME // width // BLOCK, 1) * BLOCK
    whole = n - n % BLOCK
    for first, last in [*((first, min(first + step, whole)) for first in range(0, whole, step)), (whole, n)]:
        if first == last:
            continue
        blocks, length = ((last - first) // BLOCK, BLOCK) if last <= whole else (1, n - whole)
        here = slice(first, last)
        values = lines[:, here].reshape(len(lines), blocks, length).transpose(0, 1)
        member = _one_hot(cell[here].reshape(blocks, length), cells)
        if part is None:
            found += (values @ member).sum(dim=0).reshape(-1, 1)
            continue
        left = (values.unsqueeze(2) * member.transpose(1, 2).unsqueeze(1)).reshape(blocks, -1, length)
        found += (left @ _one_hot(part[here].reshape(blocks, length), parts)).sum(dim=0)
    return found.reshape(len(lines), -1)


def _one_hot(places: torch.Tensor, count: int) -> torch.Tensor:
    return (places.unsqueeze(-1) == torch.arange(count, device=places.device)).double()
