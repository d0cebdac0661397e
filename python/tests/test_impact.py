"""``fairc.impact`` and ``fairc impact`` say the same, to the word."""

import json
import pathlib
import subprocess

import fairc
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "examples/ll144/applicants.csv"
BY = ["sex", "race_ethnicity"]


def command(binary, *words):
    run = subprocess.run([binary, "impact", "--data", str(TABLE), *words], capture_output=True, text=True, timeout=60)
    return run.stdout, run.stderr


def words():
    return [word for name in BY for word in ("--by", name)]


def read(library):
    if library == "polars":
        return pl.read_csv(TABLE)
    frame = pd.read_csv(TABLE)
    if library == "pandas":
        return frame
    if library == "arrow":
        return pa.Table.from_pandas(frame)
    texts = {name: [None if pd.isna(value) else value for value in frame[name]] for name in BY}
    return {"hired": frame["hired"].to_numpy(), "score": frame["score"].to_numpy(), **texts}


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow", "vectors"])
def test_the_tables_are_those_of_the_command(library, binary):
    found = fairc.impact(read(library), "hired", BY, name=str(TABLE))
    assert found.text() == command(binary, "--pred", "hired", *words())[0]
    printed = json.loads(command(binary, "--pred", "hired", *words(), "--format", "json")[0])
    assert {key: value for key, value in printed.items() if key not in ("ok", "schema")} == found.json()
    assert found.markdown() == command(binary, "--pred", "hired", *words(), "--format", "markdown")[0]
    assert found.csv() == command(binary, "--pred", "hired", *words(), "--csv", "-")[0]
    assert found.html() == command(binary, "--pred", "hired", *words(), "--html", "-")[0]


def test_scores_need_a_threshold_in_the_words_of_python():
    frame = read("pandas")
    with pytest.raises(fairc.DataError, match='threshold="median"'):
        fairc.impact(frame, "score", "sex")
    assert fairc.impact(frame, "score", "sex", threshold="median").json()["cut"]["kind"] == "above_median"
    assert fairc.impact(frame, "score", "sex", threshold=0.6).json()["selected"] == int((frame["score"] >= 0.6).sum())
    with pytest.raises(fairc.DataError, match="no column `hire`"):
        fairc.impact(frame, "hire", "sex")


def test_a_limit_is_reached_or_not_or_cannot_be_told():
    frame = read("pandas")
    assert fairc.impact(frame, "hired", "sex").reached is None
    assert fairc.impact(frame, "hired", "sex", least=0.8).reached is False
    assert fairc.impact(frame, "hired", "sex", least="40%").reached is True
    assert fairc.impact(frame, "hired", "sex", least=0.8, unknown=["Male"]).reached is None


def test_decisions_in_words_and_empty_ones():
    frame = read("pandas")
    frame["said"] = frame["hired"].map({1: "Advance", 0: "Reject"}).astype(object)
    with pytest.raises(fairc.DataError, match="holds `Advance`, `Reject`, not 0 and 1"):
        fairc.impact(frame, "said", "sex")
    assert fairc.impact(frame, "said", "sex", selected="Advance").json()["selected"] == int(frame["hired"].sum())
    both = fairc.impact(frame, "said", "sex", selected=["Advance", "Reject"])
    assert both.json()["selected"] == len(frame)
    frame.loc[:9, "said"] = None
    with pytest.raises(fairc.DataError, match=f"empty in 10 of {len(frame)} rows.*"):
        fairc.impact(frame, "said", "sex", selected="Advance")
    left = fairc.impact(frame, "said", "sex", selected="Advance", skip_empty=True).json()
    assert (left["left_out"], left["applicants"]) == (10, len(frame) - 10)
    assert left["selected"] == int(frame["hired"][10:].sum())
    frame["given"] = frame["hired"].where(frame["said"].notna())
    with pytest.raises(fairc.DataError, match="`skip_empty=True`"):
        fairc.impact(frame, "given", "sex")
    assert fairc.impact(frame, "given", "sex", skip_empty=True).json()["tables"] == left["tables"]
