"""The draws of decisions, as a column that anyone can make again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _fairc, _tables

__all__ = ["drawn"]


def drawn(seed: int, keys: Sequence[Any]) -> npt.NDArray[np.float64]:
    """A number from 0 to below 1 for each key, which depends on the seed and the key alone.

    With ``randomize=seed`` and ``key=keys`` a sample is decided 1 where its draw is below its chance.
    """
    return np.array(_fairc.drawn(seed, _tables.keys(keys)), dtype=np.float64)
