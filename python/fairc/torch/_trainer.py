"""A training loop that watches the gaps."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ._model import FairModel, largest

__all__ = ["FairTrainer"]

_EMPTY: dict[str, list[float]] = {
    "train_loss": [],
    "val_loss": [],
    "train_fairness_gap": [],
    "val_fairness_gap": [],
    "learning_rate": [],
}


class FairTrainer:
    """Trains a :class:`FairModel`: loss and gap of every epoch, schedule, early stopping, checkpoints.

    The weights of the epoch with the lowest validation loss are what is kept, also without an early stop. No batch is
    left out: a row that reads a group which a batch lacks takes no part in that batch.
    """

    def __init__(
        self,
        model: FairModel,
        criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        optimizer: torch.optim.Optimizer,
        device: str | torch.device = "cpu",
        scheduler: Any = None,
        early_stopping_patience: int = 25,
        early_stopping_delta: float = 1e-5,
    ) -> None:
        self.model = model.to(device)
        self.criterion = criterion
        self.optimizer = optimizer
        self.device = device
        self.scheduler = scheduler
        self.patience = early_stopping_patience
        self.delta = early_stopping_delta
        self.best_val_loss = float("inf")
        self.patience_counter = 0
        self.best_model_state: dict[str, Any] | None = None
        self.history = copy.deepcopy(_EMPTY)

    def fit(
        self,
        train_loader: Iterable[Any],
        val_loader: Iterable[Any] | None = None,
        epochs: int = 100,
        verbose: int = 1,
        log_interval: int = 10,
    ) -> dict[str, list[float]]:
        """Trains for at most so many epochs; every ``log_interval`` epochs a line is printed if ``verbose``."""
        for epoch in range(1, epochs + 1):
            loss, gap = self._epoch(train_loader, training=True)
            self.history["train_loss"].append(loss)
            self.history["train_fairness_gap"].append(gap)
            self.history["learning_rate"].append(self.optimizer.param_groups[0]["lr"])
            if val_loader is not None:
                self.model.reset_inference_state()
                val_loss, val_gap = self._epoch(val_loader, training=False)
                self.history["val_loss"].append(val_loss)
                self.history["val_fairness_gap"].append(val_gap)
                self._judge(val_loss)
            self._step(loss if val_loader is None else val_loss)
            stop = self.patience_counter >= self.patience
            if verbose and (epoch % log_interval == 0 or stop):
                self._print(epoch, stop)
            if stop:
                break
        if self.best_model_state is not None:
            self.model.load_state_dict(self.best_model_state)
        return self.history

    def _epoch(self, loader: Iterable[Any], *, training: bool) -> tuple[float, float]:
        """The mean loss of a sample, and the gap of all predictions together."""
        loss, fair, x, y = self._pass(loader, training=training)
        return loss, self.model.gap(fair, x, y)

    def _pass(
        self, loader: Iterable[Any], *, training: bool
    ) -> tuple[float, torch.Tensor, torch.Tensor, torch.Tensor]:
        """One pass over a loader: the mean loss, and all predictions, inputs and labels."""
        self.model.train(training)
        total, count = 0.0, 0
        parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        with torch.set_grad_enabled(training):
            for x, y in loader:
                x, y = x.to(self.device), y.to(self.device)
                y = y.unsqueeze(1) if y.dim() == 1 else y
                fair = self.model(x, y=y, inference=not training)
                loss = self.criterion(fair, y)
                if training:
                    self.optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    self.optimizer.step()
                total, count = total + loss.item() * len(x), count + len(x)
                parts.append((fair.detach().cpu(), x.cpu(), y.cpu()))
        if not parts:
            raise ValueError("the loader has no batches")
        fair, x, y = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        return total / count, fair, x, y

    def _judge(self, loss: float) -> None:
        if loss < self.best_val_loss - self.delta:
            self.best_val_loss, self.patience_counter = loss, 0
            self.best_model_state = copy.deepcopy(self.model.state_dict())
        else:
            self.patience_counter += 1

    def _step(self, loss: float) -> None:
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(loss)
        elif self.scheduler is not None:
            self.scheduler.step()

    def _print(self, epoch: int, stopped: bool) -> None:
        last = {name: values[-1] for name, values in self.history.items() if values}
        words = ", ".join(f"{name.replace('_', ' ')} {value:.6g}" for name, value in last.items())
        print(f"epoch {epoch}: {words}{'; stopped early' if stopped else ''}")

    def evaluate(self, test_loader: Iterable[Any], return_predictions: bool = False) -> dict[str, Any]:
        """Loss and gaps on a loader, answered as when predicting: small batches as a stream that starts again."""
        self.model.reset_inference_state()
        loss, fair, x, y = self._pass(test_loader, training=False)
        gaps = self.model.gaps(fair, x, y)
        pooled, stats = largest(gaps.values()), self.model.inference_stats()
        mean = stats["weighted_avg_fairness_gap"]
        metrics: dict[str, Any] = {
            "test_loss": loss,
            "pooled_fairness_gap": pooled,
            "fairness_gap": pooled,
            # Without small batches there is no stream, and the gap that holds is the pooled one.
            "weighted_avg_fairness_gap": pooled if mean != mean else mean,
            "gaps": gaps,
            "lambda_max": stats["lambda_max"],
            "total_inference_samples": stats["total_samples"],
        }
        for index, gap in self.model._by_attribute(gaps).items():
            metrics[f"fairness_gap_attr_{index}"] = gap
        if return_predictions:
            metrics |= {"predictions": fair.numpy(), "targets": y.numpy()}
            metrics["protected"] = {index: x[:, index].numpy() for index in self.model.protected_attr_idx}
        return metrics

    # Checkpoints

    def save_checkpoint(self, filepath: str | os.PathLike[str], include_history: bool = True) -> None:
        """Writes model, optimiser, schedule and, by default, the history; whole or not at all."""
        path = os.fspath(filepath)
        torch.save(self._checkpoint(include_history), path + ".part")
        os.replace(path + ".part", path)

    def _checkpoint(self, include_history: bool) -> dict[str, Any]:
        return {
            "model_state_dict": self.model.state_dict(),
            "optimizer_state_dict": self.optimizer.state_dict(),
            "scheduler_state_dict": None if self.scheduler is None else self.scheduler.state_dict(),
            "best_val_loss": self.best_val_loss,
            "patience_counter": self.patience_counter,
            "best_model_state": self.best_model_state,
            "history": self.history if include_history else None,
        }

    def load_checkpoint(self, filepath: str | os.PathLike[str], load_optimizer: bool = True) -> None:
        """Goes on from a checkpoint.

        :raises RuntimeError: if it belongs to another spec, or the network is another.
        """
        self._restore(torch.load(filepath, map_location=self.device, weights_only=True), load_optimizer)

    def _restore(self, state: Mapping[str, Any], load_optimizer: bool) -> None:
        self.model.load_state_dict(state["model_state_dict"])
        if load_optimizer:
            self.optimizer.load_state_dict(state["optimizer_state_dict"])
            if self.scheduler is not None and state.get("scheduler_state_dict") is not None:
                self.scheduler.load_state_dict(state["scheduler_state_dict"])
        self.best_val_loss = state["best_val_loss"]
        self.patience_counter = state["patience_counter"]
        self.best_model_state = state.get("best_model_state")
        self.history = state.get("history") or copy.deepcopy(_EMPTY)
