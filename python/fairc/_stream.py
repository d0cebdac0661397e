"""Batches of any size, answered one after another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _fairc
from ._program import Program
from ._tables import table

__all__ = ["Stream"]

_PREDICTION = "\0prediction"


class Stream:
    """Answers batches so that all answers together satisfy the spec, as ``fairc stream`` does.

    ``method`` is ``"hard"`` (each answer keeps the pooled rows where it can), ``"smooth"`` (one multiplier a row steers them)
    or ``"primal_dual"`` (the published algorithm, which bounds the average of the batches' gaps); ``step`` is the gain or
    the step of the last two, by default 0.5 and 0.1. Rows that read labels take part if ``columns`` names the labels.
    ``name`` is what messages call the batches.
    """

    def __init__(
        self,
        program: Program,
        *,
        columns: list[str] | None = None,
        method: Literal["hard", "smooth", "primal_dual"] = "hard",
        step: float | None = None,
        window: int | None = None,
        decay: float | None = None,
        params: Mapping[str, float] | None = None,
        state: str | None = None,
        name: str = "batch",
    ) -> None:
        self.program = program
        own = [column.header for column in program.columns if not column.label]
        own += [program.weight] if program.weight is not None else []
        self.columns = own if columns is None else list(columns)
        self._core = _fairc.Stream(
            program._core,
            [*self.columns, _PREDICTION],
            _PREDICTION,
            method=method,
            step=step,
            window=window,
            decay=decay,
            params=dict(params or {}),
            state=state,
            name=name,
        )

    def answer(self, data: Any, predictions: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Fair predictions for the next batch, which are taken as given from now on."""
        z = np.ascontiguousarray(predictions, dtype=np.float64).reshape(-1)
        read = table(data, self.columns)
        if read.rows is None:
            names = read.names or []
            read = table({name: data[name].to_numpy() for name in names if name in self.columns}, self.columns)
        columns = {**read.data, _PREDICTION: z}
        return self._core.answer(columns, len(z))

    def state(self) -> str:
        """All that a stream needs to go on from here, as text: hand it to ``Stream(state=...)``."""
        return self._core.state()

    @property
    def left_out(self) -> dict[str, str]:
        """The rows that take no part, and why."""
        return dict(self._core.left_out())

    def text(self) -> str:
        """The report for people, as ``fairc stream`` prints it."""
        return self._reported()[0]

    def json(self) -> dict[str, Any]:
        """All facts of the report, as ``fairc stream --format json`` prints them."""
        found: dict[str, Any] = json.loads(self._reported()[1])
        return found

    @property
    def facts(self) -> dict[str, Any]:
        """``samples``, ``batches``, for each row its pooled ``value`` and sides, and the state of ``primal_dual``."""
        _, report, price = self._reported()
        found = json.loads(report)
        rows = [
            {
                "name": row["name"],
                "kept": row["skipped"] is None,
                "value": row["pooled"],
                "lower": row["lower"],
                "upper": row["upper"],
                "moved": row["batches_moved"],
            }
            for row in found["rows"]
        ]
        return {"rows": rows, "samples": found["n"], "batches": found["batches"], "primal_dual": json.loads(price)}

    def _reported(self) -> tuple[str, str, str]:
        return self._core.report(self.program.prediction.header)

    def __repr__(self) -> str:
        facts = self.facts
        return f"<fairc.Stream of {self.program.name}: {facts['samples']} samples in {facts['batches']} batches>"
