"""Makes german_credit.csv: readable columns of the Statlog German Credit data, and a model's score.

    python fit.py german.data german_credit.csv

`german.data` is the original file of the UCI Machine Learning Repository (doi 10.24432/C5NC77): 1000 lines of 21
fields parted by spaces. Needs numpy and nothing else; the output is the same on every run.

The score is the predicted probability of good credit. The model is a logistic regression on all 20 attributes (the
categorical ones as indicators, the numeric ones standardised) with a ridge penalty of 1. Every score is out of fold:
line i is predicted by a model fitted to the four fifths of the data whose line numbers differ from i modulo 5.
"""

import csv
import sys

import numpy as np

FOLDS = 5
RIDGE = 1.0

# Positions of the attributes in german.data.
NUMERIC = [1, 4, 7, 10, 12, 15, 17]
CATEGORICAL = [0, 2, 3, 5, 6, 8, 9, 11, 13, 14, 16, 18, 19]
CREDIT = 20

SEX = {"A91": "male", "A92": "female", "A93": "male", "A94": "male", "A95": "female"}
HOUSING = {"A151": "rent", "A152": "own", "A153": "free"}
JOB = {"A171": "unskilled", "A172": "unskilled", "A173": "skilled", "A174": "management"}
SAVINGS = {"A61": "below_100", "A62": "100_to_500", "A63": "500_to_1000", "A64": "above_1000", "A65": "unknown"}
PURPOSE = {
    "A40": "car", "A41": "car", "A42": "home", "A43": "home", "A44": "home", "A45": "home", "A46": "education",
    "A47": "other", "A48": "education", "A49": "business", "A410": "other",
}


def read(path):
    """The lines of the file, each split into its 21 fields."""
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file if line.strip()]
    if len(lines) != 1000 or any(len(line) != 21 for line in lines):
        sys.exit(f"{path}: expected 1000 lines of 21 fields")
    return lines


def features(lines):
    """Intercept, standardised numbers, and an indicator for every value but the first of each category."""
    columns = [np.ones(len(lines))]
    for at in NUMERIC:
        column = np.array([float(line[at]) for line in lines])
        columns.append((column - column.mean()) / column.std())
    for at in CATEGORICAL:
        for value in sorted({line[at] for line in lines})[1:]:
            columns.append(np.array([float(line[at] == value) for line in lines]))
    return np.column_stack(columns)


def fit(x, y):
    """Ridge-penalised logistic regression by Newton's method; the intercept is free of the penalty."""
    penalty = np.full(x.shape[1], RIDGE)
    penalty[0] = 0.0
    coefficients = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-x @ coefficients))
        gradient = x.T @ (y - p) - penalty * coefficients
        hessian = x.T @ (x * (p * (1.0 - p))[:, None]) + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        coefficients += step
        if np.abs(step).max() < 1e-12:
            break
    return coefficients


def out_of_fold(x, y):
    fold = np.arange(len(y)) % FOLDS
    scores = np.empty(len(y))
    for k in range(FOLDS):
        coefficients = fit(x[fold != k], y[fold != k])
        scores[fold == k] = 1.0 / (1.0 + np.exp(-x[fold == k] @ coefficients))
    return scores


def area_under_curve(scores, y):
    """The share of pairs of one good and one bad credit that the scores put in the right order."""
    good, bad = scores[y == 1], scores[y == 0]
    return np.mean((good[:, None] > bad[None, :]) + 0.5 * (good[:, None] == bad[None, :]))


def main(source, target):
    lines = read(source)
    y = np.array([float(line[CREDIT] == "1") for line in lines])
    scores = np.round(out_of_fold(features(lines), y), 4)
    with open(target, "w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["sex", "age", "job", "housing", "savings", "purpose", "amount", "months", "credit_good", "score"]
        )
        for line, good, score in zip(lines, y, scores):
            writer.writerow([
                SEX[line[8]], line[12], JOB[line[16]], HOUSING[line[14]], SAVINGS[line[5]], PURPOSE[line[3]],
                line[4], line[1], int(good), f"{score:.4f}",
            ])
    sex = np.array([SEX[line[8]] for line in lines])
    print(f"area under the ROC curve: {area_under_curve(scores, y):.4f}")
    print(f"mean score: {scores.mean():.4f} (good credits: {y.mean():.4f})")
    for level in ("female", "male"):
        print(f"mean score of {level}: {scores[sex == level].mean():.4f} (good: {y[sex == level].mean():.4f})")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
