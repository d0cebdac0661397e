"""Specs: compiled, and applied to tables."""

from __future__ import annotations

import html
import json
import os
import pathlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _fairc
from ._dataset import Audit, Check, Dataset, Decisions, Price, Problem, Projection, Shifted
from ._declared import Column, OnInfeasible, Param, Prediction, Purpose, Relation, Row, Usage
from ._tables import Floats, as_vector, double, given_pairs, keys, table
from ._thresholds import Thresholds

__all__ = ["Program", "compile"]


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
        self.relations = {each["name"]: Relation.of(each) for each in facts["relations"]}
        self.weight: str | None = facts["weight"]
        self._reads_raw: bool = facts["raw"]

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
        relations: Mapping[str, Any] | None = None,
    ) -> Dataset:
        """Reads a table once: for each sample its cell and what differs within cells.

        ``data`` is a pandas or polars frame, an Arrow table or stream, or a mapping of names to vectors (NumPy, torch,
        lists). ``labels=False`` leaves out rows that read labels, as ``purpose="inference"`` leaves out rows for
        training alone. ``prediction`` names a column of predictions; ``watch`` also tells apart the groups that reports
        show; ``name`` is what messages call the table. ``relations`` has the tables of pairs by the names of their relations,
        each a table as ``data`` may be or the path of a file; by default those are read that the spec names.
        """
        usage: Usage = "audit" if watch else "batches"
        options: dict[str, Any] = {"purpose": purpose, "labels": labels, "prediction": prediction, "name": name}
        return self._read(data, usage, params=params, relations=relations, **options)

    def _read(
        self,
        data: Any,
        usage: Usage,
        *,
        params: Mapping[str, float] | None = None,
        purpose: Purpose = "training",
        labels: bool = True,
        prediction: str | None = None,
        predicted: bool = False,
        raw: str | Floats | None = None,
        relations: Mapping[str, Any] | None = None,
        name: str = "data",
    ) -> Dataset:
        """Reads a table for a use, with the column ``prediction``, or if ``predicted`` with that which the spec predicts."""
        wanted = [column.header for column in self.columns]
        header = self.prediction.header if predicted else prediction
        own = raw if isinstance(raw, str) else None
        wanted += [header for header in (self.weight, header, own) if header is not None]
        wanted += [header for relation in self.relations.values() for header in relation.reads]
        read = table(data, wanted)
        options: dict[str, Any] = {
            "params": dict(params or {}),
            "usage": usage,
            "purpose": purpose,
            "labels": labels,
            "prediction": prediction,
            "predicted": predicted,
            "raw": raw,
        }
        pairs = given_pairs(relations or {}, {each.name: each.columns for each in self.relations.values()})
        core = self._core.encode(name, read.data, read.rows, known=read.names, relations=pairs, **options)
        return Dataset(self, core, data, {**options, "relations": relations, "name": name})

    def project(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        params: Mapping[str, float] | None = None,
        on_infeasible: OnInfeasible = "error",
        require_all: bool = False,
        purpose: Purpose = "training",
        labels: bool = True,
        relations: Mapping[str, Any] | None = None,
        name: str = "data",
    ) -> Projection:
        """The nearest predictions that satisfy the spec on these data, as ``fairc project`` finds them.

        ``predictions`` is a vector, or the name of a column; by default the column that the spec predicts. With
        ``on_infeasible="relax"`` those of least violation are taken where none satisfy the spec. ``require_all`` raises
        where a promise is violated or could not be enforced, for want of samples or a label. ``relations`` are as of :meth:`encode`.

        :raises fairc.DataError: if the data do not fit the spec.
        :raises fairc.InfeasibleError: if no predictions satisfy it.
        """
        dataset, z, column = self._predicted(
            data, "batches", predictions, params=params, purpose=purpose, labels=labels, relations=relations, name=name
        )
        core = dataset._core.project(
            z, column, params=dataset._params, on_infeasible=on_infeasible, require_all=require_all
        )
        return Projection(Problem(self, core.problem()), core)

    def check(
        self,
        data: Any,
        *,
        params: Mapping[str, float] | None = None,
        batch: int | None = None,
        seed: int = 0,
        relations: Mapping[str, Any] | None = None,
        name: str = "data",
    ) -> Check:
        """Whether the spec fits these data and all of its rows can hold, as ``fairc check --data`` says; no predictions are
        needed. With ``batch`` also which share of batches of so many samples, drawn with ``seed``, can meet all rows.
        ``relations`` are as of :meth:`encode`.

        :raises fairc.DataError: if the data do not fit the spec.
        """
        dataset = self._read(data, "check", params=params, relations=relations, name=name)
        return Check(*dataset._core.check(params=dataset._params, batch=batch, seed=seed))

    def decide(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        cutoff: float = 0.5,
        gain: npt.ArrayLike | str | None = None,
        randomize: int | None = None,
        key: Sequence[Any] | str | None = None,
        params: Mapping[str, float] | None = None,
        on_infeasible: OnInfeasible = "error",
        require_all: bool = False,
        freeze: bool | str | os.PathLike[str] = False,
        thresholds: Thresholds | None = None,
        name: str = "data",
    ) -> Decisions:
        """Decisions of 0 or 1 that satisfy the spec on these data and gain the most, as ``fairc decide`` finds them.

        A decision of 1 gains the prediction less the ``cutoff``, or what ``gain`` says: a number for each sample, or the name
        of a column. With ``randomize``, a seed, samples in between are drawn instead of rounded, so that the rows hold in
        expectation; ``key``, a vector or the name of a column (by default the numbers of the rows, from 1), says what the draw
        of a sample depends on. ``freeze`` keeps the thresholds, as :attr:`Decisions.thresholds`, and in a ``.json`` or ``.sql``
        file if it is a path. ``thresholds`` decide by themselves, and take the params
        that they were fitted with. ``require_all`` raises where a promise is violated or could not be enforced.

        :raises fairc.DataError: if the data do not fit the spec.
        :raises fairc.InfeasibleError: if no decisions satisfy it, or none of 0 and 1 were found that do; the latter are
            taken as near as can be with ``on_infeasible="relax"``.
        """
        if thresholds is not None:
            if freeze:
                raise ValueError("`freeze` fits thresholds, and `thresholds` applies them: give one of the two")
            params = thresholds._settings() if params is None else params
        dataset, z, column, gains = self._decided(data, predictions, gain, params, name)
        if key is not None and randomize is None:
            raise ValueError("`key` says what a draw depends on, and nothing is drawn: give `randomize` a seed")
        drawn_by = None if key is None else keys(data[key] if isinstance(key, str) else key)
        d, report, frozen = dataset._core.decide(
            z,
            column,
            params=dataset._params,
            cutoff=cutoff,
            gain=gains,
            draws=None if randomize is None else (randomize, drawn_by),
            on_infeasible=on_infeasible,
            freeze=bool(freeze),
            thresholds=None if thresholds is None else thresholds.to_json(),
            require_all=require_all,
        )
        kept = thresholds
        if frozen is not None:
            text, notes = frozen
            kept = Thresholds(self, text)
            for note in notes:
                warnings.warn(note, stacklevel=2)
            if not isinstance(freeze, bool):
                kept.save(freeze)
        return Decisions(d, report, kept)

    def _decided(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None,
        gain: npt.ArrayLike | str | None,
        params: Mapping[str, float] | None,
        name: str,
    ) -> tuple[Dataset, npt.NDArray[np.float64], str, tuple[str, npt.NDArray[np.float64]] | None]:
        """The data as they are read to be decided, the predictions and their column, and the gains."""
        dataset, z, column = self._predicted(data, "decide", predictions, params=params, name=name)
        return dataset, double(z), column, self._gains(data, gain)

    def _gains(self, data: Any, gain: npt.ArrayLike | str | None) -> tuple[str, npt.NDArray[np.float64]] | None:
        """The name of gains, and a number for each sample."""
        if gain is None:
            return None
        if not isinstance(gain, str):
            return "gain", double(as_vector(gain))
        read = table(data, [gain])
        if read.names is not None and gain not in read.names:
            raise ValueError(f"the data have no column `{gain}`, which `gain` names")
        return gain, double(np.asarray(data[gain], dtype=np.float64))

    def freeze(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        params: Mapping[str, float] | None = None,
        to: Literal["json", "sql"] = "json",
        on_infeasible: OnInfeasible = "error",
        name: str = "data",
    ) -> str:
        """Per-group offsets for each group, fitted on reference data, as the text that ``fairc freeze`` writes.

        Rows that read labels and rows for training are left out, which is warned of: labels are unknown where shifts are
        applied.
        """
        dataset, z, column = self._predicted(data, "shifts", predictions, params=params, name=name)
        text, notes = dataset._core.freeze(
            double(z), column, params=dataset._params, to=to, on_infeasible=on_infeasible
        )
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return text

    def apply(
        self,
        shifts: str,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        params: Mapping[str, float] | None = None,
        name: str = "data",
    ) -> Shifted:
        """Predictions with the shifts of their groups, as ``fairc project --frozen`` answers: none depends on another.

        :raises fairc.DataError: if the shifts are of another spec, or were fitted with other params.
        """
        dataset, z, column = self._predicted(data, "shifts", predictions, params=params, name=name)
        return Shifted(*dataset._core.apply(shifts, double(z), column, params=dataset._params))

    def price(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        sweep: Mapping[str, Sequence[float]] | Sequence[str] = (),
        params: Mapping[str, float] | None = None,
        purpose: Purpose = "training",
        decide: bool = False,
        cutoff: float | None = None,
        gain: npt.ArrayLike | str | None = None,
        relations: Mapping[str, Any] | None = None,
        name: str = "data",
    ) -> Price:
        """What the spec costs, as ``fairc price`` says: how far predictions have to move at each value of a param.

        ``sweep`` has values of params (``{"eps": [0, 0.01, 0.05]}``), or their names for values worth a look; by default
        every param that rows read. Each param is varied by itself. With ``decide`` decisions are priced as :meth:`decide` makes
        them: what they gain with this ``cutoff`` (0.5), or by ``gain``. ``relations`` are as of :meth:`encode`.

        :raises ValueError: for options that have no meaning together.
        """
        if not decide and (cutoff is not None or gain is not None):
            raise ValueError("`cutoff` and `gain` are of decisions: give `decide=True` too")
        if decide and purpose != "training":
            raise ValueError("decisions have no `purpose`: leave it out")
        if cutoff is not None and gain is not None:
            raise ValueError("`gain` says what a decision gains, and `cutoff` too: leave one of them out")
        usage: Usage = "decide" if decide else "batches"
        options: dict[str, Any] = {"name": name, "relations": relations}
        options |= {} if decide else {"purpose": purpose}
        dataset, z, column = self._predicted(data, usage, predictions, params=params, **options)
        raw = z if self._reads_raw else None
        wanted = dict(sweep) if isinstance(sweep, Mapping) else {param: () for param in sweep}

        def again(values: dict[str, float]) -> _fairc.Encoded:
            return self._read(data, usage, params=values, raw=raw, **options)._core

        sweeps = [(param, [float(value) for value in values]) for param, values in wanted.items()]
        decided: dict[str, Any] = {"decide": decide, "cutoff": 0.5 if cutoff is None else cutoff, "gain": self._gains(data, gain)}
        return Price(*dataset._core.price(double(z), column, again, params=dataset._params, sweeps=sweeps, **decided))

    def audit(
        self,
        data: Any,
        predictions: npt.ArrayLike | str | None = None,
        *,
        params: Mapping[str, float] | None = None,
        tolerance: float | None = None,
        bootstrap: int | None = None,
        seed: int = 1,
        allow_unchecked: bool = False,
        raw: npt.ArrayLike | str | None = None,
        relations: Mapping[str, Any] | None = None,
        reference: Mapping[str, str] | None = None,
        min_share: float | None = None,
        title: str | None = None,
        model: str | None = None,
        model_version: str | None = None,
        period: str | None = None,
        population: str | None = None,
        auditor: str | None = None,
        date: str | None = None,
        name: str = "data",
    ) -> Audit:
        """Whether predictions satisfy the spec, with everything that ``fairc audit`` reports.

        ``bootstrap`` replicates are drawn with ``seed`` for the intervals of reports, by default 1000 and fewer for large
        data. With ``allow_unchecked`` what could not be checked counts as a pass. ``raw``, a vector or the name of a column, are
        the predictions as they were before something changed them, which rows with ``raw(..)`` read; without it these are
        not checked. ``relations`` are as of :meth:`encode`.

        ``reference`` names for attributes the group that others are compared with, ``{"sex": "male"}``, in place of that of the
        highest mean; groups with a smaller share of the samples than ``min_share``, by default 0.02, are no reference and are not
        marked. ``title``, ``model``, ``model_version``, ``period`` (the time that the data are of), ``population`` (the people that
        they are of), ``auditor`` and ``date`` fill the head of reports.

        :raises fairc.DataError: if the data do not fit the spec, or the report has no such group.
        """
        head = {
            "title": title, "model": model, "model_version": model_version,
            "period": period, "population": population, "auditor": auditor,
        }
        about = {word: text for word, text in head.items() if text is not None}
        dataset, z, column = self._predicted(data, "audit", predictions, params=params, name=name, raw=raw, relations=relations)
        judged = double(z)
        settings: dict[str, Any] = {
            "tolerance": tolerance, "bootstrap": bootstrap, "seed": seed, "about": about, "date": date,
            "reference": list((reference or {}).items()), "min_share": min_share,
        }

        def reported(formats: list[str]) -> tuple[str, bool, list[tuple[str, str]]]:
            return dataset._core.audit(
                judged, column, params=dataset._params, allow_unchecked=allow_unchecked, formats=formats, **settings
            )

        return Audit(reported)

    def _predicted(
        self, data: Any, usage: Usage, predictions: npt.ArrayLike | str | None, **options: Any
    ) -> tuple[Dataset, Floats, str]:
        """A table, its predictions, and what reports call these."""
        named = predictions if isinstance(predictions, str) else None
        values = None if predictions is None or named is not None else predictions
        raw = options.pop("raw", None)
        if usage != "audit" and self._reads_raw and values is not None:
            # What is handed in here is what comes out changed.
            raw = values
        raw = raw if raw is None or isinstance(raw, str) else as_vector(raw)
        dataset = self._read(data, usage, prediction=named, predicted=predictions is None, raw=raw, **options)
        return dataset, dataset.predictions(values), named or self.prediction.header

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
