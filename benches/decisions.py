"""Decisions on Adult beside fairlearn, error-parity and OxonFair: one table for docs/comparison-decisions.md.

    python -m venv compare && compare/bin/pip install fairlearn error-parity oxonfair scikit-learn pandas "pyarrow<21"
    PYTHONPATH=python compare/bin/python benches/decisions.py target/test-data/adult.csv

The extension of fairc lies in python/fairc (tests/python.sh puts it there), and tests/oracle/adult.py writes the data. A logistic
regression and gradient boosting are fitted on a third of the samples. On the second third, the fit part, each package makes
decisions of their probabilities; the last third is the test part. Everything is measured here, from decisions and labels alone:
accuracy, and by how much the rates of two groups differ at most.

Rates of fairlearn and error-parity are those of their expected decisions: the chances by which they draw. Of fairc the decisions for demographic parity are 0 or 1 on the fit part; elsewhere, at a tolerance of 0, and where scores are
calibrated by group, rates are the expected ones of the thresholds, and so they are on the test part.
"""

import argparse
import contextlib
import importlib.metadata
import io
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline

import fairc

NUMBERS = ["age", "education_num", "hours_per_week"]
TOLERANCES = [0.0, 0.01, 0.02, 0.05]
#: By criterion: the events whose rates are compared, as conditions on the label.
CRITERIA = {"demographic parity": [None], "equal opportunity": [1], "equalized odds": [0, 1]}


def models(x, y):
    yield "logistic regression", make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    yield "gradient boosting", HistGradientBoostingClassifier(random_state=0).fit(x, y)


def gap(decisions, y, groups, events):
    """The largest difference of a rate between two groups."""
    worst = 0.0
    for event in events:
        within = np.ones(len(y), bool) if event is None else y == event
        rates = [decisions[within & (groups == group)].mean() for group in np.unique(groups)]
        worst = max(worst, max(rates) - min(rates))
    return worst


def accuracy(decisions, y):
    return float(np.mean(decisions * y + (1 - decisions) * (1 - y)))


# Packages: each gives decisions on the fit part and on the test part


def spec(levels, events, more=""):
    names = ", ".join(f"`{level}`" for level in levels)
    rows = []
    for event in events:
        given = "" if event is None else f", income == {event}"
        rows.append(f"constraint rates{'' if event is None else event}: forall (a, b) in pairs(group):\n"
                    f"    |E[d | group == a{given}] - E[d | group == b{given}]| <= eps")
    text = "\n".join(rows)
    return f"column group: {{{names}}}\nlabel income: {{0, 1}}\npredict d: {{0, 1}}\nparam eps = 0 in [0, 1]\n{text}\n{more}".replace("group:", "part:").replace("pairs(group)", "pairs(part)").replace("group ==", "part ==")


def calibrated(fit):
    """Isotonic in each group: decisions by it lie on the convex hull of the ROC curve of the group."""
    maps = {}
    for group in np.unique(fit.groups):
        of = fit.groups == group
        maps[group] = IsotonicRegression(out_of_bounds="clip").fit(fit.score[of], fit.y[of])

    def transform(part):
        out = np.empty(len(part.y))
        for group, isotonic in maps.items():
            of = part.groups == group
            out[of] = isotonic.predict(part.score[of])
        return out

    return transform


def by_fairc(fit, test, events, tolerance, transform, drawn=False):
    program = fairc.compile(spec(np.unique(fit.groups), events))
    params = {"eps": tolerance}
    table = {"part": fit.groups, "income": fit.y}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thresholds = fairc.Thresholds.fit(program, table, transform(fit), params=params, randomize=0)
    later = thresholds.chances({"part": test.groups}, transform(test))
    # Labels are no part of a decision: where rows read them, the thresholds decide on the fit part too.
    if drawn or events != [None] or tolerance == 0:
        return thresholds.chances(table, transform(fit)), later
    return program.decide(table, transform(fit), params=params).d, later


class Scores(ClassifierMixin, BaseEstimator):
    """An estimator whose probabilities are a column."""

    classes_ = np.array([0, 1])

    def fit(self, x, y):
        return self

    def predict_proba(self, x):
        score = np.asarray(x, dtype=float).reshape(len(x), -1)[:, 0]
        return np.column_stack([1 - score, score])

    def predict(self, x):
        return (self.predict_proba(x)[:, 1] >= 0.5).astype(int)

    def __sklearn_is_fitted__(self):
        return True


FAIRLEARN = {"demographic parity": "demographic_parity", "equal opportunity": "true_positive_rate_parity",
             "equalized odds": "equalized_odds"}


