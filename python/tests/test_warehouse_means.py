"""Rows about means in databases: covariances by partial sums, against fractions and against memory."""

from fractions import Fraction

import numpy as np
import pytest
from conftest import people
from test_warehouse import facts, moved, postgres, same, spark, stored  # noqa: F401  (fixtures)

import fairc

ibis = pytest.importorskip("ibis")
from fairc import warehouse  # noqa: E402  (after the check that Ibis is there)

# A fixture stands as an argument under the name that it was imported by.
# ruff: noqa: F811

COVARIANCES = """
column sex: {female, male}
column age: real?
predict score: real in [0, 1]
constraint all: |Cov[score, age | age >= 0]| <= 0.01
constraint women: Cov[score, age | sex == female, age >= 0] <= 0.01
constraint both: |Cov[score, age | sex == female, age >= 0] - Cov[score, age | sex == male, age >= 0]| <= 0.5
constraint spread: Cov[score, age | age >= 0] <= 0.01 * Var[age | age >= 0]
"""


def covariance(y, a, w):
    """Exact, of numbers as they are stored."""
    y, a, w = ([Fraction(float(value)) for value in values] for values in (y, a, w))
    whole = sum(w)
    mean = sum(x * p for x, p in zip(a, w, strict=True)) / whole
    return sum(p * (x - mean) * q for x, p, q in zip(a, w, y, strict=True)) / whole


def ages(n, offset, weighted, seed=11):
    random = np.random.default_rng(seed)
    data = people(n, seed)
    score = np.clip(data["score"], 0, 1)
    age = offset + np.round(random.normal(40, 12, n) + 10 * score, 3)
    data = {"i": np.arange(n), "sex": data["sex"], "age": age, "score": score}
    return {**data, "w": random.choice([0.0, 0.5, 1.0, 3.0], n)} if weighted else data


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("offset", [100.0, 1e9])
def test_covariances_are_exact_wherever_numbers_lie(stored, weighted, offset):
    n = 600
    data = ages(n, offset, weighted)
    program = fairc.compile(COVARIANCES + ("weight w\n" if weighted else ""))
    found = warehouse.audit(program, stored(data), "score")
    assert len(found.scans) == 2
    values = {row["name"]: row["before"] for row in found.json()["rows"]}
    w, female = data.get("w", np.ones(n)), data["sex"] == "female"

    def exact(event):
        return covariance(data["score"][event], data["age"][event], w[event])

    everyone = np.ones(n, bool)
    expected = {"all": exact(everyone), "women": exact(female), "both": exact(female) - exact(~female)}
    for name, value in expected.items():
        # The numbers are up to 50 apart, whatever they are near.
        assert abs(Fraction(values[name]) - value) < Fraction(1, 10**12), name
    same(facts(found), facts(program.audit(data, "score", bootstrap=0)))


def test_covariances_with_values_that_are_missing(stored):
    data = ages(400, 0.0, False)
    data["age"][::7] = np.nan
    program = fairc.compile(COVARIANCES)
    found = warehouse.audit(program, stored(data), "score")
    there = ~np.isnan(data["age"])
    value = next(row["before"] for row in found.json()["rows"] if row["name"] == "all")
    expected = covariance(data["score"][there], data["age"][there], np.ones(there.sum()))
    assert abs(Fraction(value) - expected) < Fraction(1, 10**12)


def test_covariances_with_levels_are_projected(stored):
    spec = (
        "column sex: {female, male}\ncolumn years: {1, 2, 5}\npredict score: real in [0, 1]\n"
        "constraint c: |Cov[score, years]| <= 0.001\nconstraint d: |Cov[score, years | sex == male]| <= 0.002\n"
    )
    random = np.random.default_rng(2)
    data = ages(500, 0.0, False)
    data = {"i": data["i"], "sex": data["sex"], "years": random.choice([1, 2, 5], 500), "score": data["score"]}
    program = fairc.compile(spec)
    found = warehouse.project(program, stored(data), "fair", "score")
    assert np.abs(moved(found) - program.project(data, "score").y).max() < 1e-12
    assert warehouse.audit(program, found.table, found.column).verdict == "held"


def test_covariances_with_numbers_are_not_projected(stored):
    data = ages(200, 0.0, False)
    with pytest.raises(fairc.DataError, match="weighs predictions by what differs within groups"):
        warehouse.project(fairc.compile(COVARIANCES), stored(data), "fair", "score")
