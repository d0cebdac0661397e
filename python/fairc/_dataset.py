"""Data that were encoded, batches that were bound, and what comes of them."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _fairc
from ._tables import Floats, as_vector

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ._program import Program
    from ._thresholds import Thresholds

__all__ = ["Audit", "BoundRow", "Check", "Dataset", "Decisions", "Gradient", "Price", "Problem", "Projection", "Shifted"]


@dataclass(frozen=True)
class BoundRow:
    """What became of a row in a batch: ``status`` is ``kept``, ``skipped`` or ``left out``, with the reason."""

    name: str
    status: str
    #: Its place among the rows of the problem, if it was kept.
    place: int | None
    lower: float | None
    upper: float | None
    reason: str | None


class Dataset:
    """A table in codes; batches of it are bound without looking at the table again."""

    def __init__(self, program: Program, core: _fairc.Encoded, source: Any, options: dict[str, Any]) -> None:
        self.program = program
        #: What messages call the table.
        self.name: str = options["name"]
        self._core = core
        self._params: dict[str, float] = options["params"]
        #: To encode it again where it is unpickled; no copy.
        self._source, self._options = source, options

    def __len__(self) -> int:
        return self._core.n

    @property
    def cells(self) -> npt.NDArray[np.uint32]:
        """The cell of each sample: samples of a cell are in the same groups."""
        return self._core.cell()

    def bind(
        self,
        rows: npt.ArrayLike | None = None,
        *,
        params: Mapping[str, float] | None = None,
        raw: npt.ArrayLike | None = None,
    ) -> Problem:
        """The problem of a batch: all samples, or those at the places ``rows``. Where rows read ``raw(..)``, ``raw`` are the
        predictions of these samples as they are handed in."""
        places = None if rows is None else _places(rows, len(self))
        given = None if raw is None else np.ascontiguousarray(as_vector(raw), dtype=np.float64)
        core = self._core.bind(places, {**self._params, **(params or {})}, given)
        return Problem(self.program, core)

    def predictions(self, values: npt.ArrayLike | None = None) -> Floats:
        """``values`` as a vector; by default those of the table."""
        if values is not None:
            return as_vector(values)
        own = self._core.prediction()
        if own is None:
            raise ValueError("the data were encoded without a column of predictions; hand them over as a vector")
        return own

    def __reduce__(self) -> tuple[Any, ...]:
        return _encoded_again, (self.program, self._source, self._options, self._digest())

    def __copy__(self) -> Dataset:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Dataset:
        return self

    def _digest(self) -> str:
        return hashlib.blake2b(self.cells.tobytes()).hexdigest()

    def __repr__(self) -> str:
        return f"<fairc.Dataset of {len(self)} samples in {self._core.cells} cells, for {self.program.name}>"


def _encoded_again(program: Program, source: Any, options: dict[str, Any], digest: str) -> Dataset:
    dataset = program._read(source, **options)
    if dataset._digest() != digest:
        raise ValueError("the table was changed after it was encoded, so that the data set cannot be restored")
    return dataset


def _places(rows: npt.ArrayLike, n: int) -> npt.NDArray[np.uint32]:
    array = np.asarray(rows)
    if array.dtype == bool:
        array = np.flatnonzero(array)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"`rows` is {array.dtype} of shape {array.shape}, expected a vector of integers")
    wrong = np.flatnonzero((array < 0) | (array >= n))
    if wrong.size:
        raise IndexError(f"`rows[{wrong[0]}]` is {array[wrong[0]]}, expected a place among {n} samples")
    return np.ascontiguousarray(array, dtype=np.uint32)


class Problem:
    """A program bound to a batch: numbers only."""

    def __init__(self, program: Program, core: _fairc.Problem) -> None:
        self.program = program
        self._core = core
        self._numbers: dict[str, Any] | None = None

    def __len__(self) -> int:
        return self._core.n

    @property
    def rows(self) -> tuple[BoundRow, ...]:
        """What became of each row of the program."""
        return tuple(BoundRow(**row) for row in json.loads(self._core.rows()))

    def numbers(self) -> dict[str, Any]:
        """The matrix in CSR form (``indptr``, ``indices``, ``values``), ``names``, sides ``lower`` and ``upper``, bounds
        ``lo`` and ``hi``, ``soft`` and ``weights``; ``convex`` has the terms ``b |y - c|`` of rows (``rows``, ``samples``, ``b``,
        ``c``), and is ``None`` where there are none."""
        if self._numbers is None:
            self._numbers = self._core.numbers()
        return self._numbers

    def matrix(self) -> csr_array:
        """``A`` as a SciPy CSR array.

        :raises ValueError: if rows have terms in distances of predictions, and so are none of a matrix.
        """
        from scipy.sparse import csr_array

        found = self.numbers()
        if found["convex"] is not None:
            raise ValueError("rows have terms in distances of predictions, and so are none of a matrix; see `numbers()`")
        shape = (len(found["lower"]), len(self))
        return csr_array((found["values"], found["indices"], found["indptr"]), shape=shape)

    def activity(self, y: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """``A y``: the value of each row."""
        return self._core.activity(np.ascontiguousarray(y, dtype=np.float64))

    def violation(self, y: npt.ArrayLike) -> float:
        """By how much ``y`` misses a row or a bound at most; 0 if it satisfies all."""
        found, values = self.numbers(), np.asarray(y, dtype=np.float64).reshape(-1)
        rows = self.activity(values)
        parts = [found["lower"] - rows, rows - found["upper"], found["lo"] - values, values - found["hi"]]
        return max([0.0, *(float(part.max()) for part in parts if part.size)])

    def project(self, z: npt.ArrayLike, *, on_infeasible: Literal["error", "relax"] = "error") -> Projection:
        """The nearest predictions that satisfy the rows and bounds; ``float32`` stays ``float32``.

        :raises fairc.InfeasibleError: if there are none and ``on_infeasible`` is not ``"relax"``.
        """
        return Projection(self, self._core.project(as_vector(z), on_infeasible))

    def __repr__(self) -> str:
        kept = sum(row.status == "kept" for row in self.rows)
        return f"<fairc.Problem of {len(self)} samples: {kept} of {len(self.rows)} rows of {self.program.name}>"


@dataclass(frozen=True)
class Gradient:
    """Derivatives of ``v @ y`` with respect to predictions, sides of the rows, and weights."""

    z: Floats
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]


class Projection:
    """The nearest predictions that satisfy a problem, with the proof that they are."""

    def __init__(self, problem: Problem, core: _fairc.Projection) -> None:
        self.problem = problem
        self._core = core
        #: The predictions.
        self.y: Floats = core.y()
        facts = core.facts()
        #: ``optimal``, or ``relaxed`` where no predictions satisfy the rows.
        self.status: str = facts["status"]
        #: One for each row of the problem, above zero on upper sides.
        self.multipliers: npt.NDArray[np.float64] = facts["multipliers"]
        #: The side of each row that holds with equality; empty text for none.
        self.active: list[str] = facts["active"]
        #: ``row_violation``, ``bound_violation``, ``stationarity``, ``duality_gap`` of the numbers in ``y``.
        self.certificate: dict[str, float] = facts["certificate"]
        #: Half the (weighted) squared distance.
        self.objective: float = facts["objective"]
        self._report: tuple[str, str] | None = None

    def text(self) -> str:
        """The report of :meth:`Program.project` for people: rows before and after, and what moved."""
        return self._reported()[0]

    def json(self) -> dict[str, Any]:
        """All facts of the report, as ``fairc project --format json`` prints them."""
        found: dict[str, Any] = json.loads(self._reported()[1])
        return found

    @property
    def verdict(self) -> str:
        """``held``, ``violated`` or ``not checked``, of the predictions in ``y``."""
        verdict: str = self.json()["verdict"]
        return verdict

    def _reported(self) -> tuple[str, str]:
        if self._report is None:
            self._report = self._core.report()
        return self._report

    def vjp(self, v: npt.ArrayLike) -> Gradient:
        """The gradient of ``v @ y``."""
        direction: Any = np.ascontiguousarray(v, dtype=self.y.dtype)
        return Gradient(**self._core.vjp(direction))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.y, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        active = sum(bool(side) for side in self.active)
        return f"<fairc.Projection of {len(self.y)} samples: {self.status}, {active} of {len(self.active)} rows active>"


class Audit:
    """Whether predictions satisfy a spec, and the report on it."""

    def __init__(self, audit: Callable[[list[str]], tuple[str, bool, list[tuple[str, str]]]]) -> None:
        # Gives the verdict, whether it is a pass, and reports in these formats.
        self._audit = audit
        self._reports: dict[str, str] = {}
        #: ``held``, ``violated``, or ``not checked`` where no promise is violated and one could not be compared.
        self.verdict: str
        #: Whether every promise is held; what could not be checked is no pass unless ``allow_unchecked`` says so.
        self.passed: bool
        self.verdict, self.passed = self._gather([])

    def _gather(self, formats: list[str]) -> tuple[str, bool]:
        verdict, passed, reports = self._audit(formats)
        self._reports.update(reports)
        return verdict, passed

    def _report(self, format: str) -> str:
        if format not in self._reports:
            self._gather([format])
        return self._reports[format]

    def text(self) -> str:
        """The report for people."""
        return self._report("text")

    def json(self) -> dict[str, Any]:
        """All facts of the report."""
        found: dict[str, Any] = json.loads(self._report("json"))
        return found

    def html(self) -> str:
        """The report as one page."""
        return self._report("html")

    def markdown(self) -> str:
        return self._report("markdown")

    def sarif(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._report("sarif"))
        return found

    def card(self) -> str:
        """A model card in Markdown, in the sections of Hugging Face's template."""
        return self._report("card")

    def cyclonedx(self) -> dict[str, Any]:
        """A CycloneDX document with a fairness assessment for each promise."""
        found: dict[str, Any] = json.loads(self._report("cyclonedx"))
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the report in the format that the end of the name tells: html, json, md, sarif, txt, or cdx.json for CycloneDX. Model
        cards are Markdown too: write ``card()``."""
        name = pathlib.Path(path).name.lower()
        formats = {
            ".cdx.json": "cyclonedx", ".html": "html", ".json": "json", ".md": "markdown", ".sarif": "sarif", ".txt": "text",
        }
        format = next((format for end, format in formats.items() if name.endswith(end)), None)
        if format is None:
            raise ValueError(f"`{path}` ends in {pathlib.Path(path).suffix!r}; the endings are {', '.join(formats)}")
        pathlib.Path(path).write_text(self._report(format), encoding="utf-8")

    def __bool__(self) -> bool:
        """``passed``: true only where every promise was checked and is held."""
        return self.passed

    def __repr__(self) -> str:
        return self.text()


class _Report:
    """A report for people and for programs."""

    def __init__(self, text: str, facts: str) -> None:
        self._text, self._facts = text, facts

    def text(self) -> str:
        """The report for people."""
        return self._text

    def json(self) -> dict[str, Any]:
        """All facts of the report."""
        found: dict[str, Any] = json.loads(self._facts)
        return found

    def __repr__(self) -> str:
        return self._text


class Check(_Report):
    """What became of a spec on data: group sizes, skipped rows, conflicts, and values of params with which all rows can hold."""

    def __init__(self, ok: bool, report: tuple[str, str], errors: tuple[str, str], warnings: tuple[str, str]) -> None:
        super().__init__(report[0] + errors[0], report[1])
        #: All rows can hold together, and at least one takes part.
        self.ok = ok
        #: What is wrong, as diagnostics.
        self.errors: list[dict[str, Any]] = json.loads(errors[1])
        #: Rows that others imply, as diagnostics.
        self.warnings: list[dict[str, Any]] = json.loads(warnings[1])

    def __bool__(self) -> bool:
        """``ok``."""
        return self.ok


class Price(_Report):
    """What a spec costs at the values of its params."""

    def __init__(self, feasible: bool, report: tuple[str, str], picture: str) -> None:
        super().__init__(*report)
        #: Some value of a param can be met.
        self.feasible = feasible
        self._picture = picture

    def svg(self) -> str:
        """A picture of the cost over the values."""
        return self._picture


class Shifted(_Report):
    """Predictions with per-group offsets, and what the rows come to."""

    def __init__(self, y: npt.NDArray[np.float64], report: tuple[str, str]) -> None:
        super().__init__(*report)
        #: The predictions.
        self.y = y

    @property
    def verdict(self) -> str:
        """``held``, ``violated`` or ``not checked``, of the predictions in ``y``."""
        verdict: str = self.json()["verdict"]
        return verdict

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.y, dtype=dtype, copy=copy)


class Decisions(_Report):
    """Decisions of 0 or 1, and what the rows come to and what they cost."""

    def __init__(
        self, d: npt.NDArray[np.float64], report: tuple[str, str], thresholds: Thresholds | None = None
    ) -> None:
        super().__init__(*report)
        #: A decision for each sample, 0 or 1.
        self.d = d
        #: By which they were made, or that were asked for with ``freeze``.
        self.thresholds = thresholds

    @property
    def verdict(self) -> str:
        """``held``, ``violated`` or ``not checked``, of the decisions in ``d``."""
        verdict: str = self.json()["verdict"]
        return verdict

    @property
    def gain(self) -> float:
        """The sum of the gains of decisions of 1, weighted."""
        gain: float = self.json()["gain_after"]
        return gain

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.d, dtype=dtype, copy=copy)