def by_fairlearn(fit, test, criterion, tolerance):
    from fairlearn.postprocessing import ThresholdOptimizer

    if tolerance and criterion == "equalized odds":
        return None
    options = {"tol": tolerance} if tolerance else {}
    found = ThresholdOptimizer(estimator=Scores(), constraints=FAIRLEARN[criterion], objective="accuracy_score",
                               grid_size=1000, prefit=True, predict_method="predict_proba", **options)
    found.fit(fit.score.reshape(-1, 1), fit.y, sensitive_features=fit.groups)
    return [found._pmf_predict(part.score.reshape(-1, 1), sensitive_features=part.groups)[:, 1] for part in (fit, test)]


PARITY = {"demographic parity": "demographic_parity", "equal opportunity": "true_positive_rate_parity",
          "equalized odds": "equalized_odds"}


def by_error_parity(fit, test, criterion, tolerance):
    from error_parity import RelaxedThresholdOptimizer

    number = {group: place for place, group in enumerate(np.unique(fit.groups))}
    codes = [np.array([number[group] for group in part.groups]) for part in (fit, test)]
    found = RelaxedThresholdOptimizer(predictor=lambda x: np.asarray(x)[:, 0], constraint=PARITY[criterion], tolerance=tolerance, max_roc_ticks=1000)
    found.fit(fit.score.reshape(-1, 1), fit.y, group=codes[0])
    return [chances(found, part.score.reshape(-1, 1), code) for part, code in zip((fit, test), codes)]


def chances(found, score, codes):
    """The chances by which error-parity draws: each group has thresholds that are drawn between, and may have a coin."""

    def of(classifier, rows):
        if hasattr(classifier, "probabilities"):
            return sum(share * of(part, rows) for share, part in zip(classifier.probabilities, classifier.classifiers))
        coin = getattr(classifier, "target_fpr", None)
        return np.full(len(rows), coin) if coin is not None else np.asarray(classifier(rows), dtype=float)

    out = np.empty(len(codes))
    for code, classifier in found._realized_classifier.group_to_clf.items():
        out[codes == code] = of(classifier, score[codes == code])
    return out


def by_oxonfair(fit, test, criterion, tolerance):
    import oxonfair
    from oxonfair import group_metrics as gm

    # Its search makes an array of 6 ** groups * 4 * groups numbers: 18 GiB for ten groups. The grid cannot be made coarser.
    if len(np.unique(fit.groups)) > 5:
        return None
    metric = {"demographic parity": gm.demographic_parity, "equal opportunity": gm.equal_opportunity, "equalized odds": gm.equalized_odds_max if hasattr(gm, "equalized_odds_max") else gm.equalized_odds}[criterion]
    data = [oxonfair.DataDict(part.y, np.column_stack([1 - part.score, part.score]), part.groups) for part in (fit, test)]
    found = oxonfair.FairPredictor(None, data[0])
    found.fit(gm.accuracy, metric, tolerance)
    return [np.asarray(found.predict(one), dtype=float) for one in data]


class Part:
    def __init__(self, y, score, groups):
        self.y, self.score, self.groups = y, score, groups


def measured(decisions, parts, events):
    """Accuracy and gap on the fit part, and on the test part."""
    each = [f"{100 * accuracy(d, part.y):.2f} ({100 * gap(d, part.y, part.groups, events):.2f})" for d, part in zip(decisions, parts)]
    return " · ".join(each)


def attempts(fit, test, criterion, tolerance):
    events = CRITERIA[criterion]
    own = calibrated(fit)
    yield "fairc", lambda: by_fairc(fit, test, events, tolerance, lambda part: part.score)
    yield "fairc, calibrated by group", lambda: by_fairc(fit, test, events, tolerance, own, drawn=True)
    yield "fairlearn", lambda: by_fairlearn(fit, test, criterion, tolerance)
    yield "error-parity", lambda: by_error_parity(fit, test, criterion, tolerance)
    yield "OxonFair", lambda: by_oxonfair(fit, test, criterion, tolerance)


