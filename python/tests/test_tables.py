"""Tables of any library mean the same, and what is wrong with them is told."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fairc

from conftest import ODDS, people

DATA = people(500)


def forms():
    plain = {name: np.asarray(values) for name, values in DATA.items()}
    return {
        "numpy": plain,
        "lists": {name: values.tolist() for name, values in plain.items()},
        "pandas": pd.DataFrame(plain).set_index(np.arange(500)[::-1]),
        "pandas categories": pd.DataFrame(plain).astype({"sex": "category"}),
        "polars": pl.DataFrame({name: values.tolist() for name, values in plain.items()}),
        "polars series": {name: pl.Series(values.tolist()) for name, values in plain.items()},
        "pyarrow": pa.table({name: values.tolist() for name, values in plain.items()}),
        "chunks": pa.concat_tables([pa.table({n: v[:200].tolist() for n, v in plain.items()}),
                                    pa.table({n: v[200:].tolist() for n, v in plain.items()})]),
        "arrow arrays": {name: pa.array(values.tolist()) for name, values in plain.items()},
        "reader": pa.table({name: values.tolist() for name, values in plain.items()}).to_reader(),
    }


@pytest.mark.parametrize("form", forms())
def test_all_forms_give_the_same_projection(odds, form):
    expected = odds.project(DATA, "score")
    found = odds.project(forms()[form], "score")
    np.testing.assert_array_equal(found.y, expected.y)
    assert found.multipliers.tolist() == expected.multipliers.tolist() and any(expected.active)


def test_columns_that_are_not_read_do_not_matter(parity):
    frame = pd.DataFrame(DATA).assign(tags=[["a", "list"]] * 500, nothing=None)
    assert len(parity.encode(frame)) == 500


def test_pandas_without_pyarrow(parity, monkeypatch):
    import fairc._tables as tables

    expected = parity.project(DATA, "score").y
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    read = tables.table(pd.DataFrame(DATA), ["sex", "score"])
    assert isinstance(read.data, dict) and read.rows == 500
    np.testing.assert_array_equal(parity.project(pd.DataFrame(DATA), "score").y, expected)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_nulls_are_told_with_their_place(parity, missing):
    sex = DATA["sex"].astype(object)
    sex[7] = missing
    with pytest.raises(fairc.DataError) as caught:
        parity.encode({"sex": sex}, name="people")
    assert caught.value.code == "E0703" and "`people` row 8: `sex` is null" in caught.value.message


def test_an_unknown_level_is_told(parity):
    with pytest.raises(fairc.DataError) as caught:
        parity.encode(pl.DataFrame({"sex": ["female", "mal"]}))
    assert caught.value.code == "E0702" and caught.value.help == "did you mean `male`?"
    assert caught.value.labels[0]["text"] == "mal"


def test_a_missing_column_is_told(parity):
    with pytest.raises(fairc.DataError) as caught:
        parity.encode(pd.DataFrame({"Sex": ["female"]}))
    assert caught.value.code == "E0701" and "did you mean `Sex`" in caught.value.help


def test_numbers_are_levels_whatever_their_type():
    for kind in (bool, np.int8, np.uint64, np.float16, np.float32, np.float64, object):
        program = fairc.compile(ODDS)
        income = DATA["income"].astype(kind)
        dataset = program.encode({**DATA, "income": income})
        assert (dataset.cells == program.encode(DATA).cells).all(), kind


def test_lengths_and_shapes_are_checked(parity):
    with pytest.raises(ValueError, match="column `sex` has 2 values, expected 3|expected 2"):
        fairc.compile(ODDS).encode({"income": [0, 1, 1], "sex": ["female", "male"]})
    with pytest.raises(ValueError, match=r"column `sex` has the shape \(2, 2\)"):
        parity.encode({"sex": np.array([["a", "b"], ["c", "d"]])})
    with pytest.raises(TypeError, match="data are int, expected"):
        parity.encode(3)


def test_labels_can_be_left_out(odds):
    bound = odds.encode(DATA, labels=False).bind()
    assert [(row.status, row.reason) for row in bound.rows] == [("left out", "needs the label `income`, and labels are not read here")] * 2
    assert (odds.project(DATA, "score", labels=False).y == np.clip(DATA["score"], 0, 1)).all()


def test_a_data_set_is_pickled_by_its_table(odds):
    dataset = odds.encode(pd.DataFrame(DATA), params={"eps": 0.1})
    again = pickle.loads(pickle.dumps(dataset))
    assert (again.cells == dataset.cells).all()
    assert again.bind().numbers()["upper"].tolist() == [0.1, 0.1]
