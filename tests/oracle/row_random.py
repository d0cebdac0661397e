"""Random comparisons of means with indicators and folds, for `rows.py`."""

import numpy as np

from row_samples import AGE, ALL, COST, HOURS, INCOME, INF, LEVELS, RACE, SEX


class Random:
    """Random comparisons of means of `score` times data with indicators, also under folds: texts and rows."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def one(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def indicator(self):
        """A text, and what it is for each sample: conditions on race, hours and income."""
        level, hours, income = self.one(*LEVELS), int(self.rng.integers(25, 55)), int(self.rng.integers(2))
        atoms = [
            (f"race == {level}", RACE == level),
            (f"race != {level}", np.isin(RACE, LEVELS) & (RACE != level)),
            (f"hours >= {hours}", HOURS >= hours),
            (f"income == {income}", INCOME == income),
        ]
        text, holds = self.one(*atoms)
        if self.rng.random() < 0.3:
            text, holds = f"not ({text})", ~holds
        if self.rng.random() < 0.3:
            word, join = self.one(("and", np.logical_and), ("or", np.logical_or), (",", np.logical_and))
            text, holds = f"{text} {word} sex == male", join(holds, SEX == "male")
        return f"[{text}]", holds * 1.0

    def factor(self, depth=2):
        kind = self.rng.integers(6 if depth else 2)
        if kind == 0:
            return "age / 100", AGE / 100
        if kind == 1:
            return self.indicator()
        (a, x), (b, y) = self.factor(depth - 1), self.factor(depth - 1)
        if kind == 2:
            return f"({a} + 2 * {b})", x + 2 * y
        if kind == 3:
            return f"{a} * {b}", x * y
        if kind == 4:
            return f"|{a} - {b}|", np.abs(x - y)
        k = f"k{depth}"
        return f"sum({k} in 1..3: {k} * [age >= 20 * {k}] * {a})", sum(k * (AGE >= 20 * k) for k in (1, 2, 3)) * x

    def given(self):
        age = int(self.rng.integers(30, 60))
        return self.one((f"age >= {age}", AGE >= age), (f"age < {age}", AGE < age), ("cost > 2", COST > 2))

    def case(self):
        (a, x), (b, y), (e, m), (f, n) = self.factor(), self.factor(), self.given(), self.given()
        fold = self.one("max", "sum", "mean", None)
        if fold is None:
            text = f"E[score * (1 + {a}) | {e}] - Sum[score * (2 + {b}) | {f}] <= 0.9"
            return text, lambda s: [("c", s.mean(m, 1 + x) - s.total(n, 2 + y), -INF, 0.9)]
        levels = ["white", "black", "asian"] if self.rng.random() < 0.5 else LEVELS
        domain = "race" if levels is LEVELS else "race where r != other"
        text = f"{fold}(r in {domain}: E[score * (1 + {a}) | {e}, race == r] + P[race == r] * [r == white]) <= 3"

        def rows(s):
            share = s.total(RACE == "white").sum() / s.total(ALL).sum()
            parts = [s.mean(m & (RACE == r), 1 + x) for r in levels]
            if fold == "max":
                return [(f"c.{i}", row, -INF, 3 - share * (i == 1)) for i, row in enumerate(parts, 1)]
            count = len(levels) if fold == "mean" else 1
            return [("c", sum(parts) / count, -INF, 3 - share / count)]

        return text, rows
