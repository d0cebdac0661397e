"""`fairc check --data` and `fairc imply --data` against HiGHS (scipy.optimize.linprog).

    python analysis.py FAIRC

On random data: feasibility and the feasible values of a param agree to 1e-7, conflicts are infeasible and irreducible, and
implications agree row by row with the largest value of each side.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import scipy.optimize as so
import scipy.sparse as sp

HEADER = """
column sex: {f, m}
column race: {a, b, c}
column age: real in [0, 100]
label y: {0, 1}
weight w
predict score: real in [0, 1]
param eps = EPS in [0, 1]
"""

SPECS = {
    "gap": "use demographic_parity(sex, eps)\nconstraint women: E[score | sex == f] >= 90%\nconstraint men: E[score | sex == m] <= 55%",
    "residual": "use mean_residual(race, y, eps)\nconstraint all: E[score] <= 20%",
    "odds": "use equalized_odds(sex, y, eps)\nconstraint parity: E[score | sex == f] - E[score | sex == m] >= 35%",
    "covariance": "constraint c: |Cov[score, age]| <= eps\nconstraint old: E[score | age >= 60] >= 80%\nconstraint young: E[score | age < 30] <= 10%",
    "each": "constraint cap: each where age < 30: score <= 0.1\nuse parity_to_overall(race, eps)\nconstraint mean: E[score] >= 70%",
    "fine": "use demographic_parity(race, eps)\nuse equalized_odds(sex, y, eps) as odds",
    "ratio": "use ratio_parity(race, 1 - eps)\nconstraint a: E[score | race == a] >= 60%\nconstraint b: E[score | race == b] <= 45%",
}

# HiGHS accepts rows violated by 1e-7 unless told otherwise.
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}

PAIRS = [
    ("use demographic_parity(race, eps)", "use parity_to_overall(race, eps)"),
    ("use parity_to_overall(race, eps)", "use demographic_parity(race, eps)"),
    ("use equalized_odds(sex, y, eps)", "use demographic_parity(sex, 2 * eps)"),
    ("use demographic_parity(sex, eps)\nconstraint m: E[score] >= 0.2", "use ratio_parity(sex, 80%)"),
    ("constraint cap: each where age < 50: score <= 0.3", "constraint mean: E[score] <= 0.8"),
    ("use mean_residual(sex, y, eps)", "use residual_parity(sex, y, 2 * eps)"),
]


def run(*command, allowed=(0,)):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode in allowed, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def write_data(path, random, n):
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["sex", "race", "age", "y", "w"])
        for _ in range(n):
            sex, race = random.choice(["f", "m"]), random.choice(["a", "b", "c"], p=[0.6, 0.3, 0.1])
            y = int(random.random() < (0.3 if sex == "f" else 0.6))
            table.writerow([sex, race, random.integers(18, 80), y, round(random.uniform(0.5, 2.0), 2)])


def export(fairc, spec, data, out, eps):
    run(fairc, "export", spec, "--data", data, "--to", "json", "-o", out, "--set", f"eps={eps!r}", "--quiet")
    problem = json.loads(out.read_text())
    matrix = problem["A"]
    a = sp.csr_matrix((matrix["values"], matrix["indices"], matrix["indptr"]), shape=(problem["m"], problem["n"]))
    side = lambda values, none: np.array([none if value is None else value for value in values], float)
    box = list(zip(side(problem["lo"], -np.inf), side(problem["hi"], np.inf)))
    return problem["names"], a, side(problem["l"], -np.inf), side(problem["u"], np.inf), box


def maximise(objective, a, l, u, box):
    """The largest value under the rows; None where there is none."""
    left, right = sp.vstack([a, -a]), np.concatenate([u, -l])
    kept = np.isfinite(right)
    found = so.linprog(-objective, A_ub=left[kept], b_ub=right[kept], bounds=box, method="highs", options=EXACT)
    assert found.status in (0, 2), found.message
    return None if found.status == 2 else -found.fun


def feasible(a, l, u, box):
    return maximise(np.zeros(a.shape[1]), a, l, u, box) is not None


def ends(fairc, spec, data, out):
    """The least and greatest eps, by one linear program where eps enters the sides alone, else by bisection."""
    _, a, l0, u0, box = export(fairc, spec, data, out, 0.25)
    _, other, l1, u1, _ = export(fairc, spec, data, out, 0.5)
    if abs(a - other).max() == 0:
        with np.errstate(invalid="ignore"):
            slope_u, slope_l = np.nan_to_num((u1 - u0) / 0.25), np.nan_to_num((l1 - l0) / 0.25)
        wide = sp.vstack([sp.hstack([a, -slope_u[:, None]]), sp.hstack([-a, slope_l[:, None]])]).tocsr()
        right = np.concatenate([u0 - 0.25 * slope_u, -(l0 - 0.25 * slope_l)])
        kept = np.isfinite(right)
        found = []
        for sign in (1, -1):
            cost = np.zeros(a.shape[1] + 1)
            cost[-1] = sign
            answer = so.linprog(cost, A_ub=wide[kept], b_ub=right[kept], bounds=box + [(0, 1)], method="highs", options=EXACT)
            found.append(None if answer.status == 2 else sign * answer.fun)
        return found
    holds = lambda eps: feasible(*export(fairc, spec, data, out, eps)[1:])
    inside = next((eps for eps in np.linspace(0, 1, 33) if holds(float(eps))), None)
    if inside is None:
        return [None, None]
    found = []
    for end in (0.0, 1.0):
        good, bad = float(inside), end
        if not holds(end):
            for _ in range(40):
                middle = 0.5 * (good + bad)
                good, bad = (middle, bad) if holds(middle) else (good, middle)
            found.append(good)
        else:
            found.append(end)
    return found


def check(fairc, folder, name, body, data):
    spec, out = folder / f"{name}.fair", folder / "problem.json"
    spec.write_text(HEADER.replace("EPS", "0.02") + body + "\n")
    report = json.loads(run(fairc, "check", spec, "--data", data, "--format", "json", allowed=(0, 1)))
    seen = report["specs"][0]["data"]
    names, a, l, u, box = export(fairc, spec, data, out, 0.02)
    assert seen["feasible"] == feasible(a, l, u, box), (name, seen)
    wanted, found = ends(fairc, spec, data, out), [seen["params"][0]["least"], seen["params"][0]["greatest"]]
    for ours, theirs in zip(found, wanted):
        assert (ours is None) == (theirs is None), (name, found, wanted)
        assert ours is None or abs(ours - theirs) <= 1e-7, (name, found, wanted)
    if not seen["feasible"]:
        irreducible(name, seen["conflict"], names, a, l, u, box)
    return seen["feasible"], found


def irreducible(name, conflict, names, a, l, u, box):
    sides = {(names.index(entry["row"]), entry["side"] == "upper") for entry in conflict}
    def part(kept):
        low, high = np.full(len(names), -np.inf), np.full(len(names), np.inf)
        for row, upper in kept:
            (high if upper else low)[row] = (u if upper else l)[row]
        return feasible(a, low, high, box)
    assert not part(sides), (name, sides)
    for side in sides:
        assert part(sides - {side}), (name, sides, side)


def implications(fairc, folder, data):
    a_spec, b_spec, out = folder / "a.fair", folder / "b.fair", folder / "problem.json"
    count = 0
    for premise, claim in PAIRS:
        a_spec.write_text(HEADER.replace("EPS", "0.05") + premise + "\n")
        b_spec.write_text(HEADER.replace("EPS", "0.05") + claim + "\n")
        answer = json.loads(run(fairc, "imply", a_spec, b_spec, "--data", data, "--format", "json", allowed=(0, 1)))
        _, a, l, u, box = export(fairc, a_spec, data, out, 0.05)
        names, b, low, high, _ = export(fairc, b_spec, data, out, 0.05)
        for place, name in enumerate(names):
            row = b[place].toarray().ravel()
            holds = True
            for sign, limit in ((1, high[place]), (-1, -low[place])):
                if np.isfinite(limit):
                    holds &= maximise(sign * row, a, l, u, box) <= limit + 1e-8
            seen = next(entry for entry in answer["rows"] if entry["name"] == name)
            assert (seen["verdict"] == "implied") == holds, (premise, claim, name, seen)
            count += 1
    return count


def main():
    fairc = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = folder / "data.csv"
        for seed in range(3):
            random = np.random.default_rng(seed)
            write_data(data, random, int(random.integers(40, 400)))
            for name, body in SPECS.items():
                verdict, found = check(fairc, folder, name, body, data)
                print(f"seed {seed} {name}: feasible {verdict}, eps in {found}")
            print(f"seed {seed}: {implications(fairc, folder, data)} implied rows agree")


if __name__ == "__main__":
    main()
