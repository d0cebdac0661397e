"""The pictures of :mod:`fairc.plots`, with the arguments of ``fairness_training.viz``.

Each function gives the figure. Without ``save_path`` it is shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy.typing as npt

from ... import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_fairness_tradeoff", "plot_group_distributions", "plot_training_history"]


def plot_training_history(
    history: Mapping[str, Sequence[float]],
    title: str = "Training History",
    figsize: tuple[float, float] = (12, 4),
    save_path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Loss and gap over epochs, as :meth:`FairTrainer.fit` gives them."""
    figure, axes = _drawn(2, title, figsize)
    plots.plot_training_history(history, axes=axes)
    return _done(figure, save_path)


def plot_group_distributions(
    predictions: npt.ArrayLike,
    protected_indicators: Mapping[int, npt.ArrayLike],
    attr_names: Mapping[int, str] | None = None,
    title: str = "Prediction Distributions by Group",
    bins: int = 30,
    figsize: tuple[float, float] | None = None,
    save_path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Predictions of each group, one histogram for each protected column."""
    count = len(protected_indicators)
    figure, axes = _drawn(count, title, figsize or (6 * count, 4))
    names = {index: (attr_names or {}).get(index, f"Attr {index}") for index in protected_indicators}
    plots.plot_group_distributions(predictions, protected_indicators, names=names, bins=bins, axes=axes)
    return _done(figure, save_path)


def plot_fairness_tradeoff(
    results: Mapping[str, Mapping[str, float]],
    loss_key: str = "test_loss",
    gap_key: str = "weighted_avg_fairness_gap",
    title: str = "Fairness and accuracy",
    figsize: tuple[float, float] = (7, 5),
    save_path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Loss against gap, one point for each of the results of :meth:`FairTrainer.evaluate` that has both."""
    whole = {name: metrics for name, metrics in results.items() if loss_key in metrics and gap_key in metrics}
    figure, (axis,) = _drawn(1, title, figsize)
    plots.plot_fairness_tradeoff(whole, loss=loss_key, gap=gap_key, axes=axis)
    return _done(figure, save_path)


def _drawn(count: int, title: str, figsize: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    # With pyplot, so that the figure can be shown.
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, count, figsize=figsize, squeeze=False, layout="constrained")
    figure.suptitle(title)
    return figure, list(axes[0])


def _done(figure: Figure, path: str | os.PathLike[str] | None) -> Figure:
    if path is not None:
        figure.savefig(path)
    else:
        from matplotlib import pyplot

        pyplot.show()
    return figure
