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

    ``method`` is ``"smooth"`` (one multiplier a row steers the pooled rows), ``"hard"`` (each answer keeps them where it
    can) or ``"primal_dual"`` (the published algorithm, which bounds the average of the batches' gaps); ``step`` is the
    gain or the step of the last two. Rows that read labels take part if ``columns`` names the labels.
    """

    def __init__(
        self,
        program: Program,
        *,
        columns: list[str] | None = None,
        method: Literal["smooth", "hard", "primal_dual"] = "smooth",
        step: float = 0.5,
        window: int | None = None,
        decay: float | None = None,
        params: Mapping[str, float] | None = None,
        state: str | None = None,
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
    def facts(self) -> dict[str, Any]:
        """``samples``, ``batches``, for each row its pooled ``value`` and sides, and the state of ``primal_dual``."""
        found: dict[str, Any] = json.loads(self._core.facts())
        return found

    def __repr__(self) -> str:
        facts = self.facts
        return f"<fairc.Stream of {self.program.name}: {facts['samples']} samples in {facts['batches']} batches>"
