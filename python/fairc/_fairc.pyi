"""The native half; see ``python/src``."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]

__version__: str

def metric(name: str) -> str | None: ...
def metrics() -> list[str]: ...
def explain(code: str) -> str | None: ...

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
    def facts(self) -> str: ...
    def params(self, values: dict[str, float] | None = None) -> list[tuple[str, float]]: ...
    def encode(
        self,
        table: str,
        data: Any,
        rows: int | None = None,
        *,
        known: list[str] | None = None,
        purpose: str = "training",
        labels: bool = True,
        prediction: str | None = None,
        watch: bool = False,
        params: dict[str, float] | None = None,
    ) -> Encoded: ...

class Encoded:
    n: int
    cells: int
    def cell(self) -> npt.NDArray[np.uint32]: ...
    def prediction(self) -> npt.NDArray[np.float64] | None: ...
    def bind(
        self, rows: npt.NDArray[np.uint32] | None = None, params: dict[str, float] | None = None
    ) -> Problem: ...
    def freeze(self, params: dict[str, float] | None = None, on_infeasible: str = "error") -> str: ...
    def shifted(self, shifts: str, params: dict[str, float] | None = None) -> npt.NDArray[np.float64]: ...
    def audit(
        self,
        predictions: npt.NDArray[np.float64],
        table: str,
        column: str,
        *,
        params: dict[str, float] | None = None,
        tolerance: float = 1e-9,
        bootstrap: int = 1000,
        seed: int = 1,
        formats: list[str] | None = None,
    ) -> tuple[bool, list[tuple[str, str]]]: ...

class Problem:
    n: int
    def rows(self) -> str: ...
    def numbers(self) -> dict[str, Any]: ...
    def activity(self, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
    def project(self, z: Floats, on_infeasible: str = "error") -> Projection: ...

class Projection:
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
    def last(self) -> Solution | None: ...

class Solution:
    def derivative(self, v: Floats, transposed: bool) -> Floats: ...
    def by_params(self, v: Floats) -> npt.NDArray[np.float64]: ...
    def report(self) -> str: ...

class Stream:
    def __init__(
        self,
        program: Program,
        headers: list[str],
        prediction: str,
        *,
        method: str = "smooth",
        step: float = 0.5,
        window: int | None = None,
        decay: float | None = None,
        purpose: str = "inference",
        params: dict[str, float] | None = None,
        state: str | None = None,
    ) -> None: ...
    def answer(self, columns: dict[str, Any], rows: int) -> npt.NDArray[np.float64]: ...
    def state(self) -> str: ...
    def facts(self) -> str: ...
