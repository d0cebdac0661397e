"""What a spec declares and compiles to: columns, params, the prediction, and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Column", "OnInfeasible", "Param", "Prediction", "Purpose", "Relation", "Row", "Usage"]

Purpose = Literal["training", "inference"]
OnInfeasible = Literal["error", "relax"]
#: What a table is read for.
Usage = Literal["batches", "check", "audit", "decide", "shifts"]


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
class Relation:
    """Pairs of samples, in a table of their own."""

    name: str
    #: Where the spec says that the table is, from its folder.
    file: str | None
    #: The header of the key in the data.
    key: str
    #: What rows read of the table: the headers of the two keys, and of other columns.
    columns: tuple[str, ...]
    #: What they read of the data.
    reads: tuple[str, ...]

    @staticmethod
    def of(facts: dict[str, Any]) -> Relation:
        return Relation(**{**facts, "columns": tuple(facts["columns"]), "reads": tuple(facts["reads"])})


@dataclass(frozen=True)
class Prediction:
    """What is predicted; ``None`` is no bound."""

    name: str
    header: str
    lower: float | None
    upper: float | None
    #: ``{0, 1}``: each is 0 or 1, and nothing in between.
    decision: bool = False
