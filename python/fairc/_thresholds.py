"""Thresholds: decisions for people who come later, each by itself."""

from __future__ import annotations

import json
import os
import pathlib
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ._dataset import Decisions
    from ._program import Program

__all__ = ["Thresholds"]


class Thresholds:
    """A threshold for each group that the rows of a spec tell apart, fitted on reference data.

    By them a decision depends on nobody else. Make them with :meth:`fit`, or read those that ``fairc decide --freeze`` wrote
    with :meth:`from_json` or :meth:`load`.
    """

    def __init__(self, program: Program, text: str) -> None:
        self.program = program
        self._text = text
        self._facts: dict[str, Any] = json.loads(program._core.thresholds(text))

    @classmethod
    def fit(
        cls,
        program: Program,
        data: Any,
        pred: npt.ArrayLike | str | None = None,
        *,
        gain: npt.ArrayLike | str | None = None,
        cutoff: float = 0.5,
        randomize: int | None = None,
        params: Mapping[str, float] | None = None,
        name: str = "data",
    ) -> Thresholds:
        """Those of the decisions that gain the most on these data within the rows, as ``fairc decide --freeze`` writes them.

        ``pred`` is a vector or the name of a column, by default that which the spec predicts; a decision of 1 gains it less
        the ``cutoff``, or what ``gain`` says, a vector or the name of a column. Where rows read labels, thresholds that draw nobody
        are sought first; with ``randomize``, a seed, the best are taken, which may draw. What takes no part is warned of.

        :raises fairc.DataError: if the data do not fit the spec.
        :raises fairc.InfeasibleError: if no decisions satisfy it.
        """
        dataset, z, column, gains = program._decided(data, pred, gain, params, name)
        text, notes = dataset._core.thresholds(
            z, column, params=dataset._params, cutoff=cutoff, gain=gains, seed=randomize
        )
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return cls(program, text)

    def apply(
        self,
        data: Any,
        pred: npt.ArrayLike | str | None = None,
        *,
        gain: npt.ArrayLike | str | None = None,
        randomize: int | None = None,
        key: Sequence[Any] | str | None = None,
        params: Mapping[str, float] | None = None,
        name: str = "data",
    ) -> npt.NDArray[np.float64]:
        """A decision for each sample, 0 or 1.

        Those exactly at a threshold are decided as most of the reference data there, or with ``randomize``, a seed, drawn
        by their share; a draw depends on the seed and on ``key`` alone (by default the number of the row, from 1). Thresholds
        that draw between several (:attr:`draws`) always do, with seed 0 unless told otherwise.

        :raises fairc.DataError: if the data do not fit, or the thresholds were fitted with other params or for gains.
        """
        return self.decide(data, pred, gain=gain, randomize=randomize, key=key, params=params, name=name).d

    def decide(
        self,
        data: Any,
        pred: npt.ArrayLike | str | None = None,
        *,
        gain: npt.ArrayLike | str | None = None,
        randomize: int | None = None,
        key: Sequence[Any] | str | None = None,
        params: Mapping[str, float] | None = None,
        name: str = "data",
    ) -> Decisions:
        """The same decisions with their report, as ``fairc decide --thresholds`` prints it."""
        return self.program.decide(
            data, pred, thresholds=self, gain=gain, randomize=randomize, key=key, params=params, name=name
        )

    def chances(
        self,
        data: Any,
        pred: npt.ArrayLike | str | None = None,
        *,
        gain: npt.ArrayLike | str | None = None,
        params: Mapping[str, float] | None = None,
        name: str = "data",
    ) -> npt.NDArray[np.float64]:
        """The chance of a decision of 1 for each sample: 0 or 1, but for those exactly at a threshold that takes a share, and those
        between the thresholds of a group that draws between several."""
        program = self.program
        given = self._settings() if params is None else params
        dataset, z, column, gains = program._decided(data, pred, gain, given, name)
        return dataset._core.chances(self._text, z, column, params=dataset._params, gain=gains)

    @property
    def params(self) -> dict[str, float]:
        """Those that they were fitted with."""
        return dict(self._facts["params"])

    def _settings(self) -> dict[str, float]:
        """Those that are not as the spec declares them."""
        declared = self.program.params
        return {name: value for name, value in self.params.items() if declared[name].value != value}

    @property
    def column(self) -> str:
        """The column that they compare."""
        return str(self._facts["column"])

    @property
    def cells(self) -> list[dict[str, Any]]:
        """For each group: ``when`` in words, ``threshold``, the ``share`` of those exactly there that is decided 1, how many
        were ``at`` it, and ``samples`` of the reference data; lower thresholds as ``steps``, each with the ``chance`` of a
        decision of 1 ``from`` there up to the next."""
        names = ("when", "threshold", "share", "at", "samples")
        cells = self._facts["cells"]
        return [{**{name: cell[name] for name in names}, "steps": cell.get("steps", [])} for cell in cells]

    @property
    def draws(self) -> bool:
        """Whether a group draws between several thresholds, as rows that read labels may need."""
        return any(cell["steps"] for cell in self.cells)

    # Files

    def to_json(self) -> str:
        """The text that ``fairc decide --freeze thresholds.json`` writes."""
        return self._text

    @classmethod
    def from_json(cls, program: Program, text: str) -> Thresholds:
        """Of such a text.

        :raises fairc.DataError: if it is none, or of another spec.
        """
        return cls(program, text)

    def to_sql(self, *, chances: bool = False) -> str:
        """One expression of standard SQL, the same for SQLite, DuckDB and PostgreSQL: 1, 0, or ``NULL`` where there is no score.
        Thresholds that draw read the column ``draw``, a draw of each row.

        With ``chances`` it gives the chance of a decision of 1 instead. Compared with the draw of a person,
        ``fairc.drawn(seed, keys)`` kept in a column, it decides as ``apply(.., randomize=seed, key=keys)``.

        :raises fairc.DataError: if the spec has ``each`` constraints, which SQL does not apply.
        """
        return self.program._core.thresholds_sql(self._text, chances)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a ``.json`` or a ``.sql`` file."""
        suffix = pathlib.Path(path).suffix.lower()
        if suffix not in (".json", ".sql"):
            raise ValueError(f"`{path}` ends in {suffix!r}; the endings are .json, .sql")
        pathlib.Path(path).write_text(self._text if suffix == ".json" else self.to_sql(), encoding="utf-8")

    @classmethod
    def load(cls, program: Program, path: str | os.PathLike[str]) -> Thresholds:
        """Reads a ``.json`` file."""
        return cls(program, pathlib.Path(path).read_text(encoding="utf-8"))

    def __reduce__(self) -> tuple[Any, ...]:
        return Thresholds, (self.program, self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thresholds) and (other.program, other._text) == (self.program, self._text)

    def __hash__(self) -> int:
        return hash((self.program, self._text))

    def __repr__(self) -> str:
        lines = [f"<fairc.Thresholds of {self.program.name} for `{self.column}`>"]
        shown = [cell for cell in self.cells if cell["samples"]]
        for cell in shown[:12]:
            sign = ">=" if cell["share"] >= 1 else ">"
            share = f" and {cell['share']:.4g} of those at it" if 0 < cell["share"] < 1 else ""
            lines.append(f"  {cell['when']}: {sign} {cell['threshold']:.6g}{share}")
        if len(shown) > 12:
            more = len(shown) - 12
            lines.append(f"  and {more} more group{'s' if more > 1 else ''}")
        return "\n".join(lines)
