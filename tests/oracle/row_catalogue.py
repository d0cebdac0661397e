"""The rows of the 35 affine specs of `docs/catalogue.md`, computed from their formulas.

Rows are matched by what they say and not by their names: each expected one with one of those that were exported.
"""

import itertools
import re

import numpy as np

from row_samples import (
    AGE, ALL, COST, EPS, INCOME, INF, LEVELS, RACE, ROOT, SCORE, SEX, Sample, agree, exported, pairs,
)

S = Sample(np.ones(len(AGE)))
F, M = SEX == "female", SEX == "male"
SEXES = {"female": F, "male": M}
BANDS = [AGE < 30, (AGE >= 30) & (AGE < 50), AGE >= 50]
ERROR = 1 - 2 * INCOME
RACES = [RACE == level for level in LEVELS]


def gap(first, second, factor=1.0, tol=EPS):
    return S.mean(first, factor) - S.mean(second, factor), -tol, tol


def of_class(y):
    return gap(F & (INCOME == y), M & (INCOME == y))


def constant(factor, event):
    return S.average(factor, event)


def parity():
    yield gap(F, M)


def ratios():
    for a, b in itertools.permutations([F, M]):
        yield S.mean(a) - 0.8 * S.mean(b), 0, INF


def to_overall():
    for race in RACES:
        yield gap(race, ALL)


def to_white():
    for race in RACES[1:]:
        yield gap(race, RACES[0])


def conditional():
    for band in BANDS:
        yield gap(F & band, M & band)


def opportunity():
    yield of_class(1)


def predictive_equality():
    yield of_class(0)


def odds():
    yield of_class(0)
    yield of_class(1)


def average_odds():
    rows = [of_class(y)[0] for y in (0, 1)]
    yield sum(rows) / 2, -EPS, EPS


def accuracy():
    offset = constant(INCOME, F) - constant(INCOME, M)
    yield S.mean(F, ERROR) - S.mean(M, ERROR), -EPS - offset, EPS - offset


def group_loss():
    for race in RACES:
        yield S.mean(race, ERROR), -INF, 0.55 - constant(INCOME, race)


def treatment():
    # False negatives y(1 - p) and false positives (1 - y)p: least · FP <= FN <= most · FP.
    for one in SEXES.values():
        negative, positive = S.total(one, -INCOME), S.total(one, 1 - INCOME)
        yield negative - 0.5 * positive, -INCOME[one].sum(), INF
        yield negative - 2 * positive, -INF, -INCOME[one].sum()


def precision():
    for one in SEXES.values():
        yield S.total(one, INCOME) - 0.4 * S.total(one), 0, INF


def omission():
    # Σ y (1 - p) <= 0.6 Σ (1 - p).
    for one in SEXES.values():
        yield 0.6 * S.total(one) - S.total(one, INCOME), -INF, 0.6 * one.sum() - INCOME[one].sum()


def f1():
    # 2 Σ y p >= 0.4 (Σ p + Σ y).
    for one in SEXES.values():
        yield 2 * S.total(one, INCOME) - 0.4 * S.total(one), 0.4 * INCOME[one].sum(), INF


def discovery():
    for one in SEXES.values():
        yield S.mean(one, 1 - INCOME) - 0.6 * S.mean(one), -INF, 0


def residuals():
    for race in RACES:
        base = constant(INCOME, race)
        yield S.mean(race), base - EPS, base + EPS


def residual_parity():
    base = constant(INCOME, F) - constant(INCOME, M)
    yield S.mean(F) - S.mean(M), base - EPS, base + EPS


def bins():
    for one, band in itertools.product(SEXES.values(), BANDS):
        base = constant(INCOME, one & band)
        yield S.mean(one & band), base - 0.2, base + 0.2


def multiaccuracy():
    feature = AGE / 100
    base = constant(feature * INCOME, ALL)
    yield S.mean(ALL, feature), base - EPS, base + EPS


