"""Rates of error where labels are missing, against rates computed here among the labelled alone.

    python unlabelled.py FAIRC [CASES]     # the path of the binary

Each case is a random table of which some labels are empty, and bounds at random: precision, false omission rate and F1 of
each group come from numpy, over the samples whose label is known and no others, and so do the verdicts of `fairc audit`.
What `fairc project` gives keeps the bounds by the same formulas.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

GROUPS = ["a", "b", "c"]


def rates(s, y):
    """Of samples whose label is known: precision, false omission rate, F1."""
    known = y >= 0
    s, y = s[known], y[known]
    return {
        "prec": (s * y).sum() / s.sum(),
        "fom": ((1 - s) * y).sum() / (1 - s).sum(),
        "f1": 2 * (s * y).sum() / (s.sum() + y.sum()),
    }


def keeps(name, rate, bound, slack=0.0):
    return rate <= bound + slack if name == "fom" else rate >= bound - slack


def audited(fairc, spec, data):
    done = subprocess.run([fairc, "audit", spec, "--data", data, "--bootstrap", "0", "--format", "json"], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return json.loads(done.stdout)


def case(fairc, folder, rng):
    n, decided = int(rng.integers(60, 300)), rng.random() < 0.4
    g, y = rng.choice(GROUPS, n), rng.choice([0, 1, -1], n, p=[0.4, 0.35, 0.25])
    s = rng.integers(0, 2, n).astype(float) if decided else np.round(rng.random(n), 4)
    data, spec = folder / "d.csv", folder / "s.fair"
    with open(data, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["g", "y", "s"])
        writer.writerows((a, "" if b < 0 else b, int(c) if decided else c) for a, b, c in zip(g, y, s))
    bounds = {name: round(float(rng.uniform(0.3, 0.65)), 3) for name in ("prec", "fom", "f1")}
    metrics = {"prec": "precision_floor", "fom": "false_omission_ceiling", "f1": "f1_floor"}
    uses = [f"use {metrics[name]}(g, y, {bound}) as {name} (enforce = train)" for name, bound in bounds.items()]
    kind = "{0, 1}" if decided else "real in [0, 1]"
    spec.write_text("\n".join(["column g: {a, b, c}", "label y: {0, 1}?", f"predict s: {kind}", *uses]) + "\n")
    found = {row["name"]: row["verdict"] for row in audited(fairc, spec, data)["rows"]}
    verdicts = 0
    for group in GROUPS:
        for name, rate in rates(s[g == group], y[g == group]).items():
            if abs(rate - bounds[name]) > 1e-6:
                expected = "held" if keeps(name, rate, bounds[name]) else "violated"
                assert found[f"{name}[a={group}]"] == expected, (group, name, rate, bounds[name], found)
                verdicts += 1
    if not decided:
        out = folder / "p.csv"
        # Where some prediction satisfies the bounds.
        done = subprocess.run([fairc, "project", spec, "--data", data, "-o", out, "--on-infeasible", "error"], capture_output=True, text=True)
        if done.returncode == 0:
            with open(out, newline="") as file:
                rows = list(csv.DictReader(file))
            moved = np.array([float(row["s_fair"]) for row in rows])
            for group in GROUPS:
                for name, rate in rates(moved[g == group], y[g == group]).items():
                    assert keeps(name, rate, bounds[name], 1e-7), (group, name, rate, bounds[name])
            return verdicts, 1
    return verdicts, 0


def main():
    fairc, cases = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        done = [case(fairc, pathlib.Path(folder), rng) for _ in range(cases)]
    verdicts, projected = (sum(one) for one in zip(*done))
    assert verdicts and projected
    print(f"{verdicts} verdicts of {cases} tables with missing labels, and {projected} projections, agree")


if __name__ == "__main__":
    main()
