"""Batches that are spread over processes, for rows that need the samples themselves (others: ``_sums.py``).

Every process gathers the predictions and the data of the whole batch, solves the same problem, and keeps its part. All
of them compute the same numbers, bit for bit, and those of one process with the whole batch. Backward, the gradients of
the parts are added up, since each prediction of the batch moves those of all parts.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist

__all__ = ["Share"]


class Share:
    """The part of this process in a batch."""

    def __init__(self, n: int, group: dist.ProcessGroup | None, device: torch.device) -> None:
        self.group = group
        sizes = torch.zeros(dist.get_world_size(group), dtype=torch.int64, device=device)
        sizes[dist.get_rank(group)] = n
        dist.all_reduce(sizes, group=group)
        self.sizes: list[int] = sizes.tolist()
        start = sum(self.sizes[: dist.get_rank(group)])
        self.part = slice(start, start + n)

    def gather(self, own: torch.Tensor) -> torch.Tensor:
        """The vectors of all processes, one behind the other. Processes may have parts of different sizes."""
        if own.dtype == torch.bool:
            # Not every backend sends booleans.
            return self.gather(own.to(torch.uint8)).bool()
        most = max(self.sizes)
        padded = own.new_zeros(most)
        padded[: own.numel()] = own
        parts = [torch.empty_like(padded) for _ in self.sizes]
        dist.all_gather(parts, padded, group=self.group)
        return torch.cat([part[:size] for part, size in zip(parts, self.sizes, strict=True)])

    def gather_with_gradient(self, own: torch.Tensor) -> torch.Tensor:
        """As :meth:`gather`; the gradient of the whole is added up over the processes."""
        gathered: torch.Tensor = _Gather.apply(own, self)  # type: ignore[no-untyped-call]
        return gathered


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: torch.Tensor, share: Share) -> torch.Tensor:
        ctx.share = share
        return share.gather(own)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, whole: torch.Tensor) -> tuple[torch.Tensor, None]:
        whole = whole.contiguous().clone()
        dist.all_reduce(whole, group=ctx.share.group)
        return whole[ctx.share.part], None
