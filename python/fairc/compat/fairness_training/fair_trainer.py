"""Training and checkpoints."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from ...torch._trainer import FairTrainer as TorchTrainer
from .fair_model import FairModel

__all__ = ["FairTrainer"]

#: Of a model, what a checkpoint must share with it.
_SHARED = ("protected_attr_idx", "fairness_tolerance", "b_tau", "fairness_metric")


class FairTrainer(TorchTrainer):
    """:class:`fairc.torch.FairTrainer` with the checks and checkpoints of ``fairness_training`` 0.1.0."""

    model: FairModel

    def fit(
        self,
        train_loader: Iterable[Any],
        val_loader: Iterable[Any] | None = None,
        epochs: int = 100,
        verbose: int = 1,
        log_interval: int = 10,
    ) -> dict[str, list[float]]:
        """Trains for at most so many epochs; a warning says if batches to validate on are answered as a stream."""
        size = _size(val_loader)
        if size is not None and size < self.model.b_tau:
            warnings.warn(
                f"batches to validate on have {size} samples, fewer than `b_tau`, {self.model.b_tau}: the metric holds on "
                "their answers on average, and not in each batch",
                UserWarning,
                stacklevel=2,
            )
        return super().fit(train_loader, val_loader, epochs, verbose, log_interval)

    def _checkpoint(self, include_history: bool) -> dict[str, Any]:
        found = {name: value for name, value in super()._checkpoint(include_history).items() if value is not None}
        return {**found, "model_config": self._config()}

    def _config(self) -> dict[str, Any]:
        model = self.model
        own = ("input_dim", "hidden_dims", "output_dim", "protected_attr_idx", "b_tau", "eta_0")
        tolerance = model.fairness_tolerance
        return {
            **{name: getattr(model, name) for name in own},
            # The metric may have none.
            "fairness_tolerance": None if math.isnan(tolerance) else tolerance,
            "prediction_bounds": (model.lb, model.ub),
            "fairness_metric": type(model.fairness_metric).__name__,
        }

    def load_checkpoint(self, filepath: str | os.PathLike[str], load_optimizer: bool = True) -> None:
        """Goes on from a checkpoint, of this package or of ``fairness_training``.

        A warning says if it is of another model.

        :raises RuntimeError: if the network is another.
        """
        with torch.serialization.safe_globals(_numbers()):
            super().load_checkpoint(filepath, load_optimizer)

    def _restore(self, state: Mapping[str, Any], load_optimizer: bool) -> None:
        saved, own = state.get("model_config") or {}, self._config()
        known = [name for name in _SHARED if saved.get(name) is not None]
        apart = [f"`{name}` was {saved[name]!r} and is {own[name]!r}" for name in known if saved[name] != own[name]]
        if apart:
            warnings.warn(f"Checkpoint config does not match this model: {', '.join(apart)}", UserWarning, stacklevel=3)
        history = {name: [float(value) for value in values] for name, values in (state.get("history") or {}).items()}
        defaults = {"best_val_loss": float("inf"), "patience_counter": 0}
        super()._restore({**defaults, **state, "history": history}, load_optimizer)


def _size(loader: Iterable[Any] | None) -> int | None:
    """The size of a loader's batches, if it tells one."""
    size = getattr(loader, "batch_size", None)
    return getattr(getattr(loader, "batch_sampler", None), "batch_size", None) if size is None else size


def _numbers() -> list[Any]:
    """How NumPy's numbers are pickled: histories of ``fairness_training`` hold some, under names of NumPy 1 and 2."""
    make = np.float64(0).__reduce__()[0]
    kinds = [np.dtype, *(type(np.dtype(kind)) for kind in ("float32", "float64"))]
    return [*kinds, *((make, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core"))]
