"""What can go wrong, with the diagnostics that the command line prints."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["CompileError", "DataError", "FairError", "InfeasibleError", "SolveError"]


class FairError(ValueError):
    """Something is wrong with a spec, with data, or with both together.

    ``code`` (``None`` where there is none), ``message``, ``help`` and ``labels`` are those of the first diagnostic, and
    ``diagnostics`` holds all of them. ``str(error)`` is the text that the command line prints.
    """

    code: str | None
    message: str
    help: str | None
    labels: list[dict[str, Any]]
    diagnostics: list[dict[str, Any]]
    rendered: str

    def __init__(self, diagnostics: str, rendered: str) -> None:
        super().__init__(rendered)
        self.rendered = rendered
        self.diagnostics = json.loads(diagnostics)
        first = next((d for d in self.diagnostics if d["severity"] == "error"), {})
        self.code = first.get("code")
        self.message = first.get("message", rendered)
        self.help = first.get("help")
        self.labels = first.get("labels", [])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (json.dumps(self.diagnostics), self.rendered)


class CompileError(FairError):
    """The spec is not valid, or cannot be read."""


class DataError(FairError):
    """The spec and the data, or the params, do not fit together."""


class InfeasibleError(FairError):
    """No predictions satisfy the rows of the batch; the labels name the rows in conflict."""


class SolveError(FairError):
    """Numbers that cannot be projected."""
