"""Selection rates and impact ratios: the tables of New York City's Local Law 144."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from . import _fairc
from ._tables import table

__all__ = ["Impact", "impact"]


class Impact:
    """Applicants, selected, selection rate and impact ratio by category; what :func:`impact` returns.

    Shown, it is the text that ``fairc impact`` prints.
    """

    def __init__(self, core: _fairc.Impact) -> None:
        self._core = core

    @property
    def reached(self) -> bool | None:
        """Whether every impact ratio is at least ``least``; None without one, and where nothing could be compared."""
        found: bool | None = self.json()["reached"]
        return found

    def json(self) -> dict[str, Any]:
        """All numbers, as ``fairc impact --format json`` prints them."""
        found: dict[str, Any] = json.loads(self._core.facts())
        return found

    def text(self) -> str:
        """The tables for people."""
        return self._core.text()

    def markdown(self) -> str:
        return self._core.markdown()

    def html(self) -> str:
        """The tables as one page."""
        return self._core.html()

    def csv(self) -> str:
        """A line for each category of each table."""
        return self._core.csv()

    def __repr__(self) -> str:
        return self.text()


def impact(
    data: Any,
    decisions: str,
    by: str | Sequence[str],
    *,
    threshold: float | Literal["median"] | None = None,
    selected: str | Sequence[str] = (),
    skip_empty: bool = False,
    unknown: str | Sequence[str] = (),
    min_share: float | str | None = None,
    least: float | str | None = None,
    title: str | None = None,
    date: str | None = None,
    name: str = "data",
) -> Impact:
    """Counts how often each category is selected, by each column of ``by`` and by all of them together.

    ``data`` is a pandas or polars frame, an Arrow table, or a mapping of names to vectors, with a row for each applicant.
    ``decisions`` names the column of decisions, 0 and 1, or of scores; those of at least ``threshold`` are selected, and with
    ``"median"`` those above the median of all applicants. Where decisions are words, ``selected`` names those that count as
    selected. ``skip_empty`` leaves out rows without a decision, and the tables say how many. Nulls and what ``unknown`` lists are in no category. Categories with
    less than ``min_share`` of the applicants (2 %) are not compared. ``least`` is a limit for :attr:`Impact.reached`.

    Raises :class:`DataError` for columns that are not there, scores that are no numbers, empty decisions, and scores without a threshold.
    """
    names = [by] if isinstance(by, str) else list(by)
    read = table(data, [decisions, *names])
    core = _fairc.Impact.of(
        name,
        read.data,
        read.rows,
        decisions,
        names,
        known=read.names,
        threshold=None if threshold == "median" else threshold,
        median=threshold == "median",
        selected=[selected] if isinstance(selected, str) else list(selected),
        skip_empty=skip_empty,
        unknown=[unknown] if isinstance(unknown, str) else list(unknown),
        min_share=None if min_share is None else str(min_share),
        least=None if least is None else str(least),
        title=title,
        date=date,
    )
    return Impact(core)
