"""Rows about pairs of samples: their tables in every form, batches, and an oracle of their own."""

import copy
import pathlib
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.optimize

import fairc

SPEC = """
column id: key
column age: int in [18, 99]
weight w
predict score: real in [0, 1]
relation near: (i, j) by id, distance: real in [0, 1], kind: {x, y}
constraint close: each (i, j) in near where kind == x: |score[i] - score[j]| <= 2 * distance
constraint ordered: each (i, j) in near where i.age < j.age: score[i] <= score[j]
"""


def drawn(n: int = 30, seed: int = 0) -> tuple[dict, dict]:
    random = np.random.default_rng(seed)
    keys = np.array([f"p{k}" for k in range(n)])
    people = {
        "id": keys,
        "age": random.integers(18, 60, n),
        "w": random.choice([1.0, 2.0, 0.5], n),
        "score": random.random(n),
        "idle": random.random(n),
    }
    pairs = {
        "i": random.choice([*keys, "nobody"], 2 * n),
        "j": random.choice(keys, 2 * n),
        "distance": np.round(random.random(2 * n) * 0.2, 3),
        "kind": random.choice(["x", "y"], 2 * n),
        "note": random.choice(["", "seen"], 2 * n),
    }
    return people, pairs


def rows_of(people: dict, pairs: dict) -> list[tuple[int, int, float]]:
    """``score[i] - score[j] <= side``, for each half of each row."""
    place = {key: k for k, key in enumerate(people["id"])}
    rows = []
    for first, second, distance, kind in zip(pairs["i"], pairs["j"], pairs["distance"], pairs["kind"], strict=True):
        i, j = place.get(first), place.get(second)
        if i is None or j is None or i == j:
            continue
        if kind == "x":
            rows += [(i, j, 2 * distance), (j, i, 2 * distance)]
        if people["age"][i] < people["age"][j]:
            rows.append((i, j, 0.0))
    return rows


def nearest(people: dict, pairs: dict) -> np.ndarray:
    """The projection by SciPy."""
    n, rows = len(people["id"]), rows_of(people, pairs)
    matrix = np.zeros((len(rows), n))
    for row, (i, j, _) in enumerate(rows):
        matrix[row, i], matrix[row, j] = 1, -1
    z, w, sides = np.asarray(people["score"]), np.asarray(people["w"]), np.array([side for *_, side in rows])
    found = scipy.optimize.minimize(
        lambda y: 0.5 * w @ (y - z) ** 2,
        np.full(n, 0.5),
        jac=lambda y: w * (y - z),
        bounds=[(0, 1)] * n,
        constraints=[{"type": "ineq", "fun": lambda y: sides - matrix @ y, "jac": lambda y: -matrix}],
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-14},
    )
    assert found.success, found.message
    return found.x


@pytest.mark.parametrize("seed", range(4))
def test_projections_agree_with_scipy(seed: int):
    people, pairs = drawn(seed=seed)
    found = fairc.compile(SPEC).project(people, relations={"near": pairs})
    assert np.abs(found.y - nearest(people, pairs)).max() < 1e-6
    assert all(found.y[i] - found.y[j] <= side + 1e-12 for i, j, side in rows_of(people, pairs))
    assert found.verdict == "held"


def csv_of(table: dict, path: pathlib.Path) -> pathlib.Path:
    pd.DataFrame(table).to_csv(path, index=False)
    return path


FORMS = {
    "vectors": lambda table, _: table,
    "lists": lambda table, _: {name: list(values) for name, values in table.items()},
    "pandas": lambda table, _: pd.DataFrame(table),
    "polars": lambda table, _: pl.DataFrame({name: list(values) for name, values in table.items()}),
    "arrow": lambda table, _: pa.table(table),
    "batches": lambda table, _: pa.RecordBatchReader.from_batches(
        pa.table(table).schema, pa.table(table).to_batches(max_chunksize=7)
    ),
    "a path": lambda table, folder: csv_of(table, folder / "near.csv"),
    "text": lambda table, folder: str(csv_of(table, folder / "near.csv")),
}


@pytest.mark.parametrize("form", FORMS)
def test_tables_of_every_form_say_the_same(form: str, tmp_path: pathlib.Path):
    people, pairs = drawn()
    program = fairc.compile(SPEC)
    wanted = program.project(people, relations={"near": pairs})
    given = {"near": FORMS[form](pairs, tmp_path)}
    found = program.project(people, relations=given)
    assert np.array_equal(found.y, wanted.y) and found.json() == wanted.json()


