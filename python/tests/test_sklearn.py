"""The estimator and the frame of metrics."""

import pickle

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import fairc
from fairc.sklearn import FairDecider, FairnessFrame, FairProjector

from conftest import PARITY, means, people

#: Groups by the sign of the first column, so that it fits any table of numbers.
BY_SIGN = """
column first: real
predict score: real
param eps = 0.01 in [0, inf]
constraint parity: |E[score | first > 0] - E[score | first <= 0]| <= eps
"""


@pytest.mark.parametrize("inner", [LinearRegression(), LogisticRegression()])
def test_scikit_learn_checks_the_estimator(inner):
    spec = BY_SIGN if isinstance(inner, LinearRegression) else BY_SIGN.replace("score: real", "score: real in [0, 1]")
    check_estimator(FairProjector(inner, spec, columns={"first": 0}))


def frame(n=800, seed=0):
    data = people(n, seed)
    x = pd.DataFrame({"a": data["score"], "b": np.random.default_rng(seed).standard_normal(n)})
    return x, data["income"], pd.DataFrame({"sex": data["sex"]})


@pytest.mark.parametrize("mode", ["frozen", "batch"])
def test_probabilities_satisfy_the_spec_on_the_training_data(mode):
    x, y, sensitive = frame()
    model = FairProjector(LogisticRegression(), PARITY, mode=mode).fit(x, y, sensitive_features=sensitive)
    fair = model.predict_proba(x, sensitive_features=sensitive)
    assert fair.shape == (800, 2) and np.allclose(fair.sum(1), 1)
    female, male = means(fair[:, 1], sensitive["sex"])
    assert abs(male - female) <= 0.02 + 1e-9
    own = means(model.estimator_.predict_proba(x)[:, 1], sensitive["sex"])
    assert abs(own[0] - own[1]) > 0.05
    assert set(model.predict(x, sensitive_features=sensitive)) <= {0, 1}
    assert model.audit(x, y, sensitive_features=sensitive).passed


def test_frozen_predictions_depend_on_nobody_else():
    x, y, sensitive = frame()
    frozen = FairProjector(LogisticRegression(), PARITY).fit(x, y, sensitive_features=sensitive)
    whole = frozen.predict_proba(x, sensitive_features=sensitive)[:, 1]
    one = [frozen.predict_proba(x[i : i + 1], sensitive_features=sensitive[i : i + 1])[0, 1] for i in range(5)]
    np.testing.assert_array_equal(one, whole[:5])
    batch = FairProjector(LogisticRegression(), PARITY, mode="batch").fit(x, y, sensitive_features=sensitive)
    alone = batch.predict_proba(x[:5], sensitive_features=sensitive[:5])[:, 1]
    assert not np.array_equal(alone, batch.predict_proba(x, sensitive_features=sensitive)[:5, 1])


def test_columns_are_found_in_the_input():
    x, y, sensitive = frame()
    coded = x.assign(sex=sensitive["sex"])
    program = fairc.compile(PARITY)

    class Numbers(LogisticRegression):
        def fit(self, X, y):
            return super().fit(X[["a", "b"]], y)

        def predict_proba(self, X):
            return super().predict_proba(X[["a", "b"]])

    named = FairProjector(Numbers(), program).fit(coded, y).predict_proba(coded)
    given = FairProjector(LogisticRegression(), program).fit(x, y, sensitive_features=sensitive)
    np.testing.assert_array_equal(named, given.predict_proba(x, sensitive_features=sensitive))
    with pytest.raises(fairc.DataError) as caught:
        FairProjector(LogisticRegression(), program).fit(x, y)
    assert caught.value.code == "E0701" and "\\u{0}" not in str(caught.value)
    # One vector is the one column that is wanted: a series by its name, an array since no other is missing.
    for vector in (sensitive["sex"], np.asarray(sensitive["sex"]), np.asarray(sensitive[["sex"]])):
        alone = FairProjector(LogisticRegression(), program).fit(x, y, sensitive_features=vector)
        np.testing.assert_array_equal(
            alone.predict_proba(x, sensitive_features=vector), given.predict_proba(x, sensitive_features=sensitive)
        )
    with pytest.raises(ValueError, match="hand over a frame"):
        FairProjector(LogisticRegression(), program).fit(x, y, sensitive_features=np.zeros((len(y), 2)))


