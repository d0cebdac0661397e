"""Per-group offsets and decisions of tables in databases: those of memory."""

import json

import numpy as np
import pyarrow as pa
import pytest
from conftest import people
from test_warehouse import PROJECTED, moved, postgres, same, scores, spark, stored  # noqa: F401  (fixtures)

import fairc

ibis = pytest.importorskip("ibis")
from fairc import warehouse  # noqa: E402  (after the check that Ibis is there)

# A fixture stands as an argument under the name that it was imported by.
# ruff: noqa: F811


def told(text):
    """What a kept text says; its checksum is of all digits."""
    return {name: value for name, value in json.loads(text).items() if name != "checksum"}


def text(program, weighted):
    return fairc.compile(program + ("weight w\n" if weighted else ""))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [40, 4000])
def test_shifts_are_those_of_memory(stored, weighted, n):
    program, data = text(PROJECTED, weighted), scores(n, weighted)
    table = stored(data)
    same(told(warehouse.freeze(program, table, "score")), told(program.freeze(data, "score")))
    assert "CASE" in warehouse.freeze(program, table, "score", to="sql")


def test_what_shifts_leave_out_is_warned_of(stored, odds):
    data = people(500)
    data["score"] = np.clip(data["score"], 0, 1)
    table = stored(data)
    with pytest.warns(UserWarning, match="takes no part"):
        found = warehouse.freeze(odds, table)
    with pytest.warns(UserWarning, match="takes no part"):
        same(told(found), told(odds.freeze(data)))


def gained(data, decisions):
    return float((data.get("w", 1.0) * (data["score"] - 0.5) * decisions).sum())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "levels"), [(40, None), (4000, None), (4000, 20), (30_000, None), (30_000, 100)])
def test_decisions_are_those_of_memory(stored, weighted, n, levels):
    program, data = text(PROJECTED, weighted), scores(n, weighted)
    if levels is not None:
        data["score"] = np.round(data["score"] * levels) / levels
    if n > 10_000 and stored.__name__ not in ("duckdb", "datafusion"):
        pytest.skip("filled row by row")
    expected = program.decide(data, "score", freeze=True)
    found = warehouse.decide(program, stored(data), "decided", "score", key="i", freeze=True)
    assert found.column == "score_decided"
    d = moved(found)
    assert set(d) <= {0.0, 1.0}
    assert found.gain == pytest.approx(gained(data, d), abs=1e-9 * n)
    # Among equals a search that begins elsewhere may end one sample off.
    assert gained(data, d) >= gained(data, expected.d) - (0.01 if levels else 1e-9 * n)
    assert found.gain <= found.bound + 1e-9 * n
    counts = data.get("w", np.ones(n)) > 0
    assert found.selected == d[counts].sum()
    assert np.array_equal(d[~counts], data["score"][~counts] >= 0.5)
    if levels is None and not weighted and n <= 4000:
        assert np.array_equal(d, expected.d)
    assert program.audit(data, d, bootstrap=0).verdict == "held"
    if levels is None:
        # Among equals there are other thresholds that are as good.
        same(told(found.thresholds.to_json()), told(expected.thresholds.to_json()))
    assert len(found.scans) <= 4 and found.scans[-1].values == 0


def test_scores_close_together_are_told_apart_in_more_scans():
    connection = ibis.duckdb.connect()
    connection.raw_sql("SELECT setseed(0.5)")
    connection.raw_sql(
        "CREATE TABLE scores AS SELECT i, CASE WHEN i % 3 = 0 THEN 'female' ELSE 'male' END AS sex, "
        "0.5 + 1e-4 * (random() - 0.6 + 0.2 * (i % 3)) AS score FROM range(500000) r(i)"
    )
    program = fairc.compile(
        "column sex: {female, male}\npredict score: real in [0, 1]\n"
        "constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.01\n"
    )
    found = warehouse.decide(program, connection.table("scores"), "decided", key="i")
    data = connection.con.execute("SELECT * FROM decided ORDER BY i").fetchnumpy()
    expected = program.decide({"sex": data["sex"], "score": data["score"]})
    assert gained(data, data["score_decided"]) == pytest.approx(gained(data, expected.d), abs=1e-9)
    assert len(found.scans) == 4
    # Far fewer values cross than there are rows.
    assert sum(scan.values for scan in found.scans) < 100_000


