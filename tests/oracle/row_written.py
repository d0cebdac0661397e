"""Comparisons with quotients and with aggregates of data inside others, judged as they are written: for random predictions, and for
some close to the boundary, the rows must hold where the comparison does.

Here nothing is multiplied out: a quotient is divided, a maximum taken, a mean computed.
"""

import numpy as np

from row_samples import AGE, ALL, COST, EPS, HEADER, INCOME, LEVELS, N, RACE, SEX, WEIGHT, Sample, exported

F, M = SEX == "female", SEX == "male"
RACES = [RACE == level for level in LEVELS]
KNOWN = np.isin(RACE, LEVELS)

SEXES = "E[score | sex == female], E[score | sex == male]"
OF_RACE = "a in race: E[score | race == a]"
IPW = "let ps = sum(j in race: [race == j] * P[income == 1 | race == j])\n"


class Judge:
    """Means of predictions `y` and of data, with weights."""

    def __init__(self, w, y):
        self.s, self.y = Sample(w), y

    def mean(self, event, factor=1.0):
        return self.s.mean(event, factor) @ self.y

    def total(self, event, factor=1.0):
        return self.s.total(event, factor) @ self.y

    def data(self, value, event=ALL):
        return self.s.average(value, event)

    def share(self, event, given=ALL):
        return self.s.average(event * 1.0, given)

    def sexes(self):
        return [self.mean(F), self.mean(M)]

    def races(self):
        return [self.mean(race) for race in RACES]

    def propensity(self):
        return sum(race * self.share(INCOME == 1, race) for race in RACES)


#: Comparisons, and by how much each holds.
CASES = [
    (f"E[score | sex == female] / max({OF_RACE}) >= 97%", lambda j: j.sexes()[0] / max(j.races()) - 0.97),
    (f"97% <= min({SEXES}) / max({SEXES})", lambda j: min(j.sexes()) / max(j.sexes()) - 0.97),
    (f"max({OF_RACE}) / min({OF_RACE}) <= 1.05", lambda j: 1.05 - max(j.races()) / min(j.races())),
    (f"1 - min({OF_RACE}) / max({OF_RACE}) <= 4%", lambda j: 0.04 - (1 - min(j.races()) / max(j.races()))),
    (f"2 * min({SEXES}) / max({SEXES}) / 3 - 0.1 >= 55%", lambda j: 2 * min(j.sexes()) / max(j.sexes()) / 3 - 0.1 - 0.55),
    (f"min({SEXES}) / E[score] >= 97%", lambda j: min(j.sexes()) / j.mean(ALL) - 0.97),
    (
        "|E[score | sex == female] - E[score | sex == male]| / E[score] <= eps",
        lambda j: EPS - abs(j.sexes()[0] - j.sexes()[1]) / j.mean(ALL),
    ),
    (
        f"|E[score | sex == female] - E[score | sex == male]| / min({OF_RACE}) <= eps",
        lambda j: EPS - abs(j.sexes()[0] - j.sexes()[1]) / min(j.races()),
    ),
    (
        f"(max({OF_RACE}) - min({OF_RACE})) / E[score | age >= 30] <= 5%",
        lambda j: 0.05 - (max(j.races()) - min(j.races())) / j.mean(AGE >= 30),
    ),
    (
        "sum(a in race: |E[score | race == a] / E[score] - 1|) <= 10%",
        lambda j: 0.1 - sum(abs(race / j.mean(ALL) - 1) for race in j.races()),
    ),
    (
        "|E[score | sex == female] - E[score | sex == male]| / (E[score] - 2) >= -1%",
        lambda j: abs(j.sexes()[0] - j.sexes()[1]) / (j.mean(ALL) - 2) + 0.01,
    ),
    (
        f"min({SEXES}) / (E[score] - 2) <= -30%",
        lambda j: -0.3 - min(j.sexes()) / (j.mean(ALL) - 2),
    ),
    (
        f"E[score | age >= 30] / (max({SEXES}) - 2) >= -33%",
        lambda j: j.mean(AGE >= 30) / (max(j.sexes()) - 2) + 0.33,
    ),
    (
        f"-E[score | age >= 30] / (2 - max({SEXES})) >= -33%",
        lambda j: -j.mean(AGE >= 30) / (2 - max(j.sexes())) + 0.33,
    ),
    ("|E[(age - E[age]) * score]| <= 0.2", lambda j: 0.2 - abs(j.mean(ALL, AGE - j.data(AGE)))),
    (
        "E[(age - E[age]) * (cost - E[cost | sex == male]) * score | sex == female] <= 0.1",
        lambda j: 0.1 - j.mean(F, (AGE - j.data(AGE)) * (COST - j.data(COST, M))),
    ),
    ("E[(age - E[age]) ^ 2 * score] <= 220", lambda j: 220 - j.mean(ALL, (AGE - j.data(AGE)) ** 2)),
    (
        "|E[([sex == female] - P[sex == female]) * score]| <= 0.005",
        lambda j: 0.005 - abs(j.mean(ALL, F - j.share(F))),
    ),
    (
        "E[score * P[sex == female] / 2 - score / N[sex == male] | age >= 30] <= P[income == 1 | sex == male] / 4",
        lambda j: j.share(INCOME == 1, M) / 4 - j.mean(AGE >= 30, j.share(F) / 2 - 1 / j.s.total(M).sum()),
    ),
    (
        "Sum[score * E[age / E[age | sex == male] | sex == female]] <= 200",
        lambda j: 200 - j.total(ALL, j.data(AGE / j.data(AGE, M), F)),
    ),
    (
        "|Cov[(age - Var[cost]) * score, cost / E[cost]]| <= 0.4",
        lambda j: 0.4 - abs(j.mean(ALL, (AGE - j.data((COST - j.data(COST)) ** 2)) * (COST / j.data(COST) - 1))),
    ),
    (
        f"E[[income == 1] * score / ps | sex == female, race in {{{', '.join(LEVELS)}}}] <= 0.5",
        lambda j: 0.5 - j.mean(F & KNOWN, (INCOME == 1) / np.where(KNOWN, j.propensity(), 1)),
    ),
]

