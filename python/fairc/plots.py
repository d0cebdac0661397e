"""Pictures with matplotlib: the course of a training, distributions by group, and what fairness costs.

Each function draws into a new figure, or into ``axes``, and returns the figure; ``path`` also writes it to a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_fairness_tradeoff", "plot_group_distributions", "plot_training_history"]


def _figure(count: int, axes: Sequence[Axes] | Axes | None) -> tuple[Figure, list[Axes]]:
    # Drawn without pyplot: nothing is shown or kept unasked.
    from matplotlib.figure import Figure

    if axes is None:
        figure = Figure(figsize=(5.0 * count, 4.0), layout="constrained")
        return figure, [figure.add_subplot(1, count, place + 1) for place in range(count)]
    own = list(axes) if isinstance(axes, Sequence | np.ndarray) else [axes]
    if len(own) < count:
        raise ValueError(f"`axes` holds {len(own)}, and {count} are needed")
    found = own[0].get_figure(root=True)
    assert found is not None
    return found, own[:count]


def _done(figure: Figure, path: str | os.PathLike[str] | None) -> Figure:
    if path is not None:
        figure.savefig(path)
    return figure


def plot_training_history(
    history: Mapping[str, Sequence[float]],
    *,
    tolerance: float | None = None,
    axes: Sequence[Axes] | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Loss and gap over epochs, as :meth:`fairc.torch.FairTrainer.fit` returns them, with the tolerance as a line."""
    figure, (losses, gaps) = _figure(2, axes)
    for part, label, style in (("train", "training", "-"), ("val", "validation", "--")):
        for axis, name in ((losses, f"{part}_loss"), (gaps, f"{part}_fairness_gap")):
            values = list(history.get(name, []))
            if values:
                axis.plot(range(1, len(values) + 1), values, style, label=label)
    if tolerance is not None:
        gaps.axhline(tolerance, color="grey", linestyle=":", label="tolerance")
    for axis, title in ((losses, "loss"), (gaps, "gap")):
        axis.set_xlabel("epoch")
        axis.set_ylabel(title)
        if axis.get_lines():
            axis.legend()
    return _done(figure, path)


def plot_group_distributions(
    predictions: npt.ArrayLike,
    groups: Mapping[Any, npt.ArrayLike],
    *,
    names: Mapping[Any, str] | None = None,
    bins: int = 30,
    axes: Sequence[Axes] | Axes | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Predictions of each group, one histogram for each attribute, with the means of the groups as lines."""
    values = np.asarray(predictions, dtype=float).reshape(-1)
    figure, own = _figure(len(groups), axes)
    edges: list[float] = np.histogram_bin_edges(values, bins).tolist()
    for axis, (attribute, members) in zip(own, groups.items(), strict=True):
        group = np.asarray(members).reshape(-1)
        if len(group) != len(values):
            raise ValueError(f"the groups of {attribute!r} are {len(group)} values, expected {len(values)}")
        for place, level in enumerate(np.unique(group)):
            part = values[group == level]
            label = f"{level} ({len(part)}, mean {part.mean():.3f})"
            color = f"C{place}"
            axis.hist(part, bins=edges, density=True, histtype="stepfilled", color=color, alpha=0.4, label=label)
            axis.axvline(part.mean(), color=color, linestyle="--")
        axis.set_xlabel("prediction")
        axis.set_ylabel("density")
        axis.set_title((names or {}).get(attribute, str(attribute)))
        axis.legend()
    return _done(figure, path)


def plot_fairness_tradeoff(
    results: Mapping[str, Mapping[str, float]],
    *,
    loss: str = "test_loss",
    gap: str = "pooled_fairness_gap",
    axes: Axes | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Loss against gap, one point for each model; ``results`` are those of ``FairTrainer.evaluate`` by name."""
    figure, (axis,) = _figure(1, axes)
    for name, metrics in results.items():
        missing = [key for key in (loss, gap) if key not in metrics]
        if missing:
            raise ValueError(f"the results of {name!r} have no `{missing[0]}`; they have {', '.join(metrics)}")
        axis.scatter(metrics[gap], metrics[loss])
        axis.annotate(name, (metrics[gap], metrics[loss]), xytext=(5, 5), textcoords="offset points")
    axis.set_xlabel(gap.replace("_", " "))
    axis.set_ylabel(loss.replace("_", " "))
    return _done(figure, path)
