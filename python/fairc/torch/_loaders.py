"""Batches in which every group has its share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Sampler, TensorDataset

from ._specs import indices_of

__all__ = ["StratifiedBatches", "create_dataloaders", "create_stratified_dataloaders"]


class StratifiedBatches(Sampler[list[int]]):
    """Batches of indices in which every cell has its share, to within one sample at either end.

    ``cells`` says for each sample which cell it is in, as :attr:`fairc.Dataset.cells` does. Every sample is in exactly
    one batch of an epoch; sizes differ by at most one, so no batch is a small rest. The order is drawn again for each
    epoch from the seed. Hand it to ``DataLoader(batch_sampler=...)``.
    """

    def __init__(self, cells: npt.ArrayLike, batch_size: int, *, seed: int = 0, shuffle: bool = True) -> None:
        self.cells = np.unique(np.asarray(cells), return_inverse=True)[1].reshape(-1)
        if batch_size < 1:
            raise ValueError(f"`batch_size` is {batch_size}, expected 1 or more")
        if self.cells.size == 0:
            raise ValueError("there are no samples to make batches of")
        self.batches = -(-self.cells.size // batch_size)
        #: How many samples the smallest batch has.
        self.batch_size = self.cells.size // self.batches
        self.seed = seed
        self.shuffle = shuffle
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """The epoch to come; batches are a function of seed and epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self.seed, self.epoch if self.shuffle else 0))
        self.epoch += 1
        order = random.permutation(self.cells.size)
        counts = np.bincount(self.cells)
        # The place of a sample in its cell, as a share of the cell: equal shares of all cells are next to each other.
        by_cell = order[np.argsort(self.cells[order], kind="stable")]
        places = np.concatenate([np.arange(count) for count in counts])
        shares = (places + random.random(len(counts))[self.cells[by_cell]]) / counts[self.cells[by_cell]]
        for batch in np.array_split(by_cell[np.argsort(shares, kind="stable")], self.batches):
            yield random.permutation(batch).tolist()


def tensor(values: Any) -> torch.Tensor:
    """A table or a vector of any kind as single floats, on the host."""
    found = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    # Columns of pandas cannot be written to, and torch wants such.
    return torch.as_tensor(np.require(found, requirements="W")).float()


def _dataset(x: Any, y: Any) -> TensorDataset:
    features, targets = tensor(x), tensor(y)
    return TensorDataset(features, targets.unsqueeze(1) if targets.dim() == 1 else targets)


def _loaders(
    make: Callable[[TensorDataset, bool], DataLoader[Any]], train: tuple[Any, Any], *others: tuple[Any, Any]
) -> tuple[DataLoader[Any], ...]:
    """A loader of each split that there is; ``make`` is told whether it is the one to train on."""
    given = [(x, y) for x, y in others if x is not None]
    return (make(_dataset(*train), True), *(make(_dataset(x, y), False) for x, y in given))


def create_stratified_dataloaders(
    X_train: Any,
    y_train: Any,
    X_val: Any = None,
    y_val: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    protected_attr_idx: int | Sequence[int] = 0,
    batch_size_train: int = 256,
    batch_size_eval: int = 256,
    *,
    by_label: bool = False,
    at_least: bool = False,
    seed: int = 0,
) -> tuple[DataLoader[Any], ...]:
    """Loaders whose batches have of every group its share; see :class:`StratifiedBatches`.

    Any number of attributes with any number of values. ``by_label`` also gives every label its share in each group,
    for metrics that read labels. No sample is dropped: sizes differ by at most one, and none is larger than
    asked for, or with ``at_least`` none is smaller where there are so many samples.
    """
    indices = indices_of(protected_attr_idx)

    def make(dataset: TensorDataset, training: bool) -> DataLoader[Any]:
        keys = dataset.tensors[0][:, indices]
        if by_label:
            keys = torch.cat([keys, dataset.tensors[1]], dim=1)
        cells = np.unique(keys.numpy(), axis=0, return_inverse=True)[1]
        size = batch_size_train if training else batch_size_eval
        if at_least and size > 0:
            size = -(-len(dataset) // max(1, len(dataset) // size))
        return DataLoader(dataset, batch_sampler=StratifiedBatches(cells, size, seed=seed, shuffle=training))

    return _loaders(make, (X_train, y_train), (X_val, y_val), (X_test, y_test))


def create_dataloaders(
    X_train: Any,
    y_train: Any,
    X_val: Any = None,
    y_val: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    batch_size_train: int = 32,
    batch_size_eval: int | None = None,
    shuffle_train: bool = True,
) -> tuple[DataLoader[Any], ...]:
    """Plain loaders, which keep every sample. Stratified ones are better for training."""

    def make(dataset: TensorDataset, training: bool) -> DataLoader[Any]:
        size = batch_size_train if training or batch_size_eval is None else batch_size_eval
        return DataLoader(dataset, batch_size=size, shuffle=training and shuffle_train)

    return _loaders(make, (X_train, y_train), (X_val, y_val), (X_test, y_test))
