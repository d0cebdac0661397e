"""Metrics as classes, each with a spec behind it."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..._program import Program, compile
from ...torch._specs import column, indices_of, row_gaps, spec_text

__all__ = ["EqualizedOdds", "FairnessMetric", "MeanPredictionParity", "MeanResidualFairness"]

_CVXPY = "constraints are not made of CVXPY here; they are text in the language of fairc, see `FairnessMetric.constraints`"


class FairnessMetric:
    """A metric, by its constraints in the language of fairc.

    A metric of one's own is a class with :attr:`constraints`. These read the protected columns of the input as ``x0``,
    ``x3``, .. (``x0`` is the first column), the label as ``y``, the prediction as ``score`` and the tolerance as ``eps``::

        class Floor(FairnessMetric):
            constraints = "constraint floor: E[score | x0 == 1] >= 0.4"
    """

    #: Declarations in the language of fairc, or the name of a metric of :class:`fairc.torch.FairModel`.
    constraints: str = ""
    #: Whether the metric reads the label.
    requires_targets: bool = False
    #: Whether the label is a number in the constraints, and not a condition alone.
    requires_y_in_constraints: bool = False

    def __init__(self, num_protected_attrs: int = 1) -> None:
        self.num_protected_attrs = num_protected_attrs

    def spec(
        self, protected_attr_idx: int | Sequence[int] = 0, prediction_bounds: tuple[float, float] = (0.0, 1.0)
    ) -> str:
        """The whole spec, for protected columns at these places of the input.

        :raises ValueError: if the class has no :attr:`constraints`.
        """
        if not self.constraints:
            raise ValueError(
                f"`{type(self).__name__}` has no constraints in the language of fairc; give the class a text "
                '`constraints`, as `constraints = "constraint floor: E[score | x0 == 1] >= 0.4"`'
            )
        indices = indices_of(protected_attr_idx)
        return spec_text(self.constraints, dict.fromkeys(indices, (0, 1)), prediction_bounds)

    def compute_gap(
        self,
        predictions: npt.ArrayLike,
        targets: npt.ArrayLike | None,
        protected_indicators: Mapping[int, npt.ArrayLike],
    ) -> float:
        """The largest distance from a constraint with no tolerance; 0 where no group is there to compare.

        ``protected_indicators`` has a vector of 0 and 1 for each protected column, by its place in the input.

        :raises ValueError: if the constraints read the label, and there are no ``targets``.
        """
        program = _compiled(self.spec(list(protected_indicators), (-math.inf, math.inf)))
        columns = {column(index): np.asarray(values).reshape(-1) for index, values in protected_indicators.items()}
        if program.needs:
            if targets is None:
                raise ValueError(f"`{type(self).__name__}` requires targets: its constraints read the label")
            columns["y"] = np.asarray(targets).reshape(-1)
        return max(row_gaps(program, columns, predictions, {}).values(), default=0.0)

    def create_selection_matrices(
        self, x: torch.Tensor, y: torch.Tensor | None, protected_attr_idx: Sequence[int]
    ) -> list[npt.NDArray[np.float32]]:
        """For each protected column a vector of 0 and 1 that is 1 in group 0, and one that is 1 in group 1."""
        return [(_column(x, index) == group).astype(np.float32) for index in protected_attr_idx for group in (0, 1)]

    def create_constraints(self, *args: Any, **kwargs: Any) -> Any:
        """Not to be called: constraints are :attr:`constraints`."""
        raise NotImplementedError(_CVXPY)

    def create_primal_dual_penalty(self, *args: Any, **kwargs: Any) -> Any:
        """Not to be called: small batches are answered by :class:`fairc.Stream`."""
        raise NotImplementedError(_CVXPY)


class MeanPredictionParity(FairnessMetric):
    """``|E[score | x0 == 0] - E[score | x0 == 1]| <= eps`` for every protected column."""

    constraints = "mean_pred"


class MeanResidualFairness(FairnessMetric):
    """``|E[y - score | x0 == r]| <= eps`` for both groups of every protected column."""

    constraints = "mean_residual"
    requires_targets = True
    requires_y_in_constraints = True


class EqualizedOdds(FairnessMetric):
    """Mean parity among labels above one half, and among the others."""

    constraints = "equalized_odds"
    requires_targets = True

    def create_selection_matrices(
        self, x: torch.Tensor, y: torch.Tensor | None, protected_attr_idx: Sequence[int]
    ) -> list[npt.NDArray[np.float32]]:
        """For each protected column four vectors: groups 0 and 1 of the negative labels, then of the positive ones."""
        if y is None:
            raise ValueError("`EqualizedOdds` requires targets: its groups depend on the label")
        positive = y.detach().cpu().numpy().reshape(-1) > 0.5
        return [
            ((positive == outcome) & (_column(x, index) == group)).astype(np.float32)
            for index in protected_attr_idx
            for outcome in (False, True)
            for group in (0, 1)
        ]


def _column(x: torch.Tensor, index: int) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = x[:, index].detach().cpu().numpy()
    return values


@functools.lru_cache(maxsize=32)
def _compiled(text: str) -> Program:
    return compile(text, name="metric.fair")
