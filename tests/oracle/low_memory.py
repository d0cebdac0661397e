"""`fairc project --low-memory` against `fairc project` of the same table.

    python low_memory.py FAIRC [COUNT] [SEED]        # the path of the binary; 100 specs, seed 1

The specs and tables are those of sql.py, and tables of 200,000 rows, which are read in several batches. Compared are the predictions, to
1e-12, and the report: verdicts, what is skipped and why, values before and after, multipliers. Each row of the large tables is summed
exactly, with fractions. What --low-memory refuses has to be about samples, or a fault that the other finds too.
"""

import collections
import json
import pathlib
import sys
import tempfile
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as parquet
from sql import Case, run


def close(one, two, path=""):
    """Where two reports differ: numbers by more than rounding, or anything else at all."""
    if isinstance(one, dict) and isinstance(two, dict):
        if one.keys() != two.keys():
            return f"{path}: {one.keys() ^ two.keys()}"
        return next(filter(None, (close(value, two[key], f"{path}.{key}") for key, value in one.items())), None)
    if isinstance(one, list) and isinstance(two, list):
        if len(one) != len(two):
            return f"{path}: {len(one)} and {len(two)}"
        return next(filter(None, (close(*pair, f"{path}[{place}]") for place, pair in enumerate(zip(one, two)))), None)
    if isinstance(one, (int, float)) and isinstance(two, (int, float)) and not isinstance(one, bool):
        if path.endswith("excess") or path.endswith("max_violation") or path.endswith("room"):
            return None if abs(one - two) <= 1e-9 else f"{path}: {one} and {two}"
        # How far the solution is from another one of the same quality.
        near = 1e-6 * max(1.0, abs(one)) if "multiplier" in path else 1e-9 * max(1.0, abs(one))
        return None if abs(one - two) <= near else f"{path}: {one} and {two}"
    return None if one == two else f"{path}: {one} and {two}"


def predictions(path):
    table = parquet.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)
    return np.array(table.column(table.column_names[-1]).to_pylist(), float)


def compare(spec, data, folder, fairc, tally, *more):
    """What is wrong with the answer that keeps sums alone; nothing if all is right."""
    one, two = folder / f"one{data.suffix}", folder / f"two{data.suffix}"
    for path in (one, two):
        path.unlink(missing_ok=True)
    arguments = ["project", spec, "--data", data, "--format", "json", "--all", *more]
    usual, low = run(fairc, *arguments, "-o", one), run(fairc, *arguments, "-o", two, "--low-memory")
    if not two.exists():
        said = low.stdout + low.stderr
        if "needs the samples themselves" in said:
            tally["refused"] += 1
            return None
        if "internal" in said or one.exists() or low.returncode != usual.returncode:
            return f"refused: {said}"
        tally["faults"] += 1
        return None
    if not one.exists():
        return f"the usual projection refuses: {usual.stdout}{usual.stderr}"
    tally["compared"] += 1
    far = np.abs(predictions(one) - predictions(two)).max(initial=0)
    if not far <= 1e-12:
        return f"predictions differ by {far}"
    reports = [json.loads(done.stdout) for done in (usual, low)]
    for report in reports:
        report.pop("output", None)
    return close(*reports)


LARGE = """
column sex: {f, m}
column region: {north, south, east}?
weight w
predict score: real in [0, 1]
constraint parity: |E[score | sex == f] - E[score | sex == m]| <= 0.01
constraint north: E[score | region == north] >= 0.9 * E[score]
"""


def large(seed):
    rng = np.random.default_rng(seed)
    n = 200_000
    sex = rng.choice(["f", "m"], n)
    region = rng.choice(np.array(["north", "south", "east", None], dtype=object), n)
    score = np.clip(rng.normal(0.5, 0.3, n) - 0.1 * (sex == "f"), 0, 1)
    if seed % 2:
        score = np.round(score, 3)
    return pa.table({"sex": sex, "region": pa.array(region), "w": rng.choice([0.0, 0.5, 1.0, 3.0], n), "score": score})


def held(table, y):
    """Whether each row of the large tables holds, summed exactly."""
    sex, region = np.array(table.column("sex")), np.array(table.column("region").to_pylist(), dtype=object)
    w = np.array(table.column("w"))

    def mean(event):
        weights = [Fraction(value) for value in w[event]]
        return sum(a * Fraction(b) for a, b in zip(weights, y[event])) / sum(weights)

    whole = mean(np.ones(len(y), bool))
    return abs(mean(sex == "f") - mean(sex == "m")) <= Fraction(0.01) and mean(region == "north") >= Fraction(0.9) * whole


def conclude(tally, count, wrong, what):
    """Says what was compared, and ends with an error where that differs, or is too little."""
    print(", ".join(f"{name} {number}" for name, number in sorted(tally.items())))
    if tally["compared"] < count / 4:
        sys.exit("too few tables were compared to say anything")
    if wrong:
        sys.exit(f"{wrong} answers differ")
    print(f"{count} specs: {what}")


def main():
    fairc, count, seed = sys.argv[1], int((sys.argv[2:] + [100])[0]), int((sys.argv[3:] + [1])[0])
    tally, wrong = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        spec, data = folder / "spec.fair", folder / "people.parquet"
        for number in range(seed, seed + count):
            case = Case(number)
            spec.write_text(case.spec)
            parquet.write_table(case.table("duckdb"), data)
            fault = compare(spec, data, folder, fairc, tally, *(["--on-infeasible", "relax"] if number % 3 == 0 else []))
            if fault:
                wrong += 1
                print(f"seed {number}: {fault}\n{case.spec}")
        spec.write_text(LARGE)
        for number in range(2):
            table = large(seed + number)
            for path in (data, folder / "people.csv"):
                if path.suffix == ".csv":
                    pyarrow.csv.write_csv(table, path)
                else:
                    parquet.write_table(table, path, row_group_size=30_000)
                fault = compare(spec, path, folder, fairc, tally)
                if not fault and not held(table, predictions(folder / f"two{path.suffix}")):
                    fault = "a row is missed"
                if fault:
                    wrong += 1
                    print(f"{path.name}, {number}: {fault}")
    conclude(tally, count, wrong, "the same predictions and reports")


if __name__ == "__main__":
    main()
