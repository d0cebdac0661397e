"""Prices: what makes no sense together is refused, not ignored."""

from __future__ import annotations

import pytest

import fairc

SPEC = "column g: {a, b}\npredict s: real in [0, 1]\nparam eps = 0.1 in [0, 1]\nconstraint c: |E[s | g == a] - E[s | g == b]| <= eps\n"
TABLE = {"g": ["a", "a", "b", "b"], "s": [0.1, 0.7, 0.6, 0.9]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cutoff": 0.4}, "give `decide=True`"),
        ({"gain": [1.0, 2.0, 3.0, 4.0]}, "give `decide=True`"),
        ({"decide": True, "purpose": "inference"}, "no `purpose`"),
        ({"decide": True, "cutoff": 0.4, "gain": [1.0, 2.0, 3.0, 4.0]}, "leave one of them out"),
    ],
)
def test_options_without_a_meaning_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fairc.compile(SPEC).price(TABLE, "s", sweep=["eps"], **options)


def test_decisions_have_a_price() -> None:
    program = fairc.compile(SPEC)
    assert "gain" in str(program.price(TABLE, "s", sweep={"eps": [0.0, 1.0]}, decide=True, cutoff=0.5))


def distances(program: fairc.Program, table: dict, values: list[float], **options: object) -> list[dict]:
    return program.price(table, "s", sweep={"eps": values}, **options).json()["sweeps"][0]["values"]


def test_the_price_of_a_mean_of_bends_is_the_slope_of_the_distance() -> None:
    program = fairc.compile(
        "column c: real in [0, 1]\npredict s: real in [0, 1]\nparam eps = 0.1 in [0, 1]\nconstraint near: E[|s - c|] <= eps\n"
        "constraint high: E[max(s - 0.6, 0)] <= 0.05\n"
    )
    table = {"c": [0.1, 0.5, 0.3, 0.9, 0.2], "s": [0.9, 0.7, 0.1, 0.4, 0.8]}
    step = 1e-5
    for value in (0.05, 0.15, 0.22):
        left, here, right = distances(program, table, [value - step, value, value + step])
        # The price is of half the squared distance.
        slope = (left["distance"] ** 2 - right["distance"] ** 2) / (4 * step)
        assert here["status"] == "optimal" and here["price"] > 0
        assert here["price"] == pytest.approx(slope, rel=1e-4)
        # What it costs is what a projection with that value costs.
        found = program.project(table, "s", params={"eps": value})
        assert here["distance"] ** 2 / 2 == pytest.approx(found.objective, rel=1e-12)
        assert [row["after"] for row in here["rows"]] == pytest.approx(list(found.problem.activity(found.y)), rel=1e-12)


def test_specs_about_pairs_have_a_price() -> None:
    text = "column id: key\nparam eps = 0.1 in [0, 1]\npredict s: real in [0, 1]\nrelation near: (i, j) by id, d: real in [0, 1]\n"
    pairs = {"near": {"i": ["a", "b"], "j": ["b", "c"], "d": [0.1, 0.2]}}
    table = {"id": ["a", "b", "c"], "s": [0.9, 0.2, 0.6]}
    bodies = [
        "constraint close: each (i, j) in near: |s[i] - s[j]| <= eps * d\nconstraint most: E[s] <= 0.5\n",
        "constraint close: each (i, j) in near: |s[i] - s[j]| <= d\nconstraint most: E[s] <= eps\n",
    ]
    for body, values in zip(bodies, ([0.0, 0.5, 1.0], [0.1, 0.2, 0.4]), strict=True):
        program = fairc.compile(text + body)
        for point in distances(program, table, values, relations=pairs):
            found = program.project(table, "s", params={"eps": point["value"]}, relations=pairs)
            assert point["distance"] ** 2 / 2 == pytest.approx(found.objective, rel=1e-9)
    impossible = fairc.compile(text + "constraint apart: each (i, j) in near: s[i] >= s[j] + 0.6\nconstraint most: E[s] <= eps\n")
    (point,) = distances(impossible, table, [0.5], relations=pairs)
    assert point["status"] == "infeasible" and "apart" in point["conflict"]
