"""The rows of specs in `examples/specs` on German Credit, against numpy."""

import csv
import itertools

import numpy as np

from row_samples import EPS, INF, ROOT, Sample, agree, exported, pairs


GERMAN_CREDIT = ROOT / "examples/german_credit/german_credit.csv"


def columns(*names):
    """Columns of German Credit, as texts."""
    with open(GERMAN_CREDIT, newline="") as file:
        people = list(csv.DictReader(file))
    return [np.array([one[name] for one in people]) for name in names]


def example_by_level(fairc, folder):
    """How far each row of `examples/specs/groups.fair` is from numpy, as written and with an entry of its table set."""
    age, housing = columns("age", "housing")
    age, rents = age.astype(float), housing == "rent"
    s, everyone = Sample(np.ones(len(age))), np.ones(len(age), bool)
    young = (age < 30) & rents
    bands = {"(-inf,25)": age < 25, "[25,35)": (age >= 25) & (age < 35), "[35,50)": (age >= 35) & (age < 50), "[50,inf)": age >= 50}
    spec = (ROOT / "examples/specs/groups.fair").read_text()
    for settings, tenant in [((), 0.04), (("tol[tenant]=2%",), 0.02), (("tol[ tenant ] = 0.5",), 0.5)]:
        rows, _ = exported(fairc, folder, spec, GERMAN_CREDIT, *settings)
        wanted = {}
        for name, event, tol in [("young_tenant", young, 0.02), ("tenant", rents & ~young, tenant), ("other", ~rents, 0.04)]:
            wanted[f"near[a={name}]"] = s.mean(event) - s.mean(everyone), -tol, tol
        for (a, first), (b, second) in itertools.pairwise(bands.items()):
            wanted[f"smooth[a={a},b={b}]"] = s.mean(first) - s.mean(second), -0.03, 0.03
        assert set(rows) == set(wanted), f"{sorted(rows)}\n{sorted(wanted)}"
        for name in wanted:
            error = agree(rows[name], wanted[name])
            assert error <= 1e-12, f"groups.fair: row {name} differs by {error:.1e}"
            yield error


def german_credit():
    """The rows of `examples/specs/folds.fair` on its data."""
    housing, savings = columns("housing", "savings")
    age, amount, good = (texts.astype(float) for texts in columns("age", "amount", "credit_good"))
    s, everyone = Sample(np.ones(len(age))), np.ones(len(age), bool)
    kinds = {h: s.mean(housing == h) for h in ("own", "rent", "free")}
    for i, (a, b) in enumerate(pairs(list(kinds)), 1):
        yield f"range.{i}", kinds[a] - kinds[b], -EPS, EPS
    for h, kind in kinds.items():
        yield f"near_mean[h={h}]", kind - sum(kinds.values()) / 3, -EPS, EPS
    young = ((age < 25) & (housing == "rent")) * 1.0
    yield "young_renters", s.mean(everyone, young) - young.mean() * s.mean(everyone), -0.001, 0.001
    gain = (0.1 * good - 0.5 * (1 - good)) * amount / 1000
    parts = [(savings == t).mean() * s.mean(savings == t, gain) for t in set(savings) - {"unknown"}]
    yield "gains", sum(parts), -0.2, INF


def example(fairc, folder):
    """The largest error of the example's rows, and how many there are."""
    spec = (ROOT / "examples/specs/folds.fair").read_text()
    rows, _ = exported(fairc, folder, spec, GERMAN_CREDIT)
    wanted = {name: row for name, *row in german_credit()}
    assert set(rows) == set(wanted), f"{sorted(rows)}\n{sorted(wanted)}"
    errors = [agree(rows[name], wanted[name]) for name in wanted]
    assert max(errors) <= 1e-12, errors
    return max(errors), len(errors)


def raw():
    """The rows of `examples/specs/raw.fair` on its data."""
    sex, = columns("sex")
    age, z = (texts.astype(float) for texts in columns("age", "score"))
    s, everyone = Sample(np.ones(len(age))), np.ones(len(age), bool)
    women, men, high = sex == "female", sex == "male", z >= 0.9
    yield "parity", s.mean(women) - s.mean(men), -EPS, EPS
    yield "kept", s.mean(everyone), z.mean(), z.mean()
    yield "high", s.mean(high), z[high].mean() - EPS, INF
    yield "age", s.mean(everyone, age) - age.mean() * s.mean(everyone), -INF, np.cov(z, age, bias=True)[0, 1] + 0.1
    yield "weighed", s.mean(men, z) - s.mean(women, z), -INF, 0.1


def example_raw(fairc, folder):
    """How far rows and bounds of `examples/specs/raw.fair` are from numpy."""
    spec = (ROOT / "examples/specs/raw.fair").read_text()
    rows, problem = exported(fairc, folder, spec, GERMAN_CREDIT, predictions=["score"])
    wanted = {name: row for name, *row in raw()}
    assert set(rows) == set(wanted), f"{sorted(rows)}\n{sorted(wanted)}"
    for name in wanted:
        error = agree(rows[name], wanted[name])
        assert error <= 1e-12, f"raw.fair: row {name} differs by {error:.1e}"
        yield error
    housing, z = columns("housing", "score")
    z = z.astype(float)
    lo = np.where(housing == "rent", z, z / 2)
    yield np.abs(np.array(problem["lo"]) - lo).max()
    yield np.abs(np.array(problem["hi"]) - 1).max()
