"""`fairc export --to json` against rows computed here with numpy, straight from what the specs say.

    python rows.py FAIRC        # the path of the binary

Each case is the constraints of a spec and a function that gives, for each row by name, its dense coefficients and
sides. Rows are compared up to orientation, to 1e-12.
"""

import itertools
import pathlib
import sys
import tempfile

import numpy as np

from row_catalogue import catalogue
from row_examples import example, example_by_level, example_raw
from row_random import Random
from row_written import written
from row_samples import (
    AGE, ALL, BANDS, COST, EPS, HEADER, HOURS, INCOME, INF, LEVELS, N, RACE, SENIOR, SEX, WEIGHT, Sample, agree, exported, pairs,
    write_data,
)


def parity(s):
    yield "c", s.mean(SEX == "female") - s.mean(SEX == "male"), -EPS, EPS


def odds(s):
    for c in (0, 1):
        a = s.mean((SEX == "female") & (INCOME == c)) - s.mean((SEX == "male") & (INCOME == c))
        yield f"c[c={c}]", a, -EPS, EPS


def pairwise(s):
    for r, t in pairs(LEVELS):
        if min((RACE == r).sum(), (RACE == t).sum()) >= 30:
            yield f"c[r={r},s={t}]", s.mean(RACE == r) - s.mean(RACE == t), -EPS, EPS


def four_fifths(s):
    for r, t in itertools.permutations(LEVELS, 2):
        yield f"c[r={r},s={t}]", s.mean(RACE == r) - 0.8 * s.mean(RACE == t), 0, INF


def residual(s):
    for r in LEVELS:
        base = s.average(INCOME, RACE == r)
        yield f"c[a={r}]", s.mean(RACE == r), base - EPS, base + EPS


def budget(s):
    yield "c", s.mean(ALL), 0.29, 0.31


def covariance(s):
    yield "c", s.mean(ALL, AGE) - s.average(AGE, ALL) * s.mean(ALL), -0.01, 0.01


def conditional_covariance(s):
    event = SEX == "male"
    yield "c", s.mean(event, COST) - s.average(COST, event) * s.mean(event), -0.3, 0.3


def intersections(s):
    for (a, b), (c, d) in pairs(list(itertools.product(["female", "male"], LEVELS))):
        first, second = (SEX == a) & (RACE == b), (SEX == c) & (RACE == d)
        if min(first.sum(), second.sum()) >= 5:
            yield f"c[a={a}*{b},b={c}*{d}]", s.mean(first) - s.mean(second), -EPS, EPS


def bands(s):
    for name, event in BANDS.items():
        yield f"c[g={name}]", s.mean(event), 0.1, INF


def named_event(s):
    yield "c", s.mean(SENIOR & (SEX == "male")) - s.mean(~SENIOR), -INF, 0.3


def nulls(s):
    other = (RACE == "black") | (RACE == "asian") | (RACE == "other")
    yield "c", s.mean(other) - s.mean(RACE != "white"), -0.2, 0.2


def accuracy(s):
    for a, b in pairs(["female", "male"]):
        error = lambda g: (s.mean(SEX == g, 1 - 2 * INCOME), s.average(INCOME, SEX == g))
        (first, base), (second, other) = error(a), error(b)
        yield f"c[a={a},b={b}]", first - second, -EPS - (base - other), EPS - (base - other)


def f1(s):
    for a in ["female", "male"]:
        positive = (SEX == a) & (INCOME == 1)
        row = 2 * s.total(positive) - 0.3 * s.total(SEX == a)
        yield f"c[a={a}]", row, 0.3 * s.total(positive).sum(), INF


def sums_and_shares(s):
    share = s.total((SEX == "male") & (INCOME == 1)).sum() / s.total(SEX == "male").sum()
    yield "c", s.total(SEX == "female", COST / 10) - 2 * s.mean(ALL), -INF, 500 * share + EPS


def several(s):
    yield "c.1", s.mean(SEX == "male"), -INF, 0.9
    yield "c.2", s.mean(SEX == "female", AGE / 100), -INF, 0.9


def minority(s):
    yes = (RACE == "black") | (RACE == "asian") | (RACE == "other")
    yield "c", s.mean(yes) - s.mean(~yes), -EPS, EPS


