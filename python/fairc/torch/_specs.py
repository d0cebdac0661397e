"""Specs for models that name protected attributes by their place in the input."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._program import Program

__all__ = ["METRICS", "column", "indices_of", "row_gaps", "spec_text"]

#: Short names of metrics, as users of ``fairness_training`` know them.
METRICS = {
    "mean_pred": "mean_pred",
    "mean_prediction_parity": "mean_pred",
    "demographic_parity": "mean_pred",
    "mean_residual": "mean_residual",
    "mean_residual_fairness": "mean_residual",
    "equalized_residuals": "mean_residual",
    "equalized_odds": "equalized_odds",
}

_CONSTRAINTS = {
    "mean_pred": """
constraint attr_{index}:
    forall (r, s) in pairs({column}): |E[score | {column} == r] - E[score | {column} == s]| <= eps
""",
    "mean_residual": """
constraint attr_{index}:
    forall r in {column}: |E[y - score | {column} == r]| <= eps
""",
    "equalized_odds": """
constraint attr_{index}_positive:
    forall (r, s) in pairs({column}):
    |E[score | {column} == r and y > 0.5] - E[score | {column} == s and y > 0.5]| <= eps
constraint attr_{index}_negative:
    forall (r, s) in pairs({column}):
    |E[score | {column} == r and y <= 0.5] - E[score | {column} == s and y <= 0.5]| <= eps
""",
}


def indices_of(protected_attr_idx: int | Sequence[int]) -> list[int]:
    """The places of protected columns as a list."""
    return [protected_attr_idx] if isinstance(protected_attr_idx, int) else list(protected_attr_idx)


def column(index: int) -> str:
    """The name of the input's column ``index`` in the spec."""
    return f"x{index}"


def spec_text(metric: str, levels: Mapping[int, Sequence[float]], bounds: tuple[float, float]) -> str:
    """The spec of a metric for some columns of the input.

    ``metric`` is a name of :data:`METRICS`, or declarations in the language of fairc, which may use the columns (``x0``
    for the first of the input), the label ``y``, the prediction ``score`` and the param ``eps``.
    """
    lines = [f"column {column(index)}: {{{', '.join(_number(level) for level in values)}}}"
             for index, values in levels.items()]
    own = "\n" in metric.strip() or "constraint" in metric or "use " in metric
    name = METRICS.get(metric.lower())
    if name is None and not own:
        known = ", ".join(sorted(METRICS))
        raise ValueError(
            f"`fairness_metric` is {metric!r}, expected one of {known}, or constraints in the language of fairc"
        )
    body = metric if name is None else "".join(
        _CONSTRAINTS[name].format(index=index, column=column(index)) for index in levels
    )
    if _reads_label(body):
        lines.append("label y: real")
    lines.append(f"predict score: real in [{_number(bounds[0])}, {_number(bounds[1])}]")
    if "eps" in body:
        # The tolerance of a model is set where data are bound, so that models of one spec can exchange their states.
        lines.append("param eps = 0 in [0, inf]")
    return "\n".join(lines) + "\n" + body


def row_gaps(
    program: Program, columns: Mapping[str, Any], predictions: npt.ArrayLike, params: Mapping[str, float]
) -> dict[str, float]:
    """By row how far predictions are from meeting it with no tolerance at all, which is with ``eps`` at 0."""
    strict = {**params, "eps": 0.0} if "eps" in program.params else params
    problem = program.encode(columns, params=strict).bind()
    values = problem.activity(np.asarray(predictions, dtype=float).reshape(-1))
    numbers = problem.numbers()
    beyond = np.maximum(numbers["lower"] - values, values - numbers["upper"])
    return {name: max(0.0, float(gap)) for name, gap in zip(numbers["names"], beyond, strict=True)}


def _reads_label(body: str) -> bool:
    import re

    return re.search(r"\by\b", body) is not None


def _number(value: float) -> str:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:.17g}" if float(value).is_integer() else repr(float(value))
