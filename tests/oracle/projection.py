"""`fairc project` on Adult against an interior-point solver.

    python projection.py FAIRC ADULT.csv

For each spec: the projected predictions satisfy every row to 1e-9 (computed here from the exported matrix), and their
distance from the given ones equals Clarabel's to 1e-6.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import clarabel
import numpy as np
import scipy.sparse as sp

HEADER = """
column sex: {Female, Male}
column race: {White, Black, `Asian-Pac-Islander`, `Amer-Indian-Eskimo`, Other}
column age: real in [0, 120]
label income: {0, 1}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]
group sex_race = sex * race
"""

SPECS = {
    "parity": "use demographic_parity(sex, eps)",
    "odds": "use equalized_odds(sex, income, eps)",
    "pairwise": "use demographic_parity(race, eps)",
    "four_fifths": "use ratio_parity(race, 80%)\nuse ratio_parity(sex, 80%) as sexes",
    "residual": "use mean_residual(sex, income, 0.001)\nuse mean_residual(race, income, 0.001) as races",
    "covariance": "constraint c: |Cov[score, age]| <= 0.01",
    "intersectional": "use demographic_parity(sex_race, eps)",
    "together": "use demographic_parity(sex_race, 0.05)\nuse covariance_bound(age, 0.1)\nuse parity_to_overall(race, eps)",
    "cap": "constraint cap: each where age < 25: score <= 0.1\nuse demographic_parity(sex, eps)",
}


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def column(path, name):
    with open(path, newline="") as file:
        return np.array([float(record[name]) for record in csv.DictReader(file)])


def load(path):
    problem = json.loads(pathlib.Path(path).read_text())
    matrix = problem["A"]
    a = sp.csr_matrix((matrix["values"], matrix["indices"], matrix["indptr"]), shape=(problem["m"], problem["n"]))
    side = lambda values, none: np.array([none if value is None else value for value in values], float)
    return a, side(problem["l"], -np.inf), side(problem["u"], np.inf), side(problem["lo"], -np.inf), side(problem["hi"], np.inf)


def interior_point(a, l, u, lo, hi, z):
    """½|y - z|² subject to the rows and the box."""
    n = len(z)
    eye = sp.identity(n, format="csc")
    a = sp.csc_matrix(a)
    blocks, limits = [eye, -eye], [hi, -lo]
    for matrix, limit in ((a, u), (-a, -l)):
        finite = np.isfinite(limit)
        blocks.append(matrix[np.flatnonzero(finite)])
        limits.append(limit[finite])
    left, right = sp.vstack(blocks, format="csc"), np.concatenate(limits)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    solver = clarabel.DefaultSolver(sp.csc_matrix(eye), -z, left, right, [clarabel.NonnegativeConeT(len(right))], settings)
    return np.array(solver.solve().x)


def main():
    fairc, data = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    z = column(data, "score")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, body in SPECS.items():
            spec, out, numbers = folder / "spec.fair", folder / "out.csv", folder / "out.json"
            spec.write_text(HEADER + body + "\n")
            report = json.loads(run(fairc, "project", spec, "--data", data, "--pred", "score", "-o", out, "--format", "json"))
            run(fairc, "export", spec, "--data", data, "--to", "json", "-o", numbers)
            y = column(out, "score_fair")
            a, l, u, lo, hi = load(numbers)
            rows = a @ y
            violation = max(0.0, (l - rows).max(), (rows - u).max(), (lo - y).max(), (y - hi).max())
            distance = np.linalg.norm(y - z)
            reference = np.linalg.norm(interior_point(a, l, u, lo, hi, z) - z)
            print(f"{name}: {a.shape[0]} rows, violation {violation:.1e}, distance {distance:.8f}, interior point {reference:.8f}")
            assert report["status"] == "optimal", report["status"]
            assert violation <= 1e-9, "rows are violated"
            assert abs(distance - reference) <= 1e-6 * max(1.0, reference), "not the closest point"


if __name__ == "__main__":
    main()
