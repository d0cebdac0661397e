"""Metrics by name, and loaders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

from ..._errors import FairError
from ..._program import compile
from ...torch._loaders import create_dataloaders, tensor
from ...torch._loaders import create_stratified_dataloaders as stratified
from ...torch._specs import METRICS, column, indices_of
from .fairness_metrics import EqualizedOdds, FairnessMetric, MeanPredictionParity, MeanResidualFairness

__all__ = ["create_dataloaders", "create_stratified_dataloaders", "get_fairness_metric", "validate_metric"]

_CLASSES = {kind.constraints: kind for kind in (MeanPredictionParity, MeanResidualFairness, EqualizedOdds)}


def get_fairness_metric(metric: str | FairnessMetric, num_protected_attrs: int = 1) -> FairnessMetric:
    """The metric of a name, as ``mean_pred``, ``mean_residual`` or ``equalized_odds``; a metric is given back.

    :raises ValueError: if there is no such name.
    :raises TypeError: if ``metric`` is neither a name nor a metric.
    """
    if isinstance(metric, FairnessMetric):
        return metric
    if not isinstance(metric, str):
        raise TypeError(f"`metric` is a {type(metric).__name__}, expected a name or a `FairnessMetric`")
    if metric.lower() not in METRICS:
        known = ", ".join(METRICS)
        raise ValueError(f"Unknown fairness metric: {metric!r}, expected one of {known}, or a `FairnessMetric`")
    return _CLASSES[METRICS[metric.lower()]](num_protected_attrs)


def attributes(protected_attr_idx: int | Sequence[int]) -> list[int]:
    """The places of protected columns as a list: one or two.

    :raises ValueError: if there are more.
    """
    indices = indices_of(protected_attr_idx)
    if len(indices) > 2:
        raise ValueError(
            f"`protected_attr_idx` names {len(indices)} columns, and here there may be up to 2 protected attributes; "
            "`fairc.torch` takes any number"
        )
    return indices


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
) -> tuple[DataLoader[Any], ...]:
    """Loaders whose batches have of every group its share; see :func:`fairc.torch.create_stratified_dataloaders`.

    No sample is dropped: what does not fill a batch is spread over the others, so that batches may be larger than asked
    for. Batches to train on are drawn again each epoch.

    :raises ValueError: if there are more than two protected columns, if one is not of 0 and 1, or has one of these
        alone, or if a batch is too small for both groups.
    """
    indices = attributes(protected_attr_idx)
    # A split is there with both parts.
    if X_val is None or y_val is None:
        X_val = y_val = None
    if X_test is None or y_test is None:
        X_test = y_test = None
    for x, size in ((X_train, batch_size_train), (X_val, batch_size_eval), (X_test, batch_size_eval)):
        for index in indices if x is not None else ():
            _check_groups(tensor(x)[:, index].numpy(), index, size)
    return stratified(
        X_train,
        y_train,
        X_val,
        y_val,
        X_test,
        y_test,
        protected_attr_idx=indices,
        batch_size_train=batch_size_train,
        batch_size_eval=batch_size_eval,
        at_least=True,
    )


def _check_groups(values: np.ndarray[Any, Any], index: int, batch_size: int) -> None:
    found = np.unique(values)
    if not np.isin(found, (0, 1)).all():
        shown = ", ".join(f"{value:g}" for value in found[:10]) + (", .." if len(found) > 10 else "")
        raise ValueError(f"column {index} is not binary: it has the values {shown}, expected 0 and 1")
    if len(found) < 2:
        only = f"all its values are {found[0]:g}" if len(found) else "it has no values"
        raise ValueError(f"column {index} has no two groups: {only}")
    least = min((values == value).mean() for value in (0, 1))
    if batch_size * least < 1:
        raise ValueError(
            f"a batch of {batch_size} is too small: the smaller group of column {index} is {least:.3g} of the samples"
        )


def validate_metric(
    metric: FairnessMetric,
    input_dim: int,
    batch_size: int = 20,
    protected_attr_idx: int | Sequence[int] = 0,
    fairness_tolerance: float = 0.05,
) -> None:
    """Compiles the constraints of a metric and binds them to made-up samples of both groups.

    :raises TypeError: if ``metric`` is no :class:`FairnessMetric`.
    :raises ValueError: if it has no constraints, if they are not affine, or if they do not fit the columns.
    """
    if not isinstance(metric, FairnessMetric):
        raise TypeError(f"`metric` is {metric!r}, expected an instance of `FairnessMetric`")
    indices = indices_of(protected_attr_idx)
    if indices and max(indices) >= input_dim:
        raise ValueError(
            f"`protected_attr_idx` names the column {max(indices)}, and the input has {input_dim}, counted from 0"
        )
    try:
        program = compile(metric.spec(indices), name=f"{type(metric).__name__}.fair")
        samples = np.arange(max(batch_size, 1))
        columns = {column(index): (samples >> place) % 2 for place, index in enumerate(indices)}
        columns |= {"y": samples % 3 % 2} if program.needs else {}
        params = {"eps": fairness_tolerance} if "eps" in program.params else {}
        program.encode(columns, params=params).bind()
    except FairError as error:
        raise ValueError(f"the constraints of `{type(metric).__name__}` do not hold up:\n{error}") from error
