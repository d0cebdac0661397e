"""Specs: compiled, and applied to tables."""

from __future__ import annotations

import html
import json
import os
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _fairc
from ._dataset import Audit, Dataset, Projection
from ._tables import table

__all__ = ["Column", "Param", "Prediction", "Program", "Row", "compile"]

Purpose = Literal["training", "inference"]
OnInfeasible = Literal["error", "relax"]


@dataclass(frozen=True)
class Row:
    """One canonical row ``lower <= expression <= upper``."""

    name: str
    #: The constraints that gave this row; the first one names it.
    names: tuple[str, ...]
    text: str
    doc: str
    #: Headers of the labels that the row needs.
    needs: tuple[str, ...]
    #: The exact-penalty weight; ``None`` for a hard row.
    soft: float | None
    min_count: int
    #: It bounds single predictions.
    each: bool


@dataclass(frozen=True)
class Param:
    """A number that can be set when data are bound; ``None`` is no end of its range."""

    name: str
    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Column:
    """A column or label that rows read; ``levels`` is ``None`` for numbers."""

    header: str
    name: str
    label: bool
    levels: tuple[str | float, ...] | None
    nullable: bool


@dataclass(frozen=True)
class Prediction:
    """What is predicted; ``None`` is no bound."""

    name: str
    header: str
    lower: float | None
    upper: float | None


