"""Audits of tables that stay in a database.

A table is one of `Ibis <https://ibis-project.org>`_, which speaks to DuckDB, PostgreSQL and SQLite (these are tested)::

    import ibis
    from fairc import warehouse

    people = ibis.duckdb.connect("hr.duckdb").table("people")
    print(warehouse.audit(program, people, pred="score"))

What crosses are counts, weights and sums by group, and undeclared values that look like a level; never a row. The verdict, what is
skipped, the errors and the reports are those of :meth:`fairc.Program.audit`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import _fairc
from ._dataset import Audit
from ._program import Program

__all__ = ["Scan", "WarehouseAudit", "audit"]

#: Engines whose dialect is spoken, by the names that Ibis has for them.
_ENGINES = {"duckdb": "duckdb", "postgres": "postgres", "sqlite": "sqlite"}


@dataclass(frozen=True)
class Scan:
    """A query that was run: its text, the lines and values that crossed, and the seconds that it took."""

    query: str
    lines: int
    values: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.lines} lines, {self.values} values, {self.seconds:.2f} s"


class WarehouseAudit(Audit):
    """An audit of a table in a database, and the :class:`Scan`\\ s that it took."""

    def __init__(self, core: _fairc.Warehouse, scans: list[Scan], **settings: Any) -> None:
        super().__init__(lambda formats: core.audit(formats=formats, **settings))
        #: The queries that were run, in their order.
        self.scans = tuple(scans)


class _Database:
    """Where a table is, and what was asked of it."""

    def __init__(self, table: Any, explain: bool, progress: bool) -> None:
        find = getattr(table, "get_backend", None)
        if find is None:
            raise TypeError(f"a table of Ibis is needed, and this is {type(table).__name__}; for data in memory use `Program`")
        self.backend = find()
        self.explain, self.progress = explain, progress
        self.scans: list[Scan] = []
        engine = self.backend.name
        if engine not in _ENGINES:
            known = ", ".join(_ENGINES)
            raise ValueError(f"the engine {engine} is not supported: {known} are; `fairc sql` prints queries to adapt")
        self.dialect = _ENGINES[engine]
        self.query = str(self.backend.compile(table))
        self.columns = [(str(name), str(kind)) for name, kind in table.schema().items()]

    def ask(self, query: str) -> tuple[list[str], list[Any]]:
        """Runs a query: the names of its columns, and its lines."""
        if self.explain:
            print(f"{query};\n", file=sys.stderr)
        start = time.perf_counter()
        cursor = self.backend.raw_sql(query)
        try:
            names = [str(column[0]) for column in cursor.description]
            lines = cursor.fetchall()
        finally:
            # The cursor of DuckDB is the connection, which stays open.
            if self.dialect != "duckdb":
                cursor.close()
        scan = Scan(query, len(lines), len(lines) * len(names), time.perf_counter() - start)
        self.scans.append(scan)
        if self.progress:
            print(f"scan {len(self.scans)}: {scan}", file=sys.stderr)
        return names, lines


def _prepared(
    program: Program, database: _Database, pred: str | None, params: Mapping[str, float] | None, name: str
) -> _fairc.Warehouse:
    """The program with the counts and sums of a table."""
    core = _fairc.Warehouse(
        program._core, name, database.dialect, database.query, database.columns, pred, dict(params or {})
    )
    for column, query in core.read(*database.ask(core.cells())):
        core.read_near(column, *database.ask(query))
    return core


def audit(
    program: Program,
    table: Any,
    pred: str | None = None,
    *,
    params: Mapping[str, float] | None = None,
    tolerance: float | None = None,
    allow_unchecked: bool = False,
    explain: bool = False,
    progress: bool = False,
    name: str | None = None,
) -> WarehouseAudit:
    """Whether the predictions in the column ``pred`` of an Ibis table satisfy a spec; by default those in the column that the spec
    predicts.

    One scan of the table, and one more for each column in which undeclared values occur. There are no intervals and no histograms,
    for which rows would have to cross. ``explain`` prints the queries, and ``progress`` a line for each scan, to standard error;
    ``name`` is what messages call the table.

    :raises fairc.DataError: if the table does not fit the spec, or what the spec says has no SQL: bounds of single predictions,
        covariances and variances, rows that read ``raw(..)``, and functions such as ``log``.
    """
    database = _Database(table, explain, progress)
    core = _prepared(program, database, pred, params, name or _name(table))
    return WarehouseAudit(core, database.scans, tolerance=tolerance, allow_unchecked=allow_unchecked)


def _name(table: Any) -> str:
    """What a table is called, if it has a name."""
    try:
        return str(table.get_name())
    except Exception:  # Of what is no table by itself Ibis says so in several ways.
        return "table"
