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


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_covariances_with_numbers_are_projected(stored, weighted, offset):
    data = ages(500, offset, weighted)
    data["age"][::9] = np.nan
    program = fairc.compile(COVARIANCES + ("weight w\n" if weighted else ""))
    found = warehouse.project(program, stored(data), "fair", "score")
    y = moved(found)
    assert np.abs(y - program.project(data, "score").y).max() < 1e-11
    # A scan for groups, one for deviations, one for each step, and the new table.
    assert 4 <= len(found.scans) <= 20
    there, w = ~np.isnan(data["age"]), data.get("w", np.ones(500))
    female = there & (data["sex"] == "female")
    male = there & ~female

    def exact(event, of=y):
        return covariance(of[event], data["age"][event], w[event])

    limit, half = Fraction(0.01), Fraction(0.5)
    assert abs(exact(there)) <= limit
    assert exact(female) <= limit
    assert abs(exact(female) - exact(male)) <= half
    assert exact(there, data["score"]) > limit, "it was violated before"
    assert warehouse.audit(program, found.table, found.column).verdict == "held"


def test_products_with_numbers_are_projected(stored):
    spec = (
        "column sex: {female, male}\ncolumn age: real\npredict score: real in [0, 1]\n"
        "constraint load: E[score * age | sex == male] <= 20\nconstraint sum: Sum[score * (age - 40)] <= 900\n"
        "constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.01\n"
    )
    data = ages(400, 0.0, False)
    program = fairc.compile(spec)
    found = warehouse.project(program, stored(data), "fair", "score")
    expected = program.project(data, "score")
    assert np.abs(moved(found) - expected.y).max() < 1e-11
    male = data["sex"] == "male"
    sums = [Fraction(float(p)) * Fraction(float(a)) for p, a in zip(moved(found)[male], data["age"][male], strict=True)]
    assert sum(sums) / int(male.sum()) <= 20


def test_covariances_that_cannot_be_are_refused(stored):
    table = stored(ages(200, 0.0, False))
    spec = "column age: real\npredict score: real in [0, 1]\nconstraint c: Cov[score, age] >= 100\n"
    # What cannot be had here is not what the help tells.
    for way in ("error", "relax"):
        with pytest.raises(fairc.InfeasibleError) as refused:
            warehouse.project(fairc.compile(spec), table, "fair", "score", on_infeasible=way)
        said = " ".join(str(refused.value).split())
        assert "project a copy of the table in memory" in said and "on_infeasible" not in said


def test_covariances_with_numbers_are_neither_frozen_nor_decided(stored):
    data = ages(200, 0.0, False)
    program, table = fairc.compile(COVARIANCES), stored(data)
    with pytest.raises(fairc.DataError, match="weighs predictions by `.*age.*`, which differs within groups") as there:
        warehouse.freeze(program, table, "score")
    with pytest.raises(fairc.DataError) as here:
        program.freeze(data, "score")
    assert str(here.value) == str(there.value)
    with pytest.raises(fairc.DataError, match="decisions in a database are by group.*\n.*`Program.decide`"):
        warehouse.decide(program, table, "decided", "score", key="i")