class Program:
    """A compiled spec. Make one with :func:`fairc.compile` or :meth:`Program.load`."""

    def __init__(self, core: _fairc.Program) -> None:
        self._core = core
        facts = json.loads(core.facts())
        self.rows = tuple(
            Row(**{**row, "names": tuple(row["names"]), "needs": tuple(row["needs"])}) for row in facts["rows"]
        )
        self.params = {param["name"]: Param(**param) for param in facts["params"]}
        self.columns = tuple(
            Column(**{**column, "levels": None if column["levels"] is None else tuple(column["levels"])})
            for column in facts["columns"]
        )
        self.prediction = Prediction(**facts["prediction"])
        self.weight: str | None = facts["weight"]

    @property
    def name(self) -> str:
        """What messages call the spec."""
        return self._core.name

    @property
    def fingerprint(self) -> str:
        """BLAKE3 of what the spec means; the same for all spellings of it."""
        return self._core.fingerprint

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """By row, the labels without which it cannot be enforced; rows that need none are not listed."""
        return {row.name: row.needs for row in self.rows if row.needs}

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """What the compiler warns of, as diagnostics."""
        found: list[dict[str, Any]] = json.loads(self._core.warnings[1])
        return found

    # Files

    def to_text(self) -> str:
        """The compiled spec as the text of a ``.fairc`` file."""
        return self._core.artefact()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a ``.fairc`` file."""
        pathlib.Path(path).write_text(self.to_text(), encoding="utf-8")

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Program:
        """Reads a ``.fairc`` file."""
        return Program(_fairc.Program.read(os.fspath(path)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.to_text(), self.name)

    def __copy__(self) -> Program:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Program:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    # Data

    def encode(
        self,
        data: Any,
        *,
        params: Mapping[str, float] | None = None,
        purpose: Purpose = "training",
        labels: bool = True,
        prediction: str | None = None,
        name: str = "data",
        watch: bool = False,
    ) -> Dataset:
        """Reads a table once: for each sample its cell and what differs within cells.

        ``data`` is a pandas or polars frame, an Arrow table or stream, or a mapping of names to vectors (NumPy, torch,
        lists). ``labels=False`` leaves out rows that read labels, as ``purpose="inference"`` leaves out rows for
        training alone. ``prediction`` names a column of predictions; ``watch`` also tells apart the groups that reports
        show; ``name`` is what messages call the table.
        """
        wanted = [column.header for column in self.columns]
        wanted += [header for header in (self.weight, prediction) if header is not None]
        read = table(data, wanted)
        options: dict[str, Any] = {
            "params": dict(params or {}),
            "purpose": purpose,
            "labels": labels,
            "prediction": prediction,
            "watch": watch,
        }
        core = self._core.encode(name, read.data, read.rows, known=read.names, **options)
        return Dataset(self, core, data, {**options, "name": name})

    def project(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        params: Mapping[str, float] | None = None,
        on_infeasible: OnInfeasible = "error",
        purpose: Purpose = "training",
        labels: bool = True,
    ) -> Projection:
        """The nearest predictions that satisfy the spec on these data.

        ``predictions`` is a vector, or the name of a column; by default the column that the spec predicts.
        """
        column, values = self._predictions(predictions)
        dataset = self.encode(data, params=params, purpose=purpose, labels=labels, prediction=column)
        return dataset.bind().project(dataset.predictions(values), on_infeasible=on_infeasible)

    def audit(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        params: Mapping[str, float] | None = None,
        tolerance: float | None = None,
        bootstrap: int = 1000,
        seed: int = 1,
        name: str = "data",
    ) -> Audit:
        """Whether predictions satisfy the spec, with everything that ``fairc audit`` reports."""
        column, values = self._predictions(predictions)
        dataset = self.encode(data, params=params, prediction=column, name=name, watch=True)
        return Audit(dataset, dataset.predictions(values), column, tolerance, bootstrap, seed)

    def _predictions(self, given: npt.ArrayLike | str | None) -> tuple[str | None, npt.ArrayLike | None]:
        if given is None:
            return self.prediction.header, None
        return (given, None) if isinstance(given, str) else (None, given)

    # Shown

    def rows_text(self) -> str:
        """The canonical rows, as ``fairc compile --emit rows`` prints them."""
        return self._core.rows_text()

    def __repr__(self) -> str:
        lines = [f"<fairc.Program {self.name}: {self._core.summary.removeprefix('ok: ')}>"]
        lines += [f"  {row.name}: {row.text}" for row in self.rows[:12]]
        if len(self.rows) > 12:
            lines.append(f"  and {len(self.rows) - 12} more rows")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cell = "<td style='text-align:left'>{}</td>"
        head = "".join(f"<th style='text-align:left'>{title}</th>" for title in ("row", "what holds", "needs"))
        body = "".join(
            f"<tr title='{html.escape(row.doc)}'>"
            + cell.format(html.escape(row.name))
            + cell.format(f"<code>{html.escape(row.text)}</code>")
            + cell.format(html.escape(", ".join(row.needs)))
            + "</tr>"
            for row in self.rows
        )
        params = ", ".join(f"{html.escape(p.name)} = {p.value:g}" for p in self.params.values())
        caption = f"{html.escape(self.name)}: {html.escape(self._core.summary.removeprefix('ok: '))}"
        return f"<table><caption>{caption}{'; ' + params if params else ''}</caption><tr>{head}</tr>{body}</table>"


def compile(source: str | os.PathLike[str], *, name: str = "spec.fair") -> Program:
    """Compiles a spec.

    A path (``pathlib.Path``, or text that ends in ``.fair`` or ``.fairc`` and has no line end) is read; any other text
    is the spec itself, and ``name`` is what messages call it. Imports are taken from the folder of the file, or the
    working directory.

    :raises fairc.CompileError: with all that is wrong with the spec.
    """
    if isinstance(source, os.PathLike):
        return Program(_fairc.Program.read(os.fspath(source)))
    if "\n" not in source and source.endswith((".fair", ".fairc")):
        return Program(_fairc.Program.read(source))
    return Program(_fairc.Program.text(source, name, ""))


def _restored(text: str, name: str) -> Program:
    return Program(_fairc.Program.text(text, name, ""))


def as_vector(values: npt.ArrayLike) -> npt.NDArray[np.float32] | npt.NDArray[np.float64]:
    """Predictions as a contiguous vector of one of the two types that the runtime knows."""
    array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"predictions have the shape {array.shape}, expected one for each sample")
    wide = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    return np.ascontiguousarray(wide)
