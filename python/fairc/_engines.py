"""The engines that hold tables: how each runs a query, and how a table is made there."""

from __future__ import annotations

from typing import Any

from . import _fairc

#: Their dialects, by the names that Ibis has for them.
DIALECTS = {"duckdb": "duckdb", "postgres": "postgres", "sqlite": "sqlite", "datafusion": "datafusion", "pyspark": "spark"}


class Engine:
    """The engine behind a table of Ibis."""

    def __init__(self, table: Any) -> None:
        find = getattr(table, "get_backend", None)
        if find is None:
            raise TypeError(f"a table of Ibis is needed, and this is {type(table).__name__}; for data in memory use `Program`")
        self.backend = find()
        name = self.backend.name
        if name not in DIALECTS:
            known = ", ".join(DIALECTS)
            raise ValueError(f"the engine {name} is not supported: {known} are; `fairc sql` prints queries to adapt")
        self.dialect = DIALECTS[name]
        # Tables in memory become known to the engine only when Ibis runs something.
        register = getattr(self.backend, "_run_pre_execute_hooks", None)
        if register is not None:
            register(table)

    def run(self, query: str) -> tuple[list[str], list[Any]]:
        """The names of the columns of an answer, and its lines."""
        answer = self.backend.raw_sql(query)
        if self.dialect == "datafusion":
            batches = answer.collect()
            return answer.schema().names, [line for batch in batches for line in zip(*map(_values, batch.columns), strict=True)]
        if self.dialect == "spark":
            return list(answer.columns), answer.collect()
        try:
            return [str(column[0]) for column in answer.description], answer.fetchall()
        finally:
            # The cursor of DuckDB is the connection, which stays open.
            if self.dialect != "duckdb":
                answer.close()

    def has(self, name: str) -> bool:
        """Whether there is a table or view of this name."""
        query = _fairc.count_of_tables(self.dialect, name)
        if query is not None:
            return bool(self.run(query)[1][0][0])
        quoted = name.replace("`", "``")
        return bool(self.backend._session.catalog.tableExists(f"`{quoted}`"))

    def write(self, statements: list[str], whole: bool) -> None:
        """Runs statements; ``whole`` if they are one transaction: all of them, or nothing."""
        if not whole:
            for statement in statements:
                self.run(statement)
            return
        connection = self.backend.con
        # Drivers begin transactions in ways of their own; a statement of SQL is understood by all once none is open.
        if self.dialect != "duckdb":
            connection.commit()
        connection.execute("BEGIN")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _values(column: Any) -> list[Any]:
    return column.to_pylist()  # type: ignore[no-any-return]
