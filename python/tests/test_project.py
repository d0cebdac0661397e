"""Problems, projections, derivatives and audits."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_array

import fairc

from conftest import PARITY, means, people

DATA = people(400, seed=3)


def test_the_rows_hold_and_the_movement_is_least(parity):
    found = parity.project(DATA, "score")
    female, male = means(found.y, DATA["sex"])
    assert abs(male - female) <= 0.02 and found.y.min() >= 0 and found.y.max() <= 1
    assert found.status == "optimal" and found.active == ["lower"] or found.active == ["upper"]
    assert found.certificate["row_violation"] == 0 and found.certificate["bound_violation"] == 0
    assert found.problem.violation(found.y) == 0


def test_it_is_the_projection():
    """Against SciPy's solver on a small problem."""
    program, data = fairc.compile(PARITY), people(30, seed=5)
    problem = program.encode(data).bind()
    a, numbers = problem.matrix().toarray(), problem.numbers()
    rows = [{"type": "ineq", "fun": lambda y: numbers["upper"] - a @ y}, {"type": "ineq", "fun": lambda y: a @ y - numbers["lower"]}]
    z = data["score"]
    other = minimize(lambda y: ((y - z) ** 2).sum(), np.clip(z, 0, 1), jac=lambda y: 2 * (y - z), bounds=[(0, 1)] * 30,
                     constraints=rows, method="SLSQP", options={"ftol": 1e-14, "maxiter": 500})
    np.testing.assert_allclose(problem.project(z).y, other.x, atol=1e-6)


def test_single_precision_stays_and_holds_exactly(parity):
    z = DATA["score"].astype(np.float32)
    found = parity.project(DATA, z)
    assert found.y.dtype == np.float32
    female, male = means(found.y.astype(np.float64), DATA["sex"])
    assert abs(male - female) <= 0.02


def test_the_matrix_is_a_scipy_array(parity):
    problem = parity.encode(DATA).bind()
    matrix = problem.matrix()
    assert isinstance(matrix, csr_array) and matrix.shape == (1, 400)
    np.testing.assert_allclose(matrix @ DATA["score"], problem.activity(DATA["score"]), atol=1e-15)
    female, male = means(DATA["score"], DATA["sex"])
    np.testing.assert_allclose(abs(matrix @ DATA["score"]), abs(male - female), atol=1e-14)


def test_batches_are_rows_of_the_data(parity):
    dataset = parity.encode(DATA)
    rows = np.random.default_rng(0).permutation(400)[:100]
    found = dataset.bind(rows).project(DATA["score"][rows])
    own = {name: values[rows] for name, values in DATA.items()}
    np.testing.assert_array_equal(found.y, parity.project(own, "score").y)
    mask = np.zeros(400, dtype=bool)
    mask[:50] = True
    assert len(dataset.bind(mask)) == 50
    with pytest.raises(IndexError, match=r"`rows\[1\]` is 400, expected a place among 400 samples"):
        dataset.bind([0, 400])
    with pytest.raises(ValueError, match="expected a vector of integers"):
        dataset.bind([0.5])


def test_the_gradient_is_that_of_finite_differences(odds):
    problem = odds.encode(DATA).bind()
    random = np.random.default_rng(1)
    z, v, direction = DATA["score"], random.standard_normal(400), random.standard_normal(400)
    gradient = problem.project(z).vjp(v)
    step = 1e-6
    forth, back = (problem.project(z + sign * step * direction).y for sign in (1, -1))
    assert gradient.z @ direction == pytest.approx(v @ (forth - back) / (2 * step), rel=1e-6)
    up = odds.encode(DATA, params={"eps": 0.02 + step}).bind().project(z).y
    down = odds.encode(DATA, params={"eps": 0.02 - step}).bind().project(z).y
    by_eps = gradient.upper.sum() - gradient.lower.sum()
    assert by_eps == pytest.approx(v @ (up - down) / (2 * step), rel=1e-6)


def test_params_are_set_and_checked(parity):
    loose = parity.project(DATA, "score", params={"eps": 1.0})
    np.testing.assert_array_equal(loose.y, np.clip(DATA["score"], 0, 1))
    with pytest.raises(fairc.DataError) as caught:
        parity.project(DATA, "score", params={"eps": 2.0})
    assert caught.value.code == "E0504" and "outside its range [0, 1]" in caught.value.message
    with pytest.raises(fairc.DataError, match="did you mean `eps`"):
        parity.project(DATA, "score", params={"epss": 0.1})


