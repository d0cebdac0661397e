"""Audits of Python and of the command line are one: the same words, facts and Markdown.

The command is ``target/debug/fairc`` or ``target/release/fairc``, whichever is newer, or what ``FAIRC`` names.
"""

import csv
import json
import pathlib
import subprocess

import numpy as np
import pyarrow as pa
import pytest

import fairc

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = "column g: {a, b, c}?\ncolumn x: real\nlabel y: {0, 1}\nparam eps = 0.1 in [0, 1]\n"
S = HEAD + "predict s: real in [0, 1]\n"
W = HEAD + "weight w\npredict s: real in [0, 1]\n"
TABLE = {
    "g": ["a", "b", "c", None, "A", "a", "b", "b", "z"],
    "x": [1.0, 2.5, -3.0, 4.0, 0.0, 1e9, 2.0, 7.0, 1.0],
    "y": ["1", "0", "1", "1", "0", "0", "1", "0", "1"],
    "w": [1.0, 2.0, 0.0, 1.0, 3.0, 0.5, 1.0, 1.0, 2.0],
    "s": [0.9, 0.1, 0.5, 0.3, 0.2, 0.8, 0.4, 1.0, 0.6],
}
UNLABELLED = {name: values for name, values in TABLE.items() if name != "y"}
OUTSIDE = {**TABLE, "s": [1.4, -0.2, *TABLE["s"][2:]]}
NOBODY = {name: [None if name == "g" else value for value in values] for name, values in TABLE.items()}
GAPS = "constraint gap: forall (u, v) in pairs(g): |E[s | g == u] - E[s | g == v]| <= eps\n"

#: Spec, data, and what else is asked: params, tolerance, bootstrap.
REQUESTS = {
    "held": (S + "constraint c: E[s] <= 0.9\n", TABLE, {}),
    "violated": (S + GAPS, TABLE, {}),
    "params": (S + GAPS, TABLE, {"params": {"eps": 0.75}}),
    "intervals": (S + GAPS, TABLE, {"bootstrap": 50}),
    "weights": (W + GAPS, TABLE, {}),
    "weights and intervals": (W + GAPS, TABLE, {"bootstrap": 50}),
    "two on one quantity": (S + "constraint up: E[s] <= 0.6\nconstraint low: E[s] >= 0.6\nconstraint far: E[s] <= 0.9\n", TABLE, {}),
    "turned": (S + "constraint c: E[s | g == b] - E[s | g == a] >= -0.5\n", TABLE, {}),
    "few": (S + "constraint c (min_count = 3): forall v in g: E[s | g == v] <= 0.7\n", TABLE, {}),
    "none": (S + "constraint c (min_count = 9): forall v in g: E[s | g == v] <= 0.7\n", TABLE, {}),
    "nobody": (S + GAPS + "constraint all: E[s] <= 0.9\n", NOBODY, {}),
    "label": (S + "constraint c: forall v in y: E[s | y == v] <= 0.7\n", TABLE, {}),
    "label missing": (S + "constraint c: forall v in y: E[s | y == v] <= 0.7\nconstraint d: E[s] <= 0.9\n", UNLABELLED, {}),
    "training": (S + "constraint c (enforce = train): E[s | g == a, y == 1] <= 0.7\n", UNLABELLED, {}),
    "soft": (S + "constraint c (soft = 2): E[s] <= 0.3\nconstraint d (soft = 1): E[s] <= 0.4\n", TABLE, {}),
    "each": (S + "constraint c: each where g == a: s <= 0.85\nconstraint d: each: s <= 0.1 + abs(x)\n", TABLE, {}),
    "each of weight 0": (W + "constraint c: each where g == c: s <= 0.4\n", TABLE, {}),
    "each of nobody": (S + "constraint c: each where g == a: s <= 0.85\n", NOBODY, {}),
    "covariance": (S + "constraint c: |Cov[s, x]| <= 1000\n", TABLE, {}),
    "ratio": (S + "use ratio_parity(g, 80%) as fair\n", TABLE, {}),
    "tolerance": (S + "constraint c: E[s] <= 0.5\n", TABLE, {"tolerance": 0.1}),
    "outside": (S + "constraint c: E[s] <= 0.9\n", OUTSIDE, {}),
    "nothing promised": (S, TABLE, {}),
}


def written(table: dict, path: pathlib.Path) -> None:
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(table)
        out.writerows(["" if value is None else value for value in row] for row in zip(*table.values()))


