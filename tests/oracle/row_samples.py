"""People to compute rows of, means and sums of them as rows, and the rows that fairc exports.

What `rows.py` and its parts share; nothing of fairc's but the binary is used.
"""

import csv
import itertools
import json
import pathlib
import subprocess

import numpy as np

RNG = np.random.default_rng(20260)
N = 400
ROOT = pathlib.Path(__file__).resolve().parents[2]
SEX = RNG.choice(["female", "male"], N)
RACE = RNG.choice(["white", "black", "asian", "other", "", "unlisted"], N, p=[0.4, 0.25, 0.2, 0.05, 0.05, 0.05])
AGE = RNG.integers(17, 90, N).astype(float)
HOURS = np.where(RNG.random(N) < 0.1, np.nan, np.round(RNG.normal(40, 10, N)))
INCOME = RNG.integers(0, 2, N).astype(float)
COST = np.round(RNG.gamma(2.0, 3.0, N), 3)
WEIGHT = np.round(RNG.gamma(2.0, 1.0, N), 3) * (RNG.random(N) > 0.05)
SCORE = np.round(RNG.random(N), 6)
EPS = 0.05

HEADER = """
column sex: {female, male}
column race: {white, black, asian, other}?
column age: real in [0, 120]
column hours: real? from `hours per week`
column cost: real in [0, 1000]
label income: {0, 1}
predict score: real in [0, 1]
param eps = 0.05 in [0, 1]
group age_band = bins(age, 25, 45, 65)
group sex_race = sex * race
event senior = age >= 60 or hours < 35
"""
LEVELS = ["white", "black", "asian", "other"]
INF = np.inf


class Sample:
    """Means and sums as rows over the prediction, for weights `w`."""

    def __init__(self, w):
        self.w = w

    def total(self, event, factor=1.0):
        return np.where(event, self.w * factor, 0.0)

    def mean(self, event, factor=1.0):
        return self.total(event, factor) / self.total(event).sum()

    def average(self, value, event):
        return self.total(event, value).sum() / self.total(event).sum()


ALL = np.ones(N, bool)
SENIOR = (AGE >= 60) | (HOURS < 35)
BANDS = {"(-inf,25)": AGE < 25, "[25,45)": (AGE >= 25) & (AGE < 45), "[45,65)": (AGE >= 45) & (AGE < 65), "[65,inf)": AGE >= 65}


def pairs(levels):
    return itertools.combinations(levels, 2)


def write_data(path):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sex", "race", "age", "hours per week", "cost", "income", "w", "score"])
        for values in zip(SEX, RACE, AGE, HOURS, COST, INCOME, WEIGHT, SCORE):
            sex, race, age, hours, cost, income, weight, score = values
            hours = "" if np.isnan(hours) else repr(float(hours))
            writer.writerow([sex, race, int(age), hours, cost, int(income), weight, score])


def exported(fairc, folder, spec, data, *settings, predictions=()):
    path, out = folder / "spec.fair", folder / "out.json"
    path.write_text(spec)
    command = [fairc, "export", path, "--data", data, "--to", "json", "-o", out]
    command += [word for setting in settings for word in ("--set", setting)]
    command += [word for column in predictions for word in ("--pred", column)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{spec}\n{done.stdout}{done.stderr}"
    problem = json.loads(out.read_text())
    dense = np.zeros((problem["m"], problem["n"]))
    matrix = problem["A"]
    for row in range(problem["m"]):
        for k in range(matrix["indptr"][row], matrix["indptr"][row + 1]):
            dense[row, matrix["indices"][k]] += matrix["values"][k]
    side = lambda values, none: [none if value is None else value for value in values]
    rows = zip(dense, side(problem["l"], -INF), side(problem["u"], INF))
    return dict(zip(problem["names"], rows)), problem


def agree(found, expected):
    a, l, u = found
    b, m, v = expected
    size = max(1.0, np.abs(b).max())
    straight = np.abs(a - b).max() / size
    turned = np.abs(a + b).max() / size
    if turned < straight:
        b, m, v = -b, -v, -m
        straight = turned
    sides = [0.0 if x == y else abs(x - y) / max(1.0, abs(y)) for x, y in ((l, m), (u, v))]
    return max([straight] + sides)