def test_what_cannot_be_decided_is_refused(stored):
    data = scores(300, False)
    data["score"] = np.full(300, 0.75)
    table = stored(data)
    program = fairc.compile(PROJECTED + "constraint half: E[score] <= 0.5\n")
    with pytest.raises(fairc.DataError, match="same score, and not all are decided alike"):
        warehouse.decide(program, table, "decided")
    with pytest.raises(ValueError, match="no column 'number'"):
        warehouse.decide(program, table, "decided", key="number")
    impossible = PROJECTED + "constraint a: E[score | sex == female] >= 0.8\nconstraint b: E[score] <= 0.1\n"
    with pytest.raises(fairc.InfeasibleError):
        warehouse.decide(fairc.compile(impossible), table, "decided", key="i")
    unbounded = fairc.compile("column sex: {female, male}\npredict score: real\nconstraint a: E[score] <= 1\n")
    with pytest.raises(fairc.DataError, match="decisions are 0 or 1"):
        warehouse.decide(unbounded, table, "decided")
    # There is none of that name to be replaced.
    assert warehouse.decide(fairc.compile(PROJECTED), table, "decided", key="i").selected > 0


def test_rules_that_look_at_no_label_are_refused(odds):
    data = people(300)
    table = ibis.memtable(pa.table({**data, "score": np.clip(data["score"], 0, 1)}))
    with pytest.raises(fairc.DataError, match="reads a label"):
        warehouse.decide(odds, table, "decided")


def test_sides_that_cross_are_told_of(stored):
    program = fairc.compile(
        "column sex: {female, male}\npredict score: real in [0, 1]\nparam low = 0 in [0, 1]\n"
        "constraint a: E[score | sex == female] >= low\nconstraint b: E[score | sex == female] <= 0.1\n"
    )
    table = stored(scores(50, False))
    with pytest.raises(fairc.InfeasibleError):
        warehouse.project(program, table, "fair", params={"low": 0.8})


def test_a_view_copies_nothing(stored):
    program, data = fairc.compile(PROJECTED), scores(400, False)
    table = stored(data)
    found = warehouse.project(program, table, "fair_view", "score", view=True)
    assert found.scans[-1].query.startswith("CREATE VIEW") and "fair_view" in found.scans[-1].query[:25]
    assert np.abs(moved(found) - program.project(data, "score").y).max() < 1e-12
    with pytest.raises(ValueError, match="there is a table 'fair_view' already"):
        warehouse.project(program, table, "fair_view", "score", view=True)
    warehouse.project(program, table, "fair_view", "score", view=True, overwrite=True)


def test_scores_of_one_group_are_one_level(stored):
    """An age at the limit and one above it are coded apart, and belong to one group: equal scores there are divided by the key alone."""
    program = fairc.compile(
        "column age: real in [0, 120]\npredict y: real in [0, 1] from score\nconstraint old: Sum[y | age >= 60] <= 3\n"
        "constraint all: Sum[y] >= 4\n"
    )
    age = np.where(np.arange(12) % 2 == 0, 60.0, 61.0)
    age[8:] = 20.0
    data = {"i": np.arange(12), "age": age, "score": np.full(12, 0.9)}
    data["score"][8:] = 0.25
    found = warehouse.decide(program, stored(data), "decided", "score", key="i")
    d = moved(found)
    assert found.selected == d.sum() == 4
    assert program.audit(data, d, bootstrap=0).verdict == "held"
    assert d[:8].tolist() == [1.0] * 3 + [0.0] * 5


@pytest.mark.parametrize("weight", [0.1, 0.3, 0.7])
def test_weights_are_compared_as_they_were_read(stored, weight):
    """Three times 0.1 divided by three is another number than 0.1."""
    program = fairc.compile(f"weight w\npredict y: real in [0, 1] from score\nconstraint all: Sum[y] <= {2.5 * weight}\n")
    data = {"i": np.arange(3), "w": np.full(3, weight), "score": np.full(3, 0.9)}
    found = warehouse.decide(program, stored(data), "decided", "score", key="i")
    assert moved(found).tolist() == [1.0, 1.0, 0.0] and found.selected == 2
