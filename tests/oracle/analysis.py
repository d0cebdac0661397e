"""`fairc check --data` and `fairc imply --data` against HiGHS (scipy.optimize.linprog).

    python analysis.py FAIRC [FIRST_SEED [SEEDS]]

On random data: feasibility and the feasible values of each param agree to 1e-7, conflicts are infeasible and irreducible,
implications agree row by row with the largest value of each side, and rows that `check` calls redundant follow from the
others. The fixed specs run with three seeds; random ones, with several params, overlapping events and bounds of single
predictions, with as many as asked for.
"""

import csv
import itertools
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


def export(fairc, spec, data, out, eps, name="eps"):
    """The numbers of a spec on data; none where the sides of a row cross, which no prediction satisfies."""
    out.unlink(missing_ok=True)
    run(fairc, "export", spec, "--data", data, "--to", "json", "-o", out, "--set", f"{name}={eps!r}", "--quiet", allowed=(0, 1))
    if not out.exists():
        return None
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


def ends(fairc, spec, data, out, name="eps"):
    """The least and greatest value of a param in [0, 1], by one linear program where it enters the sides alone and
    affinely, else by bisection."""
    looks = [export(fairc, spec, data, out, value, name) for value in (0.25, 0.5, 0.0, 1.0)]
    straight = all(look is not None for look in looks)
    if straight:
        (_, a, l0, u0, box), (_, other, l1, u1, box1) = looks[:2]
        straight = box == box1 and (a != other).nnz == 0
        below, above = np.isfinite(l0), np.isfinite(u0)
        for value, (_, _, low, high, end) in zip((0.0, 1.0), looks[2:]):
            on_line = lambda zero, one, side: np.allclose(zero + (one - zero) * (value / 0.25 - 1), side, rtol=0, atol=1e-9)
            straight &= end == box and on_line(l0[below], l1[below], low[below]) and on_line(u0[above], u1[above], high[above])
    if straight:
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

    def holds(eps):
        problem = export(fairc, spec, data, out, eps, name)
        return problem is not None and feasible(*problem[1:])

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
    # A conflict is told in the direction in which its constraint is written, the exported rows have one of their own: what is
    # asked for tells which side it is.
    def exported(entry):
        row, asked, upper = names.index(entry["row"]), entry["limit"], entry["side"] == "upper"
        found = [(row, upper)] if abs((u if upper else l)[row] - asked) <= 1e-9 else []
        found += [(row, not upper)] if abs((l if upper else u)[row] + asked) <= 1e-9 else []
        assert found, (name, entry, l[row], u[row])
        return found
    def part(kept):
        low, high = np.full(len(names), -np.inf), np.full(len(names), np.inf)
        for row, upper in kept:
            (high if upper else low)[row] = (u if upper else l)[row]
        return feasible(a, low, high, box)
    # Both directions of limits that are each other's negative are tried.
    choices = [set(sides) for sides in itertools.product(*map(exported, conflict))]
    is_conflict = lambda sides: not part(sides) and all(part(sides - {side}) for side in sides)
    assert any(is_conflict(sides) for sides in choices), (name, conflict)


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


EVENTS = ["sex == f", "sex == m", "race == a", "race == b", "race == c", "age < 45", "age >= 35", "sex == f, race in {a, b}",
          "age < 60 or race == c", "not (sex == m and age < 50)", "y == 1", "sex == m, y == 0"]

RANDOM_HEADER = HEADER.replace("param eps = EPS in [0, 1]\n", "") + """
param eps = 0.02 in [0, 1]
param tol = 0.05 in [0, 1]
param level = 0.5 in [0, 1]
"""


def random_spec(random):
    """Constraints over events that overlap; which params enter them otherwise than by affine sides."""
    event = lambda: EVENTS[random.integers(len(EVENTS))]
    mean = lambda: f"E[score | {event()}]"
    tolerance = lambda: ["eps", "tol", "2 * eps", "eps + tol", "0.03"][random.integers(5)]
    kinds = [
        lambda: f"|{mean()} - {mean()}| <= {tolerance()}",
        lambda: f"|{mean()} - E[score]| <= {tolerance()}",
        lambda: f"{mean()} >= level + {random.choice([0.1, 0.2, 0.3])}",
        lambda: f"{mean()} <= level - {random.choice([0.1, 0.2, 0.3])}",
        lambda: f"|{mean()} - level| <= {tolerance()}",
        lambda: f"|E[y - score | {event()}]| <= {tolerance()}",
        lambda: f"{mean()} / {mean()} >= 0.8",
        lambda: f"|Cov[score, age | {event()}]| <= 5 * {tolerance()}",
        lambda: f"Sum[score | {event()}] <= 0.6 * N[{event()}]",
        lambda: f"each where {event()}: score <= {random.choice([0.3, 0.6])}",
        lambda: f"each where {event()}: score >= {random.choice([0.1, 0.4])}",
    ]
    chosen = [kinds[random.integers(len(kinds))]() for _ in range(random.integers(2, 8))]
    return RANDOM_HEADER + "".join(f"constraint c{index}: {body}\n" for index, body in enumerate(chosen))


def sweep(fairc, folder, seed):
    """A random spec on random data; what was looked at."""
    random = np.random.default_rng([seed, 1])
    data, spec, out = folder / "data.csv", folder / "random.fair", folder / "problem.json"
    write_data(data, random, int(random.integers(30, 150)))
    spec.write_text(random_spec(random))
    report = json.loads(run(fairc, "check", spec, "--data", data, "--format", "json", allowed=(0, 1)))
    codes = [entry["code"] for entry in report["diagnostics"]]
    crossed = [code for code in codes if code.startswith("E")]
    if crossed and "data" not in report["specs"][0]:
        return "refused"
    seen = report["specs"][0]["data"]
    names, a, l, u, box = export(fairc, spec, data, out, 0.02)
    assert seen["feasible"] == feasible(a, l, u, box), (seed, spec.read_text(), seen)
    for param in seen["params"]:
        wanted, found = ends(fairc, spec, data, out, param["name"]), [param["least"], param["greatest"]]
        for ours, theirs in zip(found, wanted):
            assert (ours is None) == (theirs is None), (seed, spec.read_text(), param, wanted)
            assert ours is None or abs(ours - theirs) <= 1e-7, (seed, spec.read_text(), param, wanted)
    if not seen["feasible"]:
        irreducible(seed, seen["conflict"], names, a, l, u, box)
        return "infeasible"
    return f"{redundant(report, names, a, l, u, box)} redundant"


def redundant(report, names, a, l, u, box):
    """Constraints that are told to be implied follow from the rows of those that are not."""
    implied = {word for entry in report["diagnostics"] if entry["code"] == "W0106"
               for word in entry["message"].split(" implied by ")[0].split("`")[1::2]}
    rest = [place for place, name in enumerate(names) if name not in implied]
    for place, name in enumerate(names):
        if name in implied:
            row = a[place].toarray().ravel()
            for sign, limit in ((1, u[place]), (-1, -l[place])):
                if np.isfinite(limit):
                    most = maximise(sign * row, a[rest], l[rest], u[rest], box)
                    assert most is not None and most <= limit + 1e-8, (name, most, limit)
    return len(implied)


def main():
    fairc = pathlib.Path(sys.argv[1]).resolve()
    first, count = (int(word) for word in (sys.argv[2:] + ["0", "12"][len(sys.argv) - 2 :])[:2])
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
        outcomes = [sweep(fairc, folder, seed) for seed in range(first, first + count)]
        told = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in sorted(set(outcomes)))
        print(f"{count} random specs from seed {first} agree: {told}")


if __name__ == "__main__":
    main()
