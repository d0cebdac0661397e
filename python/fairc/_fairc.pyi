"""The native half; see ``python/src``."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]

__version__: str

def main(arguments: list[str]) -> int: ...
def metric(name: str) -> str | None: ...
def metrics() -> list[str]: ...
def explain(code: str) -> str | None: ...
def count_of_tables(dialect: str, name: str) -> str | None: ...
def make_table(dialect: str, name: str, query: str, replaces: bool, view: bool) -> tuple[list[str], bool]: ...
def drawn(seed: int, keys: list[str]) -> list[float]: ...
def first_spec(
    name: str,
    path: str | None = None,
    bytes: bytes | None = None,
    *,
    prediction: str | None = None,
    groups: list[str] = [],
    labels: list[str] = [],
    weight: str | None = None,
) -> str: ...

class Impact:
    @staticmethod
    def of(
        table: str,
        data: Any,
        rows: int | None,
        decisions: str,
        by: list[str],
        *,
        known: list[str] | None = None,
        threshold: float | None = None,
        median: bool = False,
        selected: list[str] = ...,
        skip_empty: bool = False,
        unknown: list[str] = ...,
        min_share: str | None = None,
        least: str | None = None,
        title: str | None = None,
        date: str | None = None,
    ) -> Impact: ...
    def text(self) -> str: ...
    def markdown(self) -> str: ...
    def csv(self) -> str: ...
    def html(self) -> str: ...
    def facts(self) -> str: ...

class Program:
    name: str
    fingerprint: str
    summary: str
    warnings: tuple[str, str]
    @staticmethod
    def read(path: str) -> Program: ...
    @staticmethod
    def text(text: str, name: str, folder: str) -> Program: ...
    def artefact(self) -> str: ...
    def rows_text(self) -> str: ...
    def thresholds_sql(self, thresholds: str, chances: bool) -> str: ...
    def thresholds(self, text: str) -> str: ...
    def facts(self) -> str: ...
    def params(self, values: dict[str, float] | None = None) -> list[tuple[str, float]]: ...
    def encode(
        self,
        table: str,
        data: Any,
        rows: int | None = None,
        *,
        known: list[str] | None = None,
        usage: str = "batches",
        purpose: str = "training",
        labels: bool = True,
        prediction: str | None = None,
        predicted: bool = False,
        raw: str | Floats | None = None,
        params: dict[str, float] | None = None,
        relations: dict[str, Any] | None = None,
    ) -> Encoded: ...

class Encoded:
    n: int
    cells: int
    def cell(self) -> npt.NDArray[np.uint32]: ...
    def prediction(self) -> npt.NDArray[np.float64] | None: ...
    def bind(
        self,
        rows: npt.NDArray[np.uint32] | None = None,
        params: dict[str, float] | None = None,
        raw: npt.NDArray[np.float64] | None = None,
    ) -> Problem: ...
    def project(
        self,
        z: Floats,
        column: str,
        *,
        params: dict[str, float] | None = None,
        on_infeasible: str = "error",
        require_all: bool = False,
    ) -> Projection: ...
    def check(
        self, *, params: dict[str, float] | None = None, batch: int | None = None, seed: int = 0
    ) -> tuple[bool, tuple[str, str], tuple[str, str], tuple[str, str]]: ...
    def decide(
        self,
        z: npt.NDArray[np.float64],
        column: str,
        *,
        params: dict[str, float] | None = None,
        cutoff: float = 0.5,
        gain: tuple[str, npt.NDArray[np.float64]] | None = None,
        draws: tuple[int, list[str] | None] | None = None,
        on_infeasible: str = "error",
        freeze: bool = False,
        thresholds: str | None = None,
        require_all: bool = False,
    ) -> tuple[npt.NDArray[np.float64], tuple[str, str], tuple[str, list[str]] | None]: ...
    def thresholds(
        self,
        z: npt.NDArray[np.float64],
        column: str,
        *,
        params: dict[str, float] | None = None,
        cutoff: float = 0.5,
        gain: tuple[str, npt.NDArray[np.float64]] | None = None,
        seed: int | None = None,
    ) -> tuple[str, list[str]]: ...
    def chances(
        self,
        thresholds: str,
        z: npt.NDArray[np.float64],
        column: str,
        *,
        params: dict[str, float] | None = None,
        gain: tuple[str, npt.NDArray[np.float64]] | None = None,
    ) -> npt.NDArray[np.float64]: ...
    def freeze(
        self,
        z: npt.NDArray[np.float64],
        column: str,
        *,
        params: dict[str, float] | None = None,
        to: str = "json",
        on_infeasible: str = "error",
    ) -> tuple[str, list[str]]: ...
    def apply(
        self, shifts: str, z: npt.NDArray[np.float64], column: str, *, params: dict[str, float] | None = None
    ) -> tuple[npt.NDArray[np.float64], tuple[str, str]]: ...
    def price(
        self,
        z: npt.NDArray[np.float64],
        column: str,
        again: Callable[[dict[str, float]], Encoded],
        *,
        params: dict[str, float] | None = None,
        sweeps: list[tuple[str, list[float]]] | None = None,
        decide: bool = False,
        cutoff: float = 0.5,
        gain: tuple[str, npt.NDArray[np.float64]] | None = None,
    ) -> tuple[bool, tuple[str, str], str]: ...
    def audit(
        self,
        predictions: npt.NDArray[np.float64],
        column: str,
        *,
        params: dict[str, float] | None = None,
        tolerance: float | None = None,
        bootstrap: int | None = None,
        seed: int = 1,
        allow_unchecked: bool = False,
        about: dict[str, str] | None = None,
        date: str | None = None,
        reference: list[tuple[str, str]] = ...,
        min_share: float | None = None,
        formats: list[str] | None = None,
    ) -> tuple[str, bool, list[tuple[str, str]]]: ...

class Warehouse:
    def __init__(
        self,
        program: Program,
        table: str,
        dialect: str,
        query: str,
        columns: list[tuple[str, str]],
        prediction: str | None = None,
        params: dict[str, float] | None = None,
        purpose: str = "audit",
    ) -> None: ...
    def cells(self) -> str: ...
    def read(self, names: list[str], rows: Any) -> list[tuple[int, str]]: ...
    def read_near(self, column: int, names: list[str], rows: Any) -> None: ...
    def deviations(self) -> str | None: ...
    def read_deviations(self, names: list[str], rows: Any) -> None: ...
    def project(
        self, ask: Callable[[str], tuple[list[str], list[Any]]], column: str, infeasible: str = "error"
    ) -> tuple[str, str, list[tuple[str, float]], list[tuple[str, str]]]: ...
    def freeze(
        self, ask: Callable[[str], tuple[list[str], list[Any]]], to: str = "json", infeasible: str = "error"
    ) -> tuple[str, list[str]]: ...
    def decide(
        self,
        ask: Callable[[str], tuple[list[str], list[Any]]],
        column: str,
        cutoff: float,
        key: str | None = None,
        freeze: bool = False,
    ) -> tuple[str, tuple[float, float], tuple[int, int], tuple[str, list[str]] | None, list[tuple[str, str]]]: ...
    def audit(
        self, *, tolerance: float | None = None, allow_unchecked: bool = False, formats: list[str] | None = None
    ) -> tuple[str, bool, list[tuple[str, str]]]: ...

class Problem:
    n: int
    def rows(self) -> str: ...
    def numbers(self) -> dict[str, Any]: ...
    def activity(self, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
    def project(self, z: Floats, on_infeasible: str = "error") -> Projection: ...

class Projection:
    def problem(self) -> Problem: ...
    def report(self) -> tuple[str, str]: ...
    def y(self) -> Floats: ...
    def facts(self) -> dict[str, Any]: ...
    def vjp(self, v: Floats) -> dict[str, Any]: ...

class Layer:
    def __init__(
        self,
        program: Program,
        encoded: Encoded | None,
        headers: list[str],
        purpose: str = "training",
        on_infeasible: str = "error",
    ) -> None: ...
    def forward(self, z: Floats, data: list[Any], params: list[float], remember: bool) -> Floats: ...
    def derivative(
        self, z: Floats, data: list[Any], params: list[float], v: Floats, transposed: bool
    ) -> Floats: ...
    def solve(
        self, z: Floats, data: list[Any], params: list[float], tracked: list[int]
    ) -> tuple[Floats, Solution]: ...
    def part(self, data: list[Any], n: int, params: list[float]) -> Part: ...
    def last(self) -> str | None: ...

class Solution:
    def derivative(self, v: Floats, transposed: bool) -> Floats: ...
    def by_params(self, v: Floats) -> npt.NDArray[np.float64]: ...

class SharedCells:
    def __init__(self) -> None: ...
    def count(self) -> int: ...
    def stamp(self) -> int: ...
    def add(self, keys: str) -> None: ...

class Part:
    is_by_cell: bool
    def keys(self) -> str: ...
    def in_cells(
        self, cells: SharedCells
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64] | None, npt.NDArray[np.float64]] | None: ...
    def columns(self, cells: SharedCells) -> npt.NDArray[np.float64]: ...
    def solve(
        self, cells: SharedCells, sums: npt.NDArray[np.float64], n: int, samples: Any, single: bool
    ) -> npt.NDArray[np.float64]: ...

class Stream:
    def __init__(
        self,
        program: Program,
        headers: list[str],
        prediction: str,
        *,
        method: str = "hard",
        step: float | None = None,
        window: int | None = None,
        decay: float | None = None,
        params: dict[str, float] | None = None,
        state: str | None = None,
        name: str = "batch",
    ) -> None: ...
    def answer(self, columns: dict[str, Any], rows: int) -> npt.NDArray[np.float64]: ...
    def state(self) -> str: ...
    def left_out(self) -> list[tuple[str, str]]: ...
    def report(self, column: str) -> tuple[str, str, str]: ...
