"""fairc: group-fairness constraints on model predictions.

A spec is compiled once, applied to any table, and its projection is exact::

    import fairc

    program = fairc.compile('''
        column sex: {female, male}
        predict score: real in [0, 1]
        constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.02
    ''')
    fair = program.project(frame, "score").y
    print(program.audit(frame, fair))

``fairc.torch`` has the layer and trainer for PyTorch, ``fairc.sklearn`` the estimators, ``fairc.plots`` the pictures.
"""

from ._dataset import Audit, BoundRow, Check, Dataset, Decisions, Gradient, Price, Problem, Projection, Shifted
from ._declared import Column, Param, Prediction, Relation, Row
from ._draws import drawn
from ._errors import CompileError, DataError, FairError, InfeasibleError, SolveError
from ._fairc import __version__, explain, metric, metrics
from ._first_spec import first_spec
from ._impact import Impact, impact
from ._program import Program, compile
from ._stream import Stream
from ._thresholds import Thresholds

__all__ = [
    "Audit",
    "BoundRow",
    "Check",
    "Column",
    "CompileError",
    "DataError",
    "Dataset",
    "Decisions",
    "FairError",
    "Gradient",
    "Impact",
    "InfeasibleError",
    "Param",
    "Prediction",
    "Price",
    "Problem",
    "Program",
    "Projection",
    "Relation",
    "Row",
    "Shifted",
    "SolveError",
    "Stream",
    "Thresholds",
    "__version__",
    "compile",
    "drawn",
    "explain",
    "first_spec",
    "impact",
    "metric",
    "metrics",
]
