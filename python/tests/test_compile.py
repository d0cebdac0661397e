"""Specs: compiled, shown, saved, refused."""

import copy
import pathlib
import pickle

import pytest

import fairc

from conftest import PARITY


def test_a_text_is_compiled(parity):
    assert [row.name for row in parity.rows] == ["parity"]
    assert parity.rows[0].text == 'E[score | sex == "female"] - E[score | sex == "male"] in [-eps, eps]' or (
        "E[score" in parity.rows[0].text and "eps" in parity.rows[0].text
    )
    assert parity.rows[0].doc.startswith("Mean scores")
    assert parity.params["eps"] == fairc.Param("eps", 0.02, 0.0, 1.0)
    assert parity.prediction == fairc.Prediction("score", "score", 0.0, 1.0)
    assert [(c.header, c.levels) for c in parity.columns] == [("sex", ("female", "male"))]
    assert len(parity.fingerprint) == 64


def test_needs_name_the_labels(parity, odds):
    assert parity.needs == {}
    assert odds.needs == {"odds[c=0]": ("income",), "odds[c=1]": ("income",)}
    assert any(warning["code"] == "W0104" for warning in odds.warnings)


def test_spelling_does_not_change_the_fingerprint(parity):
    other = PARITY.replace("parity", "equal").replace("# ", "#  ")
    assert fairc.compile(other).fingerprint == parity.fingerprint
    assert fairc.compile(PARITY.replace("0.02", "0.03")).fingerprint != parity.fingerprint


def test_a_path_is_read_with_its_imports(tmp_path):
    (tmp_path / "common.fair").write_text("column sex: {female, male}\npredict score: real in [0, 1]\n")
    spec = tmp_path / "spec.fair"
    spec.write_text('import "common.fair"\nuse demographic_parity(sex, 0.1)\n')
    assert len(fairc.compile(spec).rows) == 1
    assert fairc.compile(str(spec)).fingerprint == fairc.compile(pathlib.Path(spec)).fingerprint


def test_errors_have_their_fields():
    with pytest.raises(fairc.CompileError) as caught:
        fairc.compile(PARITY.replace("sex == female", "sex == femal"))
    error = caught.value
    assert error.code == "E0203"
    assert error.message == "`femal` is no level of `sex`"
    assert error.help == "did you mean `female`?"
    assert error.labels[0]["text"] == "femal" and error.labels[0]["line"] == 9
    assert "`-- no such level" in str(error) and "fairc explain E0203" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, str(again)) == (error.code, str(error))


def test_all_errors_are_told_in_one_run():
    with pytest.raises(fairc.CompileError) as caught:
        fairc.compile(PARITY + "constraint a: E[scor] <= 1\nconstraint b: E[score * score] <= 1\n")
    assert [d["code"] for d in caught.value.diagnostics if d["severity"] == "error"] == ["E0201", "E0401"]


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(fairc.CompileError, match="there is no such file"):
        fairc.compile(tmp_path / "none.fair")


def test_saved_and_loaded(parity, tmp_path):
    parity.save(tmp_path / "spec.fairc")
    loaded = fairc.Program.load(tmp_path / "spec.fairc")
    assert loaded == parity and loaded.rows[0].text == parity.rows[0].text
    (tmp_path / "spec.fairc").write_text(parity.to_text().replace('"value":0.02', '"value":0.5').replace("0.02", "0.5"))
    with pytest.raises(fairc.CompileError) as caught:
        fairc.Program.load(tmp_path / "spec.fairc")
    assert caught.value.code == "E0602"


def test_pickled_and_copied(parity):
    assert pickle.loads(pickle.dumps(parity)) == parity
    assert copy.deepcopy(parity) is parity


def test_shown(parity):
    assert repr(parity).startswith("<fairc.Program spec.fair: 1 constraint, 1 row, fingerprint")
    page = fairc.compile(PARITY.replace("parity:", "`a<b`:"))._repr_html_()
    assert "a&lt;b" in page and "<table>" in page and "eps = 0.02" in page


def test_the_library_and_the_pages_are_there():
    assert len(fairc.metrics()) == 22 and "demographic_parity" in fairc.metrics()
    assert "metric demographic_parity" in fairc.metric("demographic_parity")
    assert fairc.metric("none") is None
    assert "E0401" in fairc.explain("E0401") and fairc.explain("E9999") is None
