"""Audits, projections, per-group offsets and decisions of tables that stay in a database.

A table is one of `Ibis <https://ibis-project.org>`_, which speaks to DuckDB, PostgreSQL, SQLite, DataFusion and Spark (these are
tested)::

    import ibis
    from fairc import warehouse

    people = ibis.duckdb.connect("hr.duckdb").table("people")
    print(warehouse.audit(program, people, pred="score"))
    warehouse.project(program, people, into="people_fair", pred="score")

What crosses are counts, weights and sums by group, and undeclared values that look like a level; for decisions the scores near a
threshold too, with how often each occurs. Never a row. The verdict, what is skipped, the errors and the reports are those of
:meth:`fairc.Program.audit`.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from . import _fairc
from ._dataset import Audit
from ._engines import Engine
from ._program import Program
from ._thresholds import Thresholds

__all__ = [
    "Scan",
    "WarehouseAudit",
    "WarehouseDecisions",
    "WarehouseProjection",
    "audit",
    "decide",
    "freeze",
    "project",
]


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


class WarehouseProjection:
    """A table with moved predictions, in the database that it was made in."""

    def __init__(
        self,
        table: Any,
        column: str,
        status: str,
        multipliers: dict[str, float],
        skipped: dict[str, str],
        scans: list[Scan],
    ) -> None:
        #: The new table, of Ibis.
        self.table = table
        #: Its column with the moved predictions.
        self.column = column
        #: ``optimal``, or ``relaxed`` where no predictions satisfy the spec and that was allowed.
        self.status = status
        #: By row, by how much the distance would shrink if its limit were looser.
        self.multipliers = multipliers
        #: The rows that took no part, each with the reason.
        self.skipped = skipped
        #: The queries that were run, in their order; the last made the table.
        self.scans = tuple(scans)

    def __repr__(self) -> str:
        return f"<fairc.warehouse.WarehouseProjection: {self.status}, column {self.column!r}, {len(self.scans)} scans>"


class WarehouseDecisions:
    """A table with decisions, in the database that it was made in."""

    def __init__(
        self,
        table: Any,
        column: str,
        gain: tuple[float, float],
        counts: tuple[int, int],
        thresholds: Thresholds | None,
        skipped: dict[str, str],
        scans: list[Scan],
    ) -> None:
        #: The new table, of Ibis.
        self.table = table
        #: Its column with the decisions, 0 or 1.
        self.column = column
        #: What the decisions gain, and what no others within the rows gain more than.
        self.gain, self.bound = gain
        #: How many of positive weight are decided 1, and how many the best shares of a decision left in between.
        self.selected, self.between = counts
        #: The thresholds by group, if they were to be kept.
        self.thresholds = thresholds
        #: The rows that took no part, each with the reason.
        self.skipped = skipped
        #: The queries that were run, in their order; the last made the table.
        self.scans = tuple(scans)

    def __repr__(self) -> str:
        return (
            f"<fairc.warehouse.WarehouseDecisions: {self.selected} of 1, column {self.column!r}, {len(self.scans)} scans>"
        )


class _Database:
    """Where a table is, and what was asked of it."""

    def __init__(self, table: Any, explain: bool, progress: bool) -> None:
        self.engine = Engine(table)
        self.explain, self.progress = explain, progress
        self.scans: list[Scan] = []
        self.query = str(self.engine.backend.compile(table))
        self.columns = [(str(name), str(kind)) for name, kind in table.schema().items()]

    def write(self, name: str, query: str, overwrite: bool, view: bool) -> Any:
        """Makes a table of a query, or a view; gives the table of Ibis."""
        statements, whole = _fairc.make_table(self.engine.dialect, name, query, overwrite, view)
        start = time.perf_counter()
        # Spark makes an empty table first, and then fills it.
        made = [statement for statement in statements if query in statement][-1]
        if self.explain:
            print(f"{made};\n", file=sys.stderr)
        self.engine.write(statements, whole)
        self._note(Scan(made, 0, 0, time.perf_counter() - start))
        return self.engine.backend.table(name)

    def ask(self, query: str) -> tuple[list[str], list[Any]]:
        """Runs a query: the names of its columns, and its lines."""
        if self.explain:
            print(f"{query};\n", file=sys.stderr)
        start = time.perf_counter()
        names, lines = self.engine.run(query)
        self._note(Scan(query, len(lines), len(lines) * len(names), time.perf_counter() - start))
        return names, lines

    def _note(self, scan: Scan) -> None:
        self.scans.append(scan)
        if self.progress:
            print(f"scan {len(self.scans)}: {scan}", file=sys.stderr)


def _prepared(
    program: Program,
    database: _Database,
    pred: str | None,
    params: Mapping[str, float] | None,
    name: str,
    purpose: Literal["audit", "project", "freeze", "decide"] = "audit",
) -> _fairc.Warehouse:
    """The program with the counts and sums of a table."""
    core = _fairc.Warehouse(
        program._core, name, database.engine.dialect, database.query, database.columns, pred, dict(params or {}), purpose
    )
    for column, query in core.read(*database.ask(core.cells())):
        core.read_near(column, *database.ask(query))
    deviations = core.deviations()
    if deviations is not None:
        core.read_deviations(*database.ask(deviations))
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

    One scan of the table, one more where rows compare deviations from means (as ``Cov`` does), and one more for each column in which
    undeclared values occur. There are no intervals and no histograms,
    for which rows would have to cross. ``explain`` prints the queries, and ``progress`` a line for each scan, to standard error;
    ``name`` is what messages call the table.

    :raises fairc.DataError: if the table does not fit the spec, or what the spec says has no SQL: bounds of single predictions,
        rows that read ``raw(..)``, and functions such as ``log``.
    """
    database = _Database(table, explain, progress)
    core = _prepared(program, database, pred, params, name or _name(table))
    return WarehouseAudit(core, database.scans, tolerance=tolerance, allow_unchecked=allow_unchecked)


