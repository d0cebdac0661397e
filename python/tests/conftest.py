"""Specs and data that many tests use."""

import os
import pathlib

import numpy as np
import pytest

import fairc

ROOT = pathlib.Path(__file__).parents[2]

PARITY = """
column sex: {female, male}
label income: {0, 1}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]

## Mean scores may differ by at most eps.
constraint parity:
    |E[score | sex == female] - E[score | sex == male]| <= eps
"""

ODDS = """
column sex: {female, male}
label income: {0, 1}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]
constraint odds: forall c in income:
    |E[score | sex == female, income == c] - E[score | sex == male, income == c]| <= eps
"""


@pytest.fixture
def parity() -> fairc.Program:
    return fairc.compile(PARITY)


@pytest.fixture
def odds() -> fairc.Program:
    return fairc.compile(ODDS)


def people(n: int, seed: int = 0) -> dict:
    """Scores that favour men, with labels."""
    random = np.random.default_rng(seed)
    male = random.random(n) < 0.6
    income = (random.random(n) < 0.3 + 0.2 * male).astype(np.int64)
    score = np.clip(0.35 + 0.2 * male + 0.2 * income + 0.15 * random.standard_normal(n), -0.1, 1.1)
    return {"sex": np.where(male, "male", "female"), "income": income, "score": score}


def means(values, groups, names=("female", "male")):
    values, groups = np.asarray(values, dtype=float), np.asarray(groups)
    return [values[groups == name].mean() for name in names]


@pytest.fixture(scope="session")
def binary() -> str:
    """The command line: what ``FAIRC`` names, or the newest build."""
    built = [path for profile in ("debug", "release") if (path := ROOT / "target" / profile / "fairc").is_file()]
    named = os.environ.get("FAIRC") or (built and str(max(built, key=lambda path: path.stat().st_mtime)))
    assert named, "no binary of the command line: `cargo build`"
    return named