#: Bounds of single predictions.
EACH = """let ps = sum(j in race: [race == j] * P[income == 1 | race == j])
constraint a: each: score <= 0.5 + P[sex == female] / 3
constraint b: each where sex == female: score >= E[cost | sex == male] / 100
constraint c: each: (1 + P[income == 1]) * score <= age / E[age]
constraint d: each where race == black: score <= 0.2 + ps
constraint e: each where sex == male: score >= (age - E[age]) * (cost - E[cost]) / 5000
constraint f: each: score <= E[cost | age > 200]
"""


def each(w):
    j = Judge(w, np.zeros(N))
    upper = np.minimum.reduce([
        np.full(N, 0.5 + j.share(F) / 3),
        AGE / j.data(AGE) / (1 + j.share(INCOME == 1)),
        np.where(RACE == "black", 0.2 + j.propensity(), 1),
        np.ones(N),
    ])
    lower = np.where(F, j.data(COST, M) / 100, np.where(M, (AGE - j.data(AGE)) * (COST - j.data(COST)) / 5000, 0))
    return np.maximum(lower, 0), upper


def vectors(rng, holds):
    """Predictions: random ones, and pairs to both sides of the boundary."""
    yield np.full(N, 0.5)
    for _ in range(6):
        effects = rng.normal(0, 0.1, 6)
        y = np.clip(0.4 + sum(e * m for e, m in zip(effects, [F, *RACES, AGE > 50])) + rng.normal(0, 0.1, N), 0.01, 1)
        yield y
        for start in (np.full(N, 0.5), np.full(N, 0.05), rng.random(N), np.clip(y * 2, 0, 1)):
            inside, outside = (start, y) if holds(start) else (y, start)
            if holds(inside) == holds(outside):
                continue
            for _ in range(60):
                middle = (inside + outside) / 2
                inside, outside = (middle, outside) if holds(middle) else (inside, middle)
            step = y - start if holds(start) else start - y
            for size in (1e-6, -1e-6):
                yield np.clip(inside + size * step, 0, 1)


def written(fairc, folder, data):
    """The number of predictions on which rows and comparisons agree."""
    count = 0
    for weight in (False, True):
        w = WEIGHT if weight else np.ones(N)
        head = HEADER + ("weight w\n" if weight else "")
        for seed, (text, margin) in enumerate(CASES):
            rng = np.random.default_rng(seed)
            spec = head + (IPW if "ps" in text else "") + f"constraint c: {text}\n"
            rows, _ = exported(fairc, folder, spec, data)
            outcomes = set()
            for y in vectors(rng, lambda y: margin(Judge(w, y)) >= 0):
                value = margin(Judge(w, y))
                kept = all(lower - 1e-12 <= row @ y <= upper + 1e-12 for row, lower, upper in rows.values())
                assert kept == (value >= 0) or abs(value) < 1e-11, f"{text}: {kept}, but it holds by {value}"
                outcomes.add(kept)
                count += 1
            assert len(outcomes) == 2, f"{text}: only {outcomes}"
        _, problem = exported(fairc, folder, head + EACH, data)
        for found, expected in zip((problem["lo"], problem["hi"]), each(w), strict=True):
            assert np.allclose(found, expected, rtol=0, atol=1e-12), EACH
    return count