def project(
    program: Program,
    table: Any,
    into: str,
    pred: str | None = None,
    *,
    column: str | None = None,
    params: Mapping[str, float] | None = None,
    on_infeasible: Literal["error", "relax"] = "error",
    overwrite: bool = False,
    view: bool = False,
    explain: bool = False,
    progress: bool = False,
    name: str | None = None,
) -> WarehouseProjection:
    """The table ``into``, made of an Ibis table with one column more: the nearest predictions to those in ``pred`` that satisfy the spec, as
    :meth:`fairc.Program.project` finds them.

    The table is read two or three times, and once more to write; where rows weigh predictions by what differs within groups (as ``Cov`` of a
    number does), once for each step of Newton's method. The new ``column`` is by default that of the predictions with
    ``_fair`` behind its name. The new table is made in a transaction, whole or not at all; one of that name is an error unless ``overwrite``
    says that it may go. With ``view`` a view is made in place of a table: nothing is copied, and who reads it waits for the shifts instead.
    Nobody may change the table meanwhile. Begin no transaction of your own on the connection before: PostgreSQL and
    SQLite would commit it, and DuckDB refuses another inside it.

    :raises fairc.DataError: as of :func:`audit`.
    :raises fairc.InfeasibleError: if no predictions satisfy the spec; those of least violation are taken with
        ``on_infeasible="relax"``, unless rows weigh predictions by what differs within groups.
    """
    database = _Database(table, explain, progress)
    new = column or f"{pred or program.prediction.header}_fair"
    _new(database, into, new, overwrite)
    core = _prepared(program, database, pred, params, name or _name(table), "project")
    query, status, multipliers, skipped = core.project(database.ask, new, on_infeasible)
    made = database.write(into, query, overwrite, view)
    return WarehouseProjection(made, new, status, dict(multipliers), dict(skipped), database.scans)


def freeze(
    program: Program,
    table: Any,
    pred: str | None = None,
    *,
    params: Mapping[str, float] | None = None,
    to: Literal["json", "sql"] = "json",
    on_infeasible: Literal["error", "relax"] = "error",
    explain: bool = False,
    progress: bool = False,
    name: str | None = None,
) -> str:
    """Per-group offsets, fitted on an Ibis table, as the text that :meth:`fairc.Program.freeze` gives for the same rows.

    The table is read two or three times, and nothing is written. Rows that read labels and rows for training are left out, which is
    warned of.

    :raises fairc.DataError: as of :func:`project`, and for rows that weigh predictions by what differs within groups.
    :raises fairc.InfeasibleError: as of :func:`project`.
    """
    database = _Database(table, explain, progress)
    core = _prepared(program, database, pred, params, name or _name(table), "freeze")
    text, notes = core.freeze(database.ask, to, on_infeasible)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return text


def decide(
    program: Program,
    table: Any,
    into: str,
    pred: str | None = None,
    *,
    cutoff: float = 0.5,
    key: str | None = None,
    column: str | None = None,
    params: Mapping[str, float] | None = None,
    freeze: bool = False,
    overwrite: bool = False,
    view: bool = False,
    explain: bool = False,
    progress: bool = False,
    name: str | None = None,
) -> WarehouseDecisions:
    """The table ``into``, made of an Ibis table with one column more: decisions of 0 or 1 that satisfy the spec and gain the most, as
    :meth:`fairc.Program.decide` finds them. A decision of 1 gains the prediction less the ``cutoff``.

    The table is read two or three times, and once more to write. What crosses beside sums are the scores near the threshold of each
    group, with how often each occurs. Where some of those with the same group, score and weight are decided 1 and others are not, the first
    by the column ``key`` are; it should tell rows apart, as the number of a person does. The new ``column`` is by default that of the
    predictions with ``_decided`` behind its name. ``freeze`` keeps the thresholds. All else is as of :func:`project`.

    :raises fairc.DataError: as of :func:`freeze`, for rows that read labels, and where samples are to be told apart without a ``key``.
    :raises fairc.InfeasibleError: if no decisions satisfy the spec.
    """
    database = _Database(table, explain, progress)
    new = column or f"{pred or program.prediction.header}_decided"
    _new(database, into, new, overwrite)
    if key is not None and key not in [known for known, _ in database.columns]:
        raise ValueError(f"the table has no column {key!r}, which `key` names")
    core = _prepared(program, database, pred, params, name or _name(table), "decide")
    query, gain, counts, frozen, skipped = core.decide(database.ask, new, cutoff, key, freeze)
    thresholds = None
    if frozen is not None:
        thresholds = Thresholds(program, frozen[0])
        for note in frozen[1]:
            warnings.warn(note, stacklevel=2)
    made = database.write(into, query, overwrite, view)
    return WarehouseDecisions(made, new, gain, counts, thresholds, dict(skipped), database.scans)


def _new(database: _Database, into: str, column: str, overwrite: bool) -> None:
    """Fails if a table, or its new column, is there already."""
    if not overwrite and database.engine.has(into):
        raise ValueError(f"there is a table {into!r} already: choose another name, or give overwrite=True")
    if column in [known for known, _ in database.columns]:
        raise ValueError(f"the table has a column {column!r} already: choose another with column=")


def _name(table: Any) -> str:
    """What a table is called, if it has a name."""
    try:
        return str(table.get_name())
    except Exception:  # Of what is no table by itself Ibis says so in several ways.
        return "table"
