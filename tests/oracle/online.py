"""`fairc stream` on Adult, one constraint on the means of the sexes, with exact sums: every float is a whole number of
2^-1074, so the pooled gap after each batch is compared with eps in integers.

    python online.py FAIRC ADULT.csv          # prints the table of docs/online.md
"""

import csv
import fractions
import json
import pathlib
import subprocess
import sys
import tempfile

SPEC = """
column sex: {Male, Female}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]
constraint parity: |E[score | sex == Female] - E[score | sex == Male]| <= eps
"""
UNIT = 2**1074


def units(value):
    above, below = value.as_integer_ratio()
    return above * (UNIT // below)


def gaps(groups, scores, size):
    """After each batch: whether the pooled gap is at most eps, exactly, and the gap as a float."""
    eps = units(0.02)
    count, total = {"Male": 0, "Female": 0}, {"Male": 0, "Female": 0}
    for start in range(0, len(scores), size):
        for group, score in zip(groups[start : start + size], scores[start : start + size]):
            count[group] += 1
            total[group] += units(score)
        (f, m), (sf, sm) = (count["Female"], count["Male"]), (total["Female"], total["Male"])
        if f and m:
            gap = sf * m - sm * f
            yield start, abs(gap) <= eps * f * m, gap, f * m
        else:
            yield start, True, 0, 1


def main():
    fairc, data = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    with open(data, newline="") as file:
        records = list(csv.DictReader(file))
    groups, raw = [record["sex"] for record in records], [float(record["score"]) for record in records]
    print("| batch | method | pooled gap | rows hold from sample | mean move | largest move |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        spec, out = folder / "spec.fair", folder / "out.csv"
        spec.write_text(SPEC)
        for size in (1, 8, 32):
            largest = {}
            for name, options in (("pooled", []), ("smooth", ["--smooth"]), ("primal-dual", ["--mode", "primal-dual"])):
                command = [fairc, "stream", spec, "--data", data, "--batch", str(size), "-o", out, "--format", "json"]
                report = json.loads(subprocess.run(command + options, check=True, capture_output=True, text=True).stdout)
                with open(out, newline="") as file:
                    scores = [float(record["score_fair"]) for record in csv.DictReader(file)]
                assert len(scores) == len(raw) and all(0 <= score <= 1 for score in scores)
                held = list(gaps(groups, scores, size))
                bad = [start for start, fine, _, _ in held if not fine]
                gap = abs(float(fractions.Fraction(held[-1][2], held[-1][3] * UNIT)))
                moves = [abs(a - b) for a, b in zip(raw, scores)]
                largest[name] = max(moves)
                first = (bad[-1] + size if bad else 0) + 1
                since = f"{first}" if first <= len(scores) else "never"
                print(f"| {size} | {name} | {gap:.6f} | {since} | {sum(moves) / len(moves):.4f} | {max(moves):.4f} |")
                if name == "pooled":
                    assert not bad or bad[-1] < 100, f"batch {size}: outside at sample {bad[-1]}"
                    assert report["held_since"] == (first if bad else 1), report["held_since"]
                if name == "smooth":
                    assert abs(gap - 0.02) <= 0.05 * 0.02, f"batch {size}: {gap} is not within 5 % of 0.02"
                    assert report["max_violation"] <= report["rows"][0]["bound"] + 1e-12
                    assert largest["smooth"] < largest["pooled"]


if __name__ == "__main__":
    main()
