"""A first spec for a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from . import _fairc

__all__ = ["first_spec"]


def first_spec(
    data: Any,
    prediction: str | None = None,
    *,
    groups: str | Sequence[str] = (),
    labels: str | Sequence[str] = (),
    weight: str | None = None,
) -> str:
    """Writes a first spec for a table: levels and ranges seen, and a constraint to start from; as ``fairc init`` does.

    ``data`` is the path of a CSV, Parquet, JSON Lines or Arrow file, or a pandas or polars frame, an Arrow table or a mapping
    of names to vectors (these need ``pyarrow``). What is not said is guessed by names and values, and marked as a guess in
    the text. It compiles at once::

        text = fairc.first_spec(frame, "score", groups="sex", labels="income")
        program = fairc.compile(text)

    Raises :class:`DataError` for a table that cannot be read or has no rows, and for columns that are not there, have two
    roles, or cannot have theirs.
    """
    path = os.fspath(data) if isinstance(data, (str, os.PathLike)) else None
    return _fairc.first_spec(
        path or "data",
        path=path,
        bytes=None if path is not None else _arrow_file(data),
        prediction=prediction,
        groups=[groups] if isinstance(groups, str) else list(groups),
        labels=[labels] if isinstance(labels, str) else list(labels),
        weight=weight,
    )


def _arrow_file(data: Any) -> bytes:
    import pyarrow as pa  # type: ignore[import-untyped]

    if hasattr(data, "iloc"):
        # The index is no column.
        table = pa.Table.from_pandas(data, preserve_index=False)
    else:
        table = pa.table(data)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written