def without_source(markdown: str) -> list[str]:
    """Without the hash and the size of the data, which are a file here and vectors there."""
    return [line for line in markdown.splitlines() if not line.startswith(("| data |", "| BLAKE3 of the data |"))]


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_both_say_the_same(request_, binary, tmp_path, monkeypatch):
    spec, table, more = request_
    monkeypatch.chdir(tmp_path)
    pathlib.Path("s.fair").write_text(spec)
    written(table, pathlib.Path("d.csv"))
    asked = {"params": None, "tolerance": None, "bootstrap": 0, **more}
    arguments = [binary, "audit", "s.fair", "--data", "d.csv", "-q", "--all", "--bootstrap", str(asked["bootstrap"])]
    for name, value in (asked["params"] or {}).items():
        arguments += ["--set", f"{name}={value}"]
    if asked["tolerance"] is not None:
        arguments += ["--tolerance", str(asked["tolerance"])]

    def told(form: str) -> subprocess.CompletedProcess:
        return subprocess.run([*arguments, "--format", form], capture_output=True, text=True, check=False)

    audit = fairc.compile(pathlib.Path("s.fair")).audit(pa.table(table), name="d.csv", **asked)
    human = told("human")
    assert human.stderr == ""
    assert audit.text() == human.stdout
    assert audit.passed == (human.returncode == 0)
    ours, theirs = audit.json(), json.loads(told("json").stdout)
    assert audit.verdict == theirs["verdict"]
    assert theirs.pop("ok") == audit.passed
    del theirs["schema"]
    assert ours.pop("data")["file"] == theirs.pop("data")["file"]
    assert ours == theirs
    assert without_source(audit.markdown()) == without_source(told("markdown").stdout)
    written_by_command = {kind: tmp_path / kind for kind in ("card", "cyclonedx")}
    documents = [word for kind, path in written_by_command.items() for word in (f"--{kind}", path)]
    subprocess.run([*arguments, *documents], capture_output=True, check=False)
    assert without_source(audit.card()) == without_source(written_by_command["card"].read_text())
    ours, theirs = audit.cyclonedx(), json.loads(written_by_command["cyclonedx"].read_text())
    assert ours["components"][0]["modelCard"]["considerations"] == theirs["components"][0]["modelCard"]["considerations"]


def test_a_cyclonedx_document_is_valid(tmp_path, binary):
    """The document of ``--cyclonedx``, with intervals, a head and without, by the schema of CycloneDX 1.5."""
    validation = pytest.importorskip("cyclonedx.validation.json")
    schema = pytest.importorskip("cyclonedx.schema")
    (tmp_path / "s.fair").write_text(S + GAPS + "constraint c: each where g == a: s <= 0.85\n")
    written(TABLE, tmp_path / "d.csv")
    head = ["--model", "credit", "--model-version", "3", "--auditor", "A. Person"]
    for more in ([], head, ["--bootstrap", "0"]):
        path = tmp_path / "model.cdx.json"
        arguments = [binary, "audit", tmp_path / "s.fair", "--data", tmp_path / "d.csv", "--cyclonedx", path, *more]
        subprocess.run(arguments, capture_output=True, check=False)
        assert validation.JsonStrictValidator(schema.SchemaVersion.V1_5).validate_str(path.read_text()) is None


def test_people_without_a_number_are_counted():
    """As pandas counts them, with a whole number, a real one, and through ``each where``."""
    pd = pytest.importorskip("pandas")
    random = np.random.default_rng(14)
    people = pd.DataFrame({"income": random.integers(0, 40_000, 400), "age": random.random(400) * 90}).astype(
        {"income": "Int64"}
    )
    people.loc[random.random(400) < 0.085, "income"] = pd.NA
    people.loc[random.random(400) < 0.2, "age"] = float("nan")
    people["s"] = random.random(400)
    found = fairc.compile(
        "column income: int?\ncolumn age: real?\npredict s: real in [0, 1]\n"
        "constraint c: E[s | income < 20000] / E[s | income >= 20000] >= 0.1\nconstraint d: each where age > 30: s <= 1\n"
    ).audit(people, bootstrap=0)
    missing = {name: int(people[name].isna().sum()) for name in ("income", "age")}
    assert min(missing.values()) > 0
    assert {column["column"]: column["no_value"] for column in found.json()["unplaced"]} == missing
    for name, count in missing.items():
        assert f"`{name}`: {count} samples with no value" in found.text()


def test_a_spec_without_a_constraint_is_not_checked():
    found = fairc.compile(S).audit(TABLE, bootstrap=0)
    assert found.verdict == "not checked" and not found
    assert found.text().startswith("Not checked: the spec has no constraint")
    assert fairc.compile(S).audit(TABLE, bootstrap=0, allow_unchecked=True)
    assert fairc.compile(S).audit(OUTSIDE, bootstrap=0).verdict == "violated"
