"""Regression data with a biased target, written from the description in the paper on fairness layers: two groups, ten
correlated features, a target in [0, 1] that is linear in them, lower for group b than the features say.

    python data.py SHARE_OF_A OUT.csv
"""

import csv
import pathlib
import sys

import numpy as np

SAMPLES = 10_000
FEATURES = 10
CORRELATION = 0.5  # of features i and j: CORRELATION ** |i - j|
SHIFT = 0.5  # of the mean of group b's features, in deviations
BIAS = 0.15  # what group b's target lacks
NOISE = 0.1


def main(share, out):
    random = np.random.default_rng(2024)
    b = random.random(SAMPLES) >= float(share)
    distance = np.abs(np.subtract.outer(np.arange(FEATURES), np.arange(FEATURES)))
    x = random.multivariate_normal(np.zeros(FEATURES), CORRELATION**distance, size=SAMPLES)
    x -= SHIFT * b[:, None] / np.sqrt(FEATURES)
    weights = random.normal(size=FEATURES)
    weights *= 0.15 / np.sqrt(weights @ CORRELATION**distance @ weights)
    y = np.clip(0.5 + x @ weights - BIAS * b + NOISE * random.normal(size=SAMPLES), 0, 1)
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    with open(out, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["group", *(f"x{i}" for i in range(FEATURES)), "y"])
        for row in range(SAMPLES):
            numbers = [f"{value:.6f}" for value in x[row]]
            writer.writerow(["b" if b[row] else "a", *numbers, f"{y[row]:.6f}"])


if __name__ == "__main__":
    main(*sys.argv[1:])
