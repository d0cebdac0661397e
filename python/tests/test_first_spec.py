"""A first spec is the one that the command line writes, from a file and from frames, and compiles at once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fairc

ROWS = {
    "sex": ["female", "male", None, "male"] * 10,
    "age": [20, 35, 50, 71] * 10,
    "score": [0.1, 0.4, 0.6, 0.9] * 10,
    "income": [0, 1, 1, 0] * 10,
}


def test_a_file_gives_what_the_command_gives(tmp_path: Path, binary: str) -> None:
    path = tmp_path / "people.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    asked = ["--pred", "score", "--group", "sex", "--label", "income"]
    shown = subprocess.run([binary, "init", "--data", str(path), *asked], capture_output=True, text=True, check=True)
    assert fairc.first_spec(path, "score", groups="sex", labels="income") == shown.stdout
    assert fairc.first_spec(str(path)).startswith("#")


FRAMES = [pd.DataFrame(ROWS), pl.DataFrame(ROWS), pa.table(ROWS), ROWS]


@pytest.mark.parametrize("frame", FRAMES, ids=["pandas", "polars", "arrow", "mapping"])
def test_a_frame_gives_a_spec_that_it_binds_to(frame: object) -> None:
    text = fairc.first_spec(frame, "score", groups=["sex"], labels="income")
    program = fairc.compile(text)
    assert "female" in text
    assert program.project(frame, "score").y.shape == (40,)


def test_what_cannot_be_drafted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(fairc.DataError, match="no column `scor`"):
        fairc.first_spec(ROWS, "scor")
    with pytest.raises(fairc.DataError, match="nowhere.csv"):
        fairc.first_spec(tmp_path / "nowhere.csv")
    with pytest.raises(fairc.DataError, match="has no rows"):
        fairc.first_spec({"a": []})