def table(parts, name):
    """A line for each criterion and tolerance, a column for each package."""
    packages = [package for package, _ in attempts(*parts, "demographic parity", 0.0)]
    print(f"\n| {name}: criterion, tolerance | cutoff 0.5 alone | {' | '.join(packages)} |")
    print("| --- |" + " --- |" * (len(packages) + 1))
    seconds = dict.fromkeys(packages, (0.0, 0))
    for criterion, events in CRITERIA.items():
        alone = measured([(part.score >= 0.5).astype(float) for part in parts], parts, events)
        for tolerance in TOLERANCES:
            cells = []
            for package, run in attempts(*parts, criterion, tolerance):
                start = time.perf_counter()
                try:
                    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        found = run()
                except Exception as error:
                    cells.append(f"not run: {type(error).__name__}: {str(error).splitlines()[0][:60]}")
                    continue
                if found is None:
                    cells.append("does not take it")
                    continue
                spent, count = seconds[package]
                seconds[package] = spent + time.perf_counter() - start, count + 1
                cells.append(measured(found, parts, events))
            print(f"| {criterion}, {100 * tolerance:g} % | {alone} | {' | '.join(cells)} |", flush=True)
    told = [f"{package} {spent / count:.2f}" for package, (spent, count) in seconds.items() if count]
    print(f"\nSeconds for one fit and its decisions, mean: {', '.join(told)}.")


def own_table(frames, scores, name):
    """Criteria that none of the others takes: budgets, precision, and conditional rates."""
    fit, test = frames
    print(f"\n| {name}: criterion | accuracy, fit % | accuracy, test % | what holds on the fit part | the same on the test part |")
    print("| --- | ---: | ---: | --- | --- |")
    rates = "constraint rates: |E[d | sex == Female] - E[d | sex == Male]| <= 1%\n"
    within = "constraint rates: forall m in married: |E[d | sex == Female, married == m] - E[d | sex == Male, married == m]| <= 1%\n"
    head = "column sex: {Female, Male}\ncolumn married: {yes, no}\nlabel income: {0, 1}\npredict d: {0, 1}\n"
    cases = {
        "parity of 1 % and at most 10 % selected": rates + "constraint budget: E[d] <= 10%\n",
        "parity of 1 % and a precision of 80 %": rates + "constraint right: Sum[d | income == 1] >= 80% * Sum[d]\n",
        "parity of 1 % among the married and the others": within,
    }

    def facts(frame, d):
        y, female, married = frame["income"].to_numpy(), (frame["sex"] == "Female").to_numpy(), (frame["married"] == "yes").to_numpy()
        differ = lambda of: abs(d[of & female].mean() - d[of & ~female].mean())
        every = np.ones(len(d), bool)
        return (f"gap {100 * differ(every):.2f} %, gaps by marriage {100 * differ(married):.2f} and {100 * differ(~married):.2f} %, "
                f"selected {100 * d.mean():.2f} %, precision {100 * d[y == 1].sum() / max(d.sum(), 1):.1f} %")

    for criterion, rows in cases.items():
        try:
            program = fairc.compile(head + rows)
            label = any(row.needs for row in program.rows)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                thresholds = fairc.Thresholds.fit(program, fit, scores[0], randomize=0)
            decided = thresholds.chances(fit, scores[0]) if label else program.decide(fit, scores[0]).d
            later = thresholds.chances(test, scores[1])
        except Exception as error:
            print(f"| {criterion} | not run: {type(error).__name__}: {str(error).splitlines()[0][:120]} | | | |")
            continue
        print(f"| {criterion} | {100 * accuracy(decided, fit['income'].to_numpy()):.2f} | {100 * accuracy(later, test['income'].to_numpy()):.2f} | {facts(fit, decided)} | {facts(test, later)} |", flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data")
    frame = pd.read_csv(arguments.parse_args().data)
    frame["married"] = np.where(frame["marital_status"].str.startswith("Married"), "yes", "no")
    frame["sex"], frame["race"] = frame["sex"].astype(object), frame["race"].astype(object)
    x = np.column_stack([frame[NUMBERS].to_numpy(float), frame["married"] == "yes", frame["sex"] == "Male"]).astype(float)
    y = frame["income"].to_numpy()
    places = np.random.default_rng(0).permutation(len(y))
    train, fit, test = np.array_split(places, 3)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("fairlearn", "error-parity", "oxonfair", "scikit-learn"))
    print(f"Adult, {len(train)} samples to train, {len(fit)} to fit, {len(test)} to test; fairc {fairc.__version__}, {versions}.")
    by = {"sex": frame["sex"].to_numpy(object), "sex and race": (frame["sex"] + ", " + frame["race"]).to_numpy(object)}
    for name, model in models(x[train], y[train]):
        score = model.predict_proba(x)[:, 1]
        for groups, of in by.items():
            table([Part(y[part], score[part], of[part].astype(str)) for part in (fit, test)], f"{name}, {groups}")
        frames = [frame.iloc[part][["sex", "married", "income"]].reset_index(drop=True) for part in (fit, test)]
        own_table(frames, [score[part] for part in (fit, test)], name)


if __name__ == "__main__":
    main()