def first_that_holds(s):
    levels = {}
    left = ALL
    for name, event in [("old", AGE >= 65), ("busy", HOURS > 42), ("woman", SEX == "female")]:
        levels[name] = left & event
        left = left & ~event
    levels["rest"] = left
    for (name, event), tol in zip(levels.items(), [0.1, 0.2, 0.3, 0.3]):
        yield f"c[a={name}]", s.mean(event) - s.mean(ALL), -tol, tol


def left_over(s):
    women, men = (SEX == "female") & (AGE < 40), (SEX == "male") & ~((SEX == "female") & (AGE < 40)) & (HOURS >= 30)
    yield "c", s.mean(women) - s.mean(men), -INF, 0.4


def minority_by_sex(s):
    yes = (RACE == "black") | (RACE == "asian") | (RACE == "other")
    for name, event in [("yes", yes), ("no", ~yes)]:
        for sex, tol in [("female", 0.55), ("male", 0.6 if name == "yes" else 0.7)]:
            yield f"c[a={name}*{sex}]", s.mean(event & (SEX == sex)), -INF, tol


TOL = {"white": 0.02, "black": 0.04, "asian": 0.03, "other": 0.03}


def table(s):
    for race in LEVELS:
        yield f"c[a={race}]", s.mean(RACE == race) - s.mean(ALL), -TOL[race], TOL[race]
    yield "d", s.mean(SEX == "male"), -INF, 0.9 - TOL["black"]


def table_in_events(s):
    for sex, age in [("female", 30), ("male", 50)]:
        yield f"c[a={sex}]", s.mean((SEX == sex) & (AGE >= age)), -INF, 0.8


def table_of_a_label(s):
    for c, k in [(0, 2.0), (1, -3.0)]:
        yield f"c[c={c}]", k * s.mean(INCOME == c) - s.mean(ALL), -INF, 4 * abs(k)


def neighbours(s):
    for (a, first), (b, second) in itertools.pairwise(BANDS.items()):
        yield f"c[a={a},b={b}]", s.mean(first) - s.mean(second), -EPS, EPS


def listed_neighbours(s):
    for a, b in itertools.pairwise(["other", "white", "asian"]):
        for sex in ["female", "male"]:
            event = lambda race: (RACE == race) & (SEX == sex)
            yield f"c[a={a},b={b},s={sex}]", s.mean(event(a)) - s.mean(event(b)), -INF, 0.5


def covariance_with_an_indicator(s):
    black = (RACE == "black") * 1.0
    yield "c", s.mean(ALL, black) - s.average(black, ALL) * s.mean(ALL), -0.1, 0.1


def residual_of_an_indicator(s):
    male = SEX == "male"
    yield "c", s.mean(male), -INF, s.average(INCOME == 1, male)


def indicators_in_a_sum(s):
    weights = 2.0 * ((AGE >= 40) & (SEX == "male")) - (RACE == "white")
    yield "c", s.total(~SENIOR, weights), -INF, 3 + s.total(ALL, HOURS >= 40).sum()


def indicators_and_nulls(s):
    full, unknown = HOURS >= 40, ~(HOURS >= 40)
    hours = np.where(full, HOURS, 0)
    yield "c", s.mean(ALL, full * hours / 40) - s.mean(SEX == "male", unknown * 1.0), -INF, 5


def indicators_case_by_case(s):
    rich, other = (INCOME == 1) * 1.0, (RACE == "asian") * 1.0
    factor = np.abs(rich - other) + np.exp(other) * AGE / 100 + AGE / (1 + rich)
    yield "c", s.mean(SEX == "female", factor), -INF, 90


def indicators_in_an_event(s):
    chosen = (SEX == "male") * 1 + (RACE == "white") * 1 + (HOURS >= 40) * 1 >= 2
    yield "c", s.mean(chosen) - s.mean(~chosen, (AGE < 30) * 1.0), -INF, 0.8


def spread(s):
    for i, (r, t) in enumerate(pairs(LEVELS), 1):
        yield f"c.{i}", s.mean(RACE == r) - s.mean(RACE == t), -0.2, 0.2


def weighted_mean(s):
    share = lambda g: s.total(RACE == g).sum() / s.total(ALL).sum()
    yield "c", sum(share(g) * s.mean(RACE == g) for g in LEVELS), 0.1, INF


def mean_of_some(s):
    some = [s.mean(RACE == g) for g in LEVELS if g != "white"]
    yield "c", s.mean(RACE == "white") - sum(some) / len(some), -0.3, 0.3