def test_it_works_in_searches_and_pipelines():
    x, y, _ = frame(300)
    model = make_pipeline(StandardScaler(), FairProjector(LogisticRegression(), BY_SIGN.replace("score: real", "score: real in [0, 1]"), columns={"first": 0}))
    assert cross_val_score(model, x.to_numpy(), y).mean() > 0.5
    search = GridSearchCV(model, {"fairprojector__params": [{"eps": 0.0}, {"eps": 1.0}], "fairprojector__estimator__C": [0.1, 1.0]})
    search.fit(x.to_numpy(), y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(x.to_numpy()), search.predict(x.to_numpy()))


def test_sensitive_features_are_routed():
    import sklearn

    x, y, sensitive = frame(300)
    with sklearn.config_context(enable_metadata_routing=True):
        model = FairProjector(LogisticRegression(), PARITY)
        model.set_fit_request(sensitive_features=True).set_score_request(sensitive_features=True)
        scores = cross_val_score(model, x, y, params={"sensitive_features": sensitive})
    assert scores.shape == (5,) and (scores > 0.4).all()


def test_misuse_is_told():
    x, y, sensitive = frame(100)
    with pytest.raises(ValueError, match='`mode` is \'never\', expected "frozen" or "batch"'):
        FairProjector(LogisticRegression(), PARITY, mode="never").fit(x, y)
    with pytest.raises(ValueError, match="`spec` is None"):
        FairProjector(LogisticRegression()).fit(x, y)
    with pytest.raises(ValueError, match="The data have 3 classes"):
        FairProjector(LogisticRegression(), PARITY).fit(x, np.arange(100) % 3, sensitive_features=sensitive)


DECISIONS = PARITY.replace("predict score", "predict hired").replace("[score", "[hired").replace("real in [0, 1]", "{0, 1}", 1)


def test_scikit_learn_checks_the_decider():
    spec = BY_SIGN.replace("score: real", "score: {0, 1}").replace("eps = 0.01", "eps = 1")
    check_estimator(FairDecider(LogisticRegression(), spec, columns={"first": 0}))


@pytest.mark.parametrize("holdout", [None, 0.4])
def test_decisions_satisfy_the_spec(holdout):
    x, y, sensitive = frame(4000)
    named = np.where(y == 1, "yes", "no")
    model = FairDecider(LogisticRegression(), DECISIONS, holdout=holdout, random_state=1)
    model.fit(x, named, sensitive_features=sensitive, sample_weight=np.ones(4000))
    chances = model.predict_proba(x, sensitive_features=sensitive)
    assert chances.shape == (4000, 2) and np.allclose(chances.sum(1), 1)
    assert set(model.predict(x, sensitive_features=sensitive)) == {"no", "yes"}
    female, male = means(chances[:, 1], sensitive["sex"])
    own = means(model.estimator_.predict(x) == "yes", sensitive["sex"])
    assert abs(male - female) <= (0.02 + 1e-9 if holdout is None else 0.08) < abs(own[0] - own[1])
    assert model.score(x, named, sensitive_features=sensitive) > 0.5
    # The same from the frozen text, and of one sample alone.
    again = fairc.Thresholds.from_json(model.program_, model.thresholds_.to_json())
    raw = model.estimator_.predict_proba(x)[:, 1]
    np.testing.assert_array_equal(again.apply(sensitive, raw), model.decide(x, sensitive_features=sensitive))
    one = [model.decide(x[i : i + 1], sensitive_features=sensitive[i : i + 1])[0] for i in range(5)]
    np.testing.assert_array_equal(one, model.decide(x, sensitive_features=sensitive)[:5])