def test_entries_of_a_table_are_params():
    """With levels from events; each entry by its own name."""
    program = fairc.compile("""
column sex: {female, male}
label income: {0, 1}
predict score: real in [0, 1]
group part = {rich_man: income == 1 and sex == male, man: sex == male, rest: otherwise}
param tol[part] = {rest: 10%, otherwise: 2%} in [0, 1]
constraint near: forall a in part: |E[score | part == a] - E[score]| <= tol[a]
""")
    assert list(program.params) == ["tol[man]", "tol[rest]", "tol[rich_man]"]
    assert program.params["tol[rest]"] == fairc.Param("tol[rest]", 0.1, 0.0, 1.0)
    sex, income = np.asarray(DATA["sex"]), np.asarray(DATA["income"])
    parts = {"rich_man": (sex == "male") & (income == 1), "man": (sex == "male") & (income == 0), "rest": sex == "female"}
    for params in ({}, {"tol[rich_man]": 0.001}, {"tol[rest]": 0.0, "tol[man]": 0.5}):
        fair = program.project(DATA, "score", params=params).y
        limits = {"tol[rich_man]": 0.02, "tol[man]": 0.02, "tol[rest]": 0.1, **params}
        gaps = {name: abs(fair[part].mean() - fair.mean()) for name, part in parts.items()}
        assert all(gaps[name] <= limits[f"tol[{name}]"] + 1e-12 for name in parts), gaps
        assert any(abs(gaps[name] - limits[f"tol[{name}]"]) < 1e-12 for name in parts), gaps
    with pytest.raises(fairc.DataError, match=r"`tol` is a table: set one of `tol\[man\]`"):
        program.project(DATA, "score", params={"tol": 0.1})


def test_an_infeasible_batch_names_its_rows():
    program = fairc.compile(
        "column sex: {female, male}\npredict score: real in [0, 1]\n"
        "constraint low: E[score] <= 0.1\nconstraint high: forall s in sex: E[score | sex == s] >= 0.9\n"
    )
    with pytest.raises(fairc.InfeasibleError) as caught:
        program.project(DATA, "score")
    assert caught.value.code == "E0801"
    assert "`low`" in caught.value.message and "`high[s=" in caught.value.message and "relax" in caught.value.help
    relaxed = program.project(DATA, "score", on_infeasible="relax")
    assert relaxed.status == "relaxed" and len(relaxed.y) == 400


def test_numbers_that_are_no_predictions_are_refused(parity):
    problem = parity.encode(DATA).bind()
    z = DATA["score"].copy()
    z[3] = np.nan
    with pytest.raises(fairc.SolveError, match=r"`z\[3\]` is NaN"):
        problem.project(z)
    with pytest.raises(fairc.SolveError, match="length 399, expected 400"):
        problem.project(z[:-1])
    with pytest.raises(ValueError, match=r"predictions have the shape \(2, 200\)"):
        problem.project(z.reshape(2, 200))
    assert problem.project(DATA["score"].reshape(-1, 1)).y.shape == (400,)
    with pytest.raises(ValueError, match='`on_infeasible` is "never"'):
        problem.project(DATA["score"], on_infeasible="never")


def test_skipped_rows_are_told(parity):
    women = {name: values[DATA["sex"] == "female"] for name, values in DATA.items()}
    (row,) = parity.encode(women).bind().rows
    assert row.status == "skipped" and row.reason == '`sex == "male"` has no samples'


def test_an_audit_reports_in_all_formats(parity, tmp_path):
    frame = pd.DataFrame(DATA)
    before = parity.audit(frame, bootstrap=50)
    assert not before and not before.passed and "violated" in before.text()
    fair = parity.project(frame, "score").y
    after = parity.audit(frame, fair, bootstrap=50)
    assert after.passed and "held" in repr(after)
    facts = after.json()
    assert facts["status"] == "held" and facts["n"] == 400 and facts["rows"][0]["name"] == "parity"
    assert after.html().lstrip().lower().startswith("<!doctype html") and "parity" in after.markdown()
    assert after.sarif()["version"] == "2.1.0"
    after.save(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text()) == facts
    with pytest.raises(ValueError, match="ends in '.pdf'"):
        after.save(tmp_path / "report.pdf")


def test_solves_leave_the_interpreter_free(parity):
    """Another thread goes on while a large batch is solved."""
    import sys
    import threading
    import time

    data = people(400_000, seed=9)
    problem = parity.encode(data).bind()
    ticks, done = [0], threading.Event()

    def tick():
        while not done.is_set():
            ticks[0] += 1
            time.sleep(0)

    def during(work):
        before = ticks[0]
        work()
        return ticks[0] - before

    # Nobody is asked to let go of the lock, so another thread moves only if the call itself gives it up.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    thread = threading.Thread(target=tick)
    thread.start()
    try:
        assert any(during(lambda: problem._core.project(data["score"])) for _ in range(500))
        # A call that holds the lock has none, so the test can fail.
        words = ["word"] * 3_000_000
        assert [during(lambda: sorted(words)) for _ in range(3)] == [0, 0, 0]
    finally:
        done.set()
        sys.setswitchinterval(interval)
        thread.join()


def test_a_stream_holds_the_pooled_rows(parity):
    random, data = np.random.default_rng(4), people(3000, seed=8)
    stream, answers, at = fairc.Stream(parity, method="smooth"), [], 0
    while at < 3000:
        size = int(random.integers(1, 9))
        part = {"sex": data["sex"][at : at + size]}
        answers.append(stream.answer(part, data["score"][at : at + size]))
        at += size
        if at > 1500 and len(answers) % 50 == 0:
            stream = fairc.Stream(parity, method="smooth", state=stream.state())
    assert stream.facts["samples"] == 3000
    female, male = means(np.concatenate(answers), data["sex"])
    (row,) = stream.facts["rows"]
    assert abs(abs(row["value"]) - abs(male - female)) < 1e-9 and abs(male - female) < 0.04
    with pytest.raises(fairc.DataError, match="the method"):
        fairc.Stream(parity, method="hard", state=stream.state())