def sums_under_a_quantifier(s):
    for k in (1, 2, 3):
        bands = list(BANDS.values())[:k]
        yield f"c[k={k}]", sum(s.mean(band, AGE / 100) for band in bands), -INF, k


def fold_in_a_fold(s):
    rows = [np.mean([s.mean((SEX == x) & (RACE == r)) for r in LEVELS], axis=0) for x in ("female", "male")]
    for i, row in enumerate(rows, 1):
        yield f"c.{i}", row, 0.2, INF


def farthest_pair(s):
    for i, (a, b) in enumerate(pairs(list(BANDS)), 1):
        yield f"c.{i}", s.mean(BANDS[a]) - s.mean(BANDS[b]), -0.4, 0.4


def levels_as_numbers(s):
    weights = sum(k * (np.floor(AGE / 20) == k) for k in range(1, 5))
    yield "c", s.mean(ALL, weights), -INF, 4


def binders_as_numbers(s):
    for a in LEVELS:
        yield f"c[a={a}]", s.mean(RACE == a), 0.1 - 0.05 * (a == "white"), INF


def named(s):
    gain = (AGE / 100, -COST / 1000)
    event = SEX == "female"
    yield "c", s.mean(event, COST / 1000) + s.mean(ALL, COST / 1000), -INF, s.average(gain[0], event) - 0.1


def steepest(s):
    for i, ((_, first), (_, second)) in enumerate(itertools.pairwise(BANDS.items()), 1):
        yield f"c.{i}", s.mean(first) - s.mean(second), -0.3, 0.3


def table_in_a_fold(s):
    share = lambda race: s.total(RACE == race).sum() / s.total(ALL).sum()
    minority = (RACE == "black") | (RACE == "asian") | (RACE == "other")
    yield "c", s.mean(ALL, minority * 1.0), -INF, sum((0.2 + TOL[race]) * share(race) for race in LEVELS)


def binders_in_lists(s):
    for a in LEVELS:
        event = (RACE == a) | (RACE == "white")
        yield f"c[a={a}]", s.mean(event & (SEX == "male")), -INF, 0.7


def levels_of_products_in_lists(s):
    chosen = ((SEX == "female") & (RACE == "white")) | ((SEX == "male") & (RACE == "black"))
    yield "c", s.mean(chosen) - s.mean(~chosen), -INF, 0.4


def products_listed(s):
    for a, b in [("female", "white"), ("male", "black")]:
        yield f"c[a={a}*{b}]", s.mean((SEX == a) & (RACE == b)), -INF, 0.7


def numbers_compared(s):
    for k in (1, 2, 3):
        yield f"c[k={k}]", s.mean(AGE >= 10 * k), -INF, 0.6 + 0.1 * (k == 2) + 0.05 * (k <= 2)


def numbers_of_a_group(s):
    yield "c[a=1]", s.mean(INCOME == 1), -INF, 0.9


def level_beside_its_column(s):
    yield "c", s.mean(RACE == "white") - s.mean(AGE < 30), -INF, 0.5