def test_group_columns_of_decisions_are_routed():
    import sklearn

    x, y, sensitive = frame(300)
    with sklearn.config_context(enable_metadata_routing=True):
        model = FairDecider(LogisticRegression(), DECISIONS)
        model.set_fit_request(sensitive_features=True).set_score_request(sensitive_features=True)
        scores = cross_val_score(model, x, y, params={"sensitive_features": sensitive})
    assert scores.shape == (5,) and (scores > 0.4).all()
    search = GridSearchCV(FairDecider(LogisticRegression(), BY_SIGN.replace("real\nparam", "{0, 1}\nparam"), columns={"first": 0}), {"cutoff": [0.4, 0.6]})
    search.fit(x.to_numpy(), y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(x.to_numpy()), search.predict(x.to_numpy()))


def test_misuse_of_the_decider_is_told():
    x, y, sensitive = frame(100)
    with pytest.raises(ValueError, match="`estimator` is LinearRegression, expected a classifier"):
        FairDecider(LinearRegression(), DECISIONS).fit(x, y)
    with pytest.raises(ValueError, match="`holdout` is 1.5"):
        FairDecider(LogisticRegression(), DECISIONS, holdout=1.5).fit(x, y, sensitive_features=sensitive)
    with pytest.raises(ValueError, match="The data have 3 classes"):
        FairDecider(LogisticRegression(), DECISIONS).fit(x, np.arange(100) % 3, sensitive_features=sensitive)
    with pytest.raises(fairc.DataError, match="`Program.decide`"):
        FairProjector(LogisticRegression(), DECISIONS).fit(x, y, sensitive_features=sensitive)


def test_a_frame_of_one_metric_and_of_many():
    _, y, sensitive = frame()
    score = people(800)["score"]
    predicted = (score > 0.5).astype(int)
    one = FairnessFrame(accuracy_score, y, predicted, sensitive_features=sensitive["sex"])
    by = {sex: accuracy_score(y[sensitive["sex"] == sex], predicted[sensitive["sex"] == sex]) for sex in ("female", "male")}
    assert one.by_group.to_dict() == by and one.overall == accuracy_score(y, predicted)
    assert one.difference() == pytest.approx(abs(by["female"] - by["male"]))
    assert one.ratio() == pytest.approx(min(by.values()) / max(by.values()))
    assert one.difference(to="overall") == pytest.approx(max(abs(value - one.overall) for value in by.values()))
    assert one.ratio(to="overall") <= 1
    both = pd.DataFrame({"sex": sensitive["sex"], "third": np.arange(800) % 3})
    many = FairnessFrame({"accuracy": accuracy_score, "error": mean_absolute_error}, y, predicted, sensitive_features=both)
    assert many.by_group.shape == (6, 2) and many.counts.sum() == 800
    assert list(many.overall.index) == ["accuracy", "error"] == list(many.difference().index)
    assert many.by_group.loc[("male", 2), "error"] == pytest.approx(1 - many.by_group.loc[("male", 2), "accuracy"])


def test_a_frame_is_fed_by_the_compiled_program():
    data = people(800)
    program = fairc.compile(PARITY)
    before = FairnessFrame(mean_absolute_error, data["income"], data["score"], sensitive_features={"sex": data["sex"]}, program=program)
    assert not before.audit.passed
    fair = program.project(data, "score").y
    assert FairnessFrame(mean_absolute_error, data["income"], fair, sensitive_features={"sex": data["sex"]}, program=program).audit.passed
    with pytest.raises(ValueError, match="`sensitive_features` has 3 rows, expected 800"):
        FairnessFrame(mean_absolute_error, data["income"], fair, sensitive_features=[1, 2, 3])
