"""Tables of any library as what the native half reads: an Arrow stream, or NumPy vectors by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Table", "as_vector", "double", "given_pairs", "keys", "table", "vector"]

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass
class Table:
    """A table that has not been read yet."""

    #: Names of all columns; none if only the stream knows them.
    names: list[str] | None
    #: An object with ``__arrow_c_stream__``, or vectors by name.
    data: Any
    #: Number of rows, for vectors.
    rows: int | None


def table(data: Any, wanted: Iterable[str]) -> Table:
    """The columns ``wanted`` of a pandas or polars frame, an Arrow table, or a mapping of names to vectors."""
    if isinstance(data, Mapping):
        return _mapping(data, wanted)
    names = _names(data)
    pandas = hasattr(data, "iloc")
    if hasattr(data, "__arrow_c_stream__") and not (pandas and find_spec("pyarrow") is None):
        return Table(names, _selected(data, names, wanted), None)
    if names is not None and hasattr(data, "to_numpy"):
        # pandas exports Arrow with the help of pyarrow; without it, its columns are read as vectors.
        return _mapping({name: data[name] for name in names}, wanted)
    raise TypeError(
        f"data are {type(data).__name__}, expected a pandas or polars frame, an Arrow table, "
        "or a mapping of column names to vectors"
    )


def _names(data: Any) -> list[str] | None:
    for attribute in ("column_names", "columns"):
        found = getattr(data, attribute, None)
        if found is not None and not callable(found):
            names = list(found)
            if all(isinstance(name, str) for name in names):
                return names
    return None


def _selected(data: Any, names: list[str] | None, wanted: Iterable[str]) -> Any:
    """Only the columns that are read; at least one, so that the number of rows is known."""
    if names is None:
        return data
    used = [name for name in names if name in set(wanted)] or names[:1]
    if hasattr(data, "iloc"):
        # The index is no column.
        return data[used].reset_index(drop=True)
    return data.select(used) if hasattr(data, "select") else data


def _mapping(data: Mapping[str, Any], wanted: Iterable[str]) -> Table:
    names = list(data)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise TypeError(f"a column is named {wrong[0]!r}, expected text")
    used = set(wanted)
    vectors = {name: vector(name, data[name]) for name in names if name in used}
    first = next(iter(vectors.values())) if vectors else (vector(names[0], data[names[0]]) if names else [])
    return Table(names, vectors, len(first))


def vector(name: str, values: Any) -> Any:
    """A column as a vector of numbers, an Arrow array, or a list of texts and ``None``."""
    if hasattr(values, "__arrow_c_array__"):
        return values
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    elif hasattr(values, "to_numpy") and not isinstance(values, np.ndarray):
        values = values.to_numpy()
    array = values if isinstance(values, np.ndarray) else _from_sequence(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"column `{name}` has the shape {array.shape}, expected one value for each row")
    if array.dtype.kind in "biuf":
        return array.astype(np.float32) if array.dtype == np.float16 else array
    return _texts(array)


def _from_sequence(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Without NumPy's habit of turning numbers into text where some values are text."""
    items = list(values)
    if all(isinstance(item, bool | int | float | np.generic) for item in items):
        return np.asarray(items)
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def given_pairs(given: Mapping[str, Any], columns: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Tables of relations, by name: paths as they are, and of other tables the ``columns`` that are read."""

    def one(name: str, pairs: Any) -> Any:
        if isinstance(pairs, str | os.PathLike):
            return os.fspath(pairs)
        read = table(pairs, columns.get(name, ()))
        return read.data, read.rows, read.names

    return {name: one(name, pairs) for name, pairs in given.items()}


def double(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """A vector as the runtime reads it; the same one if it is that already."""
    return np.ascontiguousarray(values, dtype=np.float64)


def keys(values: Any) -> list[str]:
    """What draws depend on, any column as texts, as the command line reads it from a file; a null is empty."""
    if hasattr(values, "to_pylist"):
        values = values.to_pylist()
    out = np.empty(len(values), dtype=object)
    out[:] = values.tolist() if hasattr(values, "tolist") else list(values)
    return ["" if text is None else text for text in _texts(out)]


def _texts(array: np.ndarray[Any, Any]) -> list[str | None]:
    def text(value: Any) -> str | None:
        if _is_missing(value):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        # Numbers as text that reads back as the same number; `1.0` is the level `1`.
        return f"{value:.17g}" if isinstance(value, float) and value.is_integer() else str(value)

    return [text(value) for value in array.tolist()]


def _is_missing(value: Any) -> bool:
    """``None``, NaN, and the ``NA`` and ``NaT`` of pandas, without importing it."""
    nan = isinstance(value, float) and value != value
    return value is None or nan or type(value).__name__ in {"NAType", "NaTType"}


def as_vector(values: npt.ArrayLike) -> Floats:
    """Predictions as a contiguous vector of one of the two types that the runtime knows."""
    array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"predictions have the shape {array.shape}, expected one for each sample")
    wide = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    return np.ascontiguousarray(wide)