CASES = [
    ("constraint c: forall a in race: E[score | race in {a, white}, sex == male] <= 0.7", binders_in_lists),
    ("constraint c: E[score | sex_race in {female * white, male * black}] - E[score | sex_race not in {female * white, male * black}] <= 0.4",
     levels_of_products_in_lists),
    ("constraint c: forall a in {female * white, male * black}: E[score | sex_race == a] <= 0.7", products_listed),
    ("constraint c: forall k in 1..3: E[score | age >= 10 * k] <= 0.6 + 0.1 * [k == 2] + 0.05 * [k <= 2]", numbers_compared),
    ("group class = income\nconstraint c: forall a in class where a != 0: E[score | class == a] <= 0.9", numbers_of_a_group),
    ("event white = age < 30\nconstraint c: E[score | race == white] - E[score | white] <= 0.5", level_beside_its_column),
    ("constraint c: max((a, b) in adjacent(age_band): |E[score | age_band == a] - E[score | age_band == b]|) <= 0.3", steepest),
    ("group minority = {yes: race != white, no: otherwise}\n"
     "param tol[race] = {white: 2%, black: 4%, otherwise: 3%}\nlet most = 0.2\n"
     "constraint c: E[[minority == yes] * score] <= sum(a in race: (most + tol[a]) * P[race == a])", table_in_a_fold),
    ("group minority = {yes: race != white, no: otherwise}\n"
     "constraint c: |E[score | minority == yes] - E[score | minority == no]| <= eps", minority),
    ("group g = {old: age >= 65, busy: hours > 42, woman: sex == female, rest: otherwise}\n"
     "param tol[g] = {old: 10%, busy: 20%, otherwise: 30%}\n"
     "constraint c: forall a in g: |E[score | g == a] - E[score]| <= tol[a]", first_that_holds),
    ("group g = {a: sex == female and age < 40, b: sex == male and hours >= 30}\n"
     "constraint c: E[score | g == a] - E[score | g == b] <= 40%", left_over),
    ("group g = {yes: race != white, no: otherwise}\ngroup h = g * sex\n"
     "param tol[h] = {yes * female: 0.55, no * female: 0.55, yes * male: 0.6, otherwise: 0.7}\n"
     "constraint c: forall a in h: E[score | h == a] <= tol[a]", minority_by_sex),
    ("param tol[race] = {white: 2%, black: 4%, otherwise: 3%} in [0, 1]\n"
     "constraint c: forall a in race: |E[score | race == a] - E[score]| <= tol[a]\n"
     "constraint d: E[score | sex == male] <= 0.9 - tol[black]", table),
    ("param least[sex] = {female: 30, male: 50}\n"
     "constraint c: forall a in sex: E[score | sex == a, age >= least[a]] <= 0.8", table_in_events),
    ("param k[income] = {0: 2, 1: -3}\n"
     "constraint c: forall c in income: k[c] * E[score | income == c] - E[score] <= 4 * |k[c]|", table_of_a_label),
    ("constraint c: forall (a, b) in adjacent(age_band): |E[score | age_band == a] - E[score | age_band == b]| <= eps",
     neighbours),
    ("constraint c: forall (a, b) in adjacent({other, white, asian}): forall s in sex: "
     "E[score | race == a, sex == s] - E[score | race == b, sex == s] <= 0.5", listed_neighbours),
    ("constraint c: |Cov[score, [race == black]]| <= 0.1", covariance_with_an_indicator),
    ("constraint c: E[score - [income == 1] | sex == male] <= 0", residual_of_an_indicator),
    (
        "constraint c: Sum[(2 * [age >= 40 and sex == male] - [race == white]) * score | not senior] <= 3 + Sum[[hours >= 40]]",
        indicators_in_a_sum,
    ),
    (
        "constraint c: E[[hours >= 40] * hours * score / 40] - E[score * [not (hours >= 40)] | sex == male] <= 5",
        indicators_and_nulls,
    ),
    (
        "constraint c: E[score * (|[income == 1] - [race == asian]| + exp([race == asian]) * age / 100"
        " + age / (1 + [income == 1])) | sex == female] <= 90",
        indicators_case_by_case,
    ),
    (
        "event many = [sex == male] + [race == white] + [hours >= 40] >= 2\n"
        "constraint c: E[score | many] - E[score * [age < 30] | not many] <= 0.8",
        indicators_in_an_event,
    ),
    (
        "constraint c: max(a in race: E[score | race == a]) - min(a in race: E[score | race == a]) <= 0.2",
        spread,
    ),
    ("constraint c: sum(a in race: P[race == a] * E[score | race == a]) >= 10%", weighted_mean),
    (
        "constraint c: |E[score | race == white] - mean(a in race where a != white: E[score | race == a])| <= 0.3",
        mean_of_some,
    ),
    (
        "constraint c: forall k in 1..3: sum(i in 1..k: E[age * score / 100 | [age >= 25] + [age >= 45] + [age >= 65] == i - 1]) <= k",
        sums_under_a_quantifier,
    ),
    (
        "constraint c: min(x in sex: mean(r in race: E[score | sex == x, race == r])) >= 0.2",
        fold_in_a_fold,
    ),
    (
        "constraint c: max((a, b) in pairs(age_band): |E[score | age_band == a] - E[score | age_band == b]|) <= 0.4",
        farthest_pair,
    ),
    (
        "constraint c: E[sum(k in 1..4: k * [age >= 20 * k and age < 20 * k + 20]) * score] <= 4",
        levels_as_numbers,
    ),
    ("constraint c: forall a in race: E[score | race == a] >= 0.1 - 0.05 * [a == white]", binders_as_numbers),
    (
        "let gain = age / 100 - risk * score\nlet risk = cost / 1000\nlet least = E[gain | sex == female]\n"
        "constraint c: least - E[risk * score] >= 0.1",
        named,
    ),
    ("constraint c: |E[score | sex == female] - E[score | sex == male]| <= eps", parity),
    ("use demographic_parity(sex, eps) as p", lambda s: [(n.replace("c", "p[a=female,b=male]"), *r) for n, *r in parity(s)]),
    (
        "constraint c: forall c in income: |E[score | sex == female, income == c] - E[score | sex == male, income == c]| <= eps",
        odds,
    ),
    (
        "constraint c (min_count = 30): forall (r, s) in pairs(race): |E[score | race == r] - E[score | race == s]| <= eps",
        pairwise,
    ),
    (
        "constraint c: forall (r, s) in race * race where r != s: E[score | race == r] / E[score | race == s] >= 80%",
        four_fifths,
    ),
    ("constraint c: forall a in race: |E[income - score | race == a]| <= eps", residual),
    ("constraint c: E[score] == 30% +/- 1%", budget),
    ("constraint c: |Cov[score, age]| <= 0.01", covariance),
    ("constraint c: |Cov[cost, score | sex == male]| <= 0.3", conditional_covariance),
    (
        "constraint c (min_count = 5): forall (a, b) in pairs(sex_race): |E[score | sex_race == a] - E[score | sex_race == b]| <= eps",
        intersections,
    ),
    ("constraint c: forall g in age_band: E[score | age_band == g] >= 0.1", bands),
    ("constraint c: E[score | senior, sex == male] - E[score | not senior] <= 0.3", named_event),
    (
        "constraint c: |E[score | race in {black, asian, other}] - E[score | not (race == white)]| <= 0.2",
        nulls,
    ),
    ("use accuracy_parity(sex, income, eps) as c", accuracy),
    ("use f1_floor(sex, income, 0.3) as c", f1),
    (
        "constraint c: Sum[cost * score / 10 | sex == female] - 2 * E[score] <= 500 * P[income == 1 | sex == male] + eps",
        sums_and_shares,
    ),
    ("constraint c: max(E[score | sex == male], E[age * score / 100 | sex == female]) <= 0.9", several),
]