def covariance_with(values, event, tol):
    return S.mean(event, values) - constant(values, event) * S.mean(event), -tol, tol


def covariance():
    yield covariance_with(AGE, ALL, 0.5)


def mistreatment():
    for y in (0, 1):
        yield covariance_with(F * 1.0, INCOME == y, EPS)


def differential():
    factor = np.exp(0.3)
    for a, b in itertools.permutations([F, M]):
        # Of the other outcome, 1 - a <= factor · (1 - b), about the same quantity.
        yield S.mean(a) - factor * S.mean(b), 1 - factor, 0


def subgroups():
    for one, race in itertools.product(SEXES.values(), RACES):
        share = (one & race).mean()
        yield share * (S.mean(one & race) - S.mean(ALL)), -EPS, EPS


def worst():
    for race in RACES:
        yield S.mean(race), 0.2, INF


def largest_gap():
    for a, b in pairs(RACES):
        yield gap(a, b, tol=0.4)


def costs():
    for one in SEXES.values():
        yield S.mean(one, COST / 10), -INF, 0.6


def utility():
    yield gap(F, M, INCOME - COST / 10 * (1 - INCOME), 0.2)


def representation():
    yield S.mean(ALL, F * 1.0) - 0.4 * S.mean(ALL), 0, INF


def ordered():
    for a, b in itertools.pairwise(BANDS):
        yield S.mean(a) - S.mean(b), -INF, EPS


def moments():
    for k in (1, 2):
        yield gap(F, M, (AGE / 100) ** k)


def no_harm():
    yield S.mean(F), SCORE[F].mean(), INF


def kept():
    yield S.mean(ALL), SCORE.mean(), SCORE.mean()


def bounded_change():
    yield S.mean(M), SCORE[M].mean() - EPS, INF


def odds_cap():
    yield S.mean(AGE >= 65), -INF, 0.6


ROWS = [
    parity, ratios, to_overall, to_white, conditional, opportunity, predictive_equality, odds, average_odds, accuracy, group_loss,
    treatment, precision, omission, f1, discovery, residuals, residual_parity, bins, multiaccuracy, covariance, mistreatment,
    differential, subgroups, worst, largest_gap, costs, utility, representation, ordered, moments, no_harm, kept, bounded_change,
    odds_cap,
]

#: Bounds of single predictions, by the number of the spec.
BOUNDS = {
    32: (np.where(F, SCORE, 0), np.ones(len(AGE))),
    34: (np.clip(SCORE - 0.2, 0, 1), np.clip(SCORE + 0.2, 0, 1)),
    35: (np.zeros(len(AGE)), np.where(AGE < 25, 0.75, 1)),
}


def specs():
    page = (ROOT / "docs/catalogue.md").read_text()
    affine = page.split("## Affine", 1)[1].split("## Not affine", 1)[0]
    return re.findall(r"### (\d+)\. ([^\n]+)\n.*?```fair passes\n(.*?)```", affine, re.DOTALL)


def catalogue(fairc, folder, data):
    """How far each row of the catalogue is from numpy."""
    found = specs()
    assert [int(number) for number, *_ in found] == list(range(1, 36)), found
    for (number, name, spec), expected in zip(found, ROWS, strict=True):
        rows, problem = exported(fairc, folder, spec, data, predictions=["score"])
        left = dict(rows)
        for wanted in expected():
            errors = {known: agree(row, wanted) for known, row in left.items()}
            assert errors, f"{number}. {name}: a row is missing"
            nearest = min(errors, key=errors.get)
            assert errors[nearest] <= 1e-12, f"{number}. {name}: no row within {errors[nearest]:.1e} of {wanted[1:]}, of {sorted(rows)}"
            del left[nearest]
            yield errors[nearest]
        assert not left, f"{number}. {name}: {sorted(left)} are not expected"
        for side, bound in zip(("lo", "hi"), BOUNDS.get(int(number), ())):
            yield np.abs(np.broadcast_to(problem[side], len(AGE)) - bound).max()