def test_audits_and_checks_count_pairs():
    people, pairs = drawn()
    program = fairc.compile(SPEC)
    audit = program.audit(people, relations={"near": pairs})
    assert audit.verdict == "violated"
    absent = int((pairs["i"] == "nobody").sum())
    assert audit.json()["relations"][0]["absent"] == absent
    fair = program.project(people, relations={"near": pairs}).y
    assert program.audit(people, fair, relations={"near": pairs}).passed
    nothing = {name: values[:0] for name, values in pairs.items()}
    assert program.audit(people, relations={"near": nothing}).verdict == "not checked"
    checked = program.check(people, relations={"near": pairs})
    assert checked.ok and checked.json()["relations"][0]["pairs"] == len(pairs["i"]) - absent - sum(
        a == b for a, b in zip(pairs["i"], pairs["j"], strict=True)
    )


def test_the_spec_says_what_it_reads():
    relation = fairc.compile(SPEC).relations["near"]
    assert relation == fairc._declared.Relation("near", None, "id", ("i", "j", "distance", "kind"), ("id", "age"))


def test_batches_take_the_pairs_inside_of_them():
    people, pairs = drawn()
    program = fairc.compile(SPEC)
    dataset = program.encode(people, relations={"near": pairs})
    rows = np.arange(5, 25)
    inside = {name: values[rows] for name, values in people.items()}
    z = people["score"][rows]
    assert np.array_equal(dataset.bind(rows).project(z).y, program.project(inside, relations={"near": pairs}).y)
    again = pickle.loads(pickle.dumps(dataset))
    assert np.array_equal(again.bind(rows).project(z).y, dataset.bind(rows).project(z).y)
    assert copy.copy(dataset) is dataset


def test_derivatives_agree_with_differences():
    people, pairs = drawn(12, 3)
    problem = fairc.compile(SPEC).encode(people, relations={"near": pairs}).bind()
    z, v, step = people["score"], np.random.default_rng(1).random(12), 1e-6
    gradient = problem.project(z).vjp(v).z
    for k in range(12):
        moved = [problem.project(z + by * np.eye(12)[k]).y @ v for by in (step, -step)]
        assert abs((moved[0] - moved[1]) / (2 * step) - gradient[k]) < 1e-6


def test_what_cannot_be_read_is_told():
    people, pairs = drawn()
    program = fairc.compile(SPEC)
    with pytest.raises(fairc.DataError, match=r"no table of them was given.*\n?") as told:
        program.project(people)
    assert told.value.code == "E0709" and '`relations={"near": ..}`' in told.value.help
    with pytest.raises(fairc.DataError, match="no constraint of the spec is about a relation `neer`"):
        program.project(people, relations={"neer": pairs})
    without = {name: values for name, values in pairs.items() if name != "distance"}
    for table in (without, pd.DataFrame(without), pa.table(without)):
        with pytest.raises(fairc.DataError) as told:
            program.project(people, relations={"near": table})
        assert told.value.code == "E0701" and "`distance`" in told.value.message
    with pytest.raises(TypeError):
        program.project(people, relations={"near": 3})


def test_a_layer_takes_the_pairs_inside_of_its_batches():
    torch = pytest.importorskip("torch")
    from fairc.torch import FairnessLayer

    people, pairs = drawn(24, 5)
    program = fairc.compile(SPEC)
    dataset = program.encode(people, relations={"near": pairs})
    layer = FairnessLayer(program, dataset)
    rows = torch.tensor([20, 3, 4, 5, 6, 9, 11, 0, 1, 17, 18, 23])
    z = torch.tensor(people["score"])[rows].requires_grad_()
    fair = layer(z, rows)
    assert np.array_equal(fair.detach().numpy(), dataset.bind(rows.numpy()).project(z.detach().numpy()).y)
    assert torch.autograd.gradcheck(lambda z: layer(z, rows), (z,), eps=1e-7, atol=1e-6)
    columns = {name: people[name] for name in ("id", "age", "w")}
    with pytest.raises(fairc.DataError, match="a batch that brings its columns has none"):
        FairnessLayer(program)(torch.tensor(people["score"]), columns=columns)


def test_a_stream_refuses_pairs_with_the_reason():
    with pytest.raises(fairc.DataError, match="a stream answers a sample before the others are known"):
        fairc.Stream(fairc.compile(SPEC))