def bounds(s):
    """The bounds of single predictions that `each` constraints with indicators ask for."""
    upper = np.where(RACE == "black", 0.7, 0.5)
    lower = np.where(SEX == "male", 0.1 * (HOURS >= 40), 0.0)
    return np.maximum(lower, 0), np.minimum(upper, 1)


RANDOM = Random(16)
BOUNDS = """constraint c: each: score <= 0.5 + 0.2 * [race == black]
constraint d: each where sex == male: (1 + [hours >= 40]) * score >= 0.2 * [hours >= 40]
"""


def main():
    fairc = pathlib.Path(sys.argv[1]).resolve()
    worst, count = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = folder / "data.csv"
        write_data(data)
        cases = CASES + [(f"constraint c (enforce = train): {text}", rows) for text, rows in (RANDOM.case() for _ in range(60))]
        for body, expected in cases:
            for weighted in (False, True):
                sample = Sample(WEIGHT if weighted else np.ones(N))
                spec = HEADER + ("weight w\n" if weighted else "") + body + "\n"
                rows, problem = exported(fairc, folder, spec, data)
                wanted = {name: row for name, *row in expected(sample)}
                # A row is named by the spec; the second of several gets a number only if there are several.
                assert set(rows) == set(wanted), f"{body}\n{sorted(rows)}\n{sorted(wanted)}"
                for name in wanted:
                    error = agree(rows[name], wanted[name])
                    worst, count = max(worst, error), count + 1
                    assert error <= 1e-12, f"{body}: row {name} differs by {error:.1e}"
                w = problem.get("w") or [1.0] * N
                assert np.allclose(w, sample.w), "the weights of the distance"
        examples = example_by_level(fairc, folder), example_raw(fairc, folder), catalogue(fairc, folder, data)
        for error in itertools.chain(*examples):
            worst, count = max(worst, error), count + 1
        _, problem = exported(fairc, folder, HEADER + BOUNDS, data)
        for found, expected in zip((problem["lo"], problem["hi"]), bounds(Sample(np.ones(N)))):
            assert np.allclose(found, expected, rtol=0, atol=1e-12), BOUNDS
        judged = written(fairc, folder, data)
        error, more = example(fairc, folder)
        worst, count = max(worst, error), count + more
    print(f"rows: {count} rows of {2 * len(cases) + 38} specs agree with numpy, worst difference {worst:.1e}; {judged} predictions judged alike")


if __name__ == "__main__":
    main()
