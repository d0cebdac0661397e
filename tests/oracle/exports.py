"""`fairc export` read back by other programs.

    python exports.py FAIRC

For specs with weights, ratios, covariances, soft rows, per-sample bounds and equalities, on data made here:

- SciPy reads the npz and the mtx, the safetensors package the safetensors; all equal the json to the last bit.
- HiGHS reads the mps and the lp, finds in both the matrix, sides, bounds and objective of the json to the last bit, and
  its solution of the quadratic program agrees with `fairc project` to 1e-6.

For specs with means of bends: the json goes back to `fairc solve`, and HiGHS solves mps and lp, which have a column for each distance.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import highspy
import numpy as np
from safetensors import safe_open
from scipy import sparse
from scipy.io import mmread

N = 120
INF = np.inf

HEADER = """
column sex: {female, male}
column race: {white, black, asian}
column age: real in [0, 120]
label income: {0, 1}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]
group both = sex * race
"""

PARITY = "constraint parity: |E[score | sex == female] - E[score | sex == male]| <= eps\n"
SPECS = [
    PARITY,
    "weight w from age\n" + PARITY,
    "use equalized_odds(sex, income, eps) as odds\n",
    "constraint `names, that change`: forall g in both: |E[score | both == g] - E[score]| <= eps\n",
    "constraint ratio: forall (r, s) in race * race where r != s: E[score | race == r] / E[score | race == s] >= 80%\n",
    PARITY + "constraint cap: each where age < 30: score <= 0.4\nconstraint floor: each where age > 60: 0.2 <= score <= age / 100\n",
    "constraint budget: E[score] == 30%\n" + PARITY,
    "weight w from age\nconstraint cov: |Cov[score, age]| <= 0.01\nconstraint budget: E[score] == 40% +/- 1%\n",
    PARITY.replace("parity:", "parity (soft = 0.5):") + "constraint budget: E[score] == 60%\n",
    "weight w from age\n" + PARITY.replace("parity:", "parity (soft = 20):") + "constraint f (soft = 30): E[score] <= 20%\n",
]
BENDS = [
    "constraint near: E[|score - raw(score)|] <= 0.03\nconstraint budget: E[score] >= E[raw(score)] + 0.02\n",
    "weight w from age\nconstraint high: E[max(score - 0.7, 0) | sex == male] <= 1%\n" + PARITY,
    "constraint low: forall r in race: E[min(score, 0.5) | race == r] >= 0.45\nconstraint near: E[|score - age / 90|] <= 0.2\n",
    "constraint high (soft = 3): E[max(score - 0.4, 0)] <= 5%\nconstraint twice: E[|score - 0.5|] + E[|score - 0.25| | sex == female] <= 0.4\n",
]
UNBOUNDED = HEADER.replace("score: real in [0, 1]", "score: real in [-inf, 0.7]")


def run(fairc, *words):
    done = subprocess.run([fairc, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


def write_data(path):
    rng = np.random.default_rng(7)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sex", "race", "age", "income", "score"])
        for _ in range(N):
            sex, race = rng.choice(["female", "male"]), rng.choice(["white", "black", "asian"], p=[0.6, 0.25, 0.15])
            score = np.clip(rng.normal(0.5 + 0.1 * (sex == "male"), 0.2), 0, 1)
            writer.writerow([sex, race, rng.integers(18, 90), int(rng.random() < score), repr(float(score))])


def read_json(path):
    p = json.loads(path.read_text())
    numbers = lambda key, none: np.array([none if v is None else v for v in p[key]], float)
    matrix = sparse.csr_array((p["A"]["values"], p["A"]["indices"], p["A"]["indptr"]), shape=(p["m"], p["n"]))
    soft = numbers("soft", INF) if "soft" in p else np.full(p["m"], INF)
    return {
        "A": matrix, "l": numbers("l", -INF), "u": numbers("u", INF), "lo": numbers("lo", -INF), "hi": numbers("hi", INF),
        "w": numbers("w", None), "z": numbers("z", None), "soft": soft, "names": p["names"], "is_soft": "soft" in p,
    }


def equal_arrays(folder, p):
    keys = ["l", "u", "lo", "hi", "w", "z"] + (["soft"] if p["is_soft"] else [])
    npz = np.load(folder / "x.npz")
    assert (sparse.load_npz(folder / "x.npz") != p["A"]).nnz == 0, "npz: matrix"
    assert (mmread(folder / "x.mtx").tocsr() != p["A"]).nnz == 0, "mtx: matrix"
    with safe_open(folder / "x.safetensors", framework="numpy") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}
        names = json.loads(file.metadata()["names"])
    st = sparse.csr_array((tensors["values"], tensors["indices"], tensors["indptr"]), shape=p["A"].shape)
    assert (st != p["A"]).nnz == 0, "safetensors: matrix"
    for key in keys:
        assert np.array_equal(npz[key], p[key]), f"npz: {key}"
        assert np.array_equal(mmread(folder / f"x.{key}.mtx").ravel(), p[key]), f"mtx: {key}"
        assert np.array_equal(tensors[key], p[key]), f"safetensors: {key}"
    assert names == p["names"] == list(npz["names"]), "names"


def equal_program(lp, p, what):
    """HiGHS has what the json has, to the last bit, with one column more for each side of a soft row."""
    m, n = p["A"].shape
    finite = lambda values: np.where(np.abs(values) >= highspy.kHighsInf, np.copysign(INF, values), values)
    matrix = sparse.csc_array((lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_), shape=(m, lp.num_col_))
    # The LP reader orders columns by first use.
    place = {name: i for i, name in enumerate(lp.col_names_)}
    order = [place[f"y{i + 1}"] for i in range(n)]
    assert (matrix[:, order].tocsr() != p["A"]).nnz == 0, f"{what}: matrix"
    sides = {"l": finite(np.array(lp.row_lower_)), "u": finite(np.array(lp.row_upper_))}
    two_sided = [(row, place[f"row{row + 1}"]) for row in range(m) if f"row{row + 1}" in place]
    for row, column in two_sided:
        # The LP has the sides of a two-sided row as bounds of its value.
        assert matrix[row, column] == -1 and sides["l"][row] == sides["u"][row] == 0, f"{what}: value of row {row}"
        sides["l"][row], sides["u"][row] = lp.col_lower_[column], lp.col_upper_[column]
    for key in "lu":
        assert np.array_equal(sides[key], p[key]), f"{what}: {key}"
    for key, values in (("lo", lp.col_lower_), ("hi", lp.col_upper_)):
        assert np.array_equal(finite(np.array(values))[order], p[key]), f"{what}: {key}"
    assert np.array_equal(np.array(lp.col_cost_)[order], -(p["w"] * p["z"])), f"{what}: costs"
    constant = 0.5 * np.sum(p["w"] * p["z"] ** 2)
    assert abs(lp.offset_ - constant) <= 1e-12 * constant, f"{what}: constant"
    soft = np.isfinite(p["soft"])
    slacks = np.sum(soft & np.isfinite(p["l"])) + np.sum(soft & np.isfinite(p["u"]))
    assert lp.num_col_ == n + slacks + len(two_sided), f"{what}: slacks"
    return order


def solved(path, p, what):
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    for tolerance in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        highs.setOptionValue(tolerance, 1e-10)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk, f"{what} cannot be read"
    model = highs.getModel()
    order = equal_program(model.lp_, p, what)
    names = list(model.lp_.row_names_)
    square = sparse.csc_array(
        (model.hessian_.value_, model.hessian_.index_, model.hessian_.start_), shape=(model.lp_.num_col_,) * 2
    )
    assert np.array_equal(square.diagonal()[order], p["w"]), f"{what}: squares"
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal, f"{what}: {highs.getModelStatus()}"
    return np.array(highs.getSolution().col_value)[order], highs.getObjectiveValue(), names


def original(path, mark, names):
    """The names as the comments of the file give them back."""
    changed = {}
    for line in path.read_text().splitlines():
        if line.startswith(f"{mark} row "):
            name, old = line[len(mark) + 5 :].split(": ", 1)
            changed[name] = old
    return [changed.get(name, name) for name in names]


def bends(fairc, folder, base):
    """The largest distance of what HiGHS finds in mps and lp, and of what `fairc solve` finds in the json, from a projection."""
    for form in ("json", "mps", "lp"):
        run(fairc, "export", *base, "--to", form, "-o", folder / f"x.{form}")
    run(fairc, "project", *base, "-o", folder / "fair.csv", "--replace")
    with open(folder / "fair.csv") as file:
        y = np.array([float(row["score_fair"]) for row in csv.DictReader(file)])
    p = json.loads((folder / "x.json").read_text())
    answer = json.loads(run(fairc, "solve", folder / "x.json"))
    worst = np.abs(np.array(answer["yhat"]) - y).max()
    assert worst <= 1e-9, f"json: {worst}"
    terms, n = p["convex"], p["n"]
    apart = {(i, c) for i, c in zip(terms["samples"], terms["c"])}
    for form in ("mps", "lp"):
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        for tolerance in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            highs.setOptionValue(tolerance, 1e-10)
        assert highs.readModel(str(folder / f"x.{form}")) == highspy.HighsStatus.kOk, f"{form} cannot be read"
        place = {name: i for i, name in enumerate(highs.getModel().lp_.col_names_)}
        assert sum(name.startswith("t") for name in place) == len(apart), f"{form}: {len(apart)} distances"
        highs.run()
        assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal, f"{form}: {highs.getModelStatus()}"
        found = np.array(highs.getSolution().col_value)
        error = np.abs(np.array([found[place[f"y{i + 1}"]] for i in range(n)]) - y).max()
        assert error <= 1e-5, f"{form}: differs by {error:.1e}"
        worst = max(worst, error)
    return worst


def main():
    fairc = pathlib.Path(sys.argv[1]).resolve()
    worst, count = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data, spec = folder / "data.csv", folder / "spec.fair"
        write_data(data)
        for header, body in [(HEADER, body) for body in SPECS] + [(UNBOUNDED, SPECS[0]), (UNBOUNDED, SPECS[7])]:
            spec.write_text(header + body)
            base = [spec, "--data", data, "--pred", "score"]
            for form in ("json", "npz", "mtx", "mps", "lp", "safetensors"):
                run(fairc, "export", *base, "--to", form, "-o", folder / f"x.{form}")
            p = read_json(folder / "x.json")
            equal_arrays(folder, p)
            run(fairc, "project", *base, "-o", folder / "fair.csv")
            with open(folder / "fair.csv") as file:
                y = np.array([float(row["score_fair"]) for row in csv.DictReader(file)])
            a = p["A"] @ y
            give = np.maximum(0, np.maximum(a - p["u"], p["l"] - a))[np.isfinite(p["soft"])]
            mine = 0.5 * np.sum(p["w"] * (y - p["z"]) ** 2) + np.sum(give * p["soft"][np.isfinite(p["soft"])])
            for form, mark in (("mps", "*"), ("lp", "\\")):
                theirs, objective, names = solved(folder / f"x.{form}", p, f"{body}{form}")
                error = max(np.abs(theirs - y).max(), abs(objective - mine) / max(1.0, abs(mine)))
                assert error <= 1e-6, f"{body}{form}: differs by {error:.1e}"
                assert original(folder / f"x.{form}", mark, names) == p["names"], f"{body}{form}: names {names}"
                worst, count = max(worst, error), count + 1
        for body in BENDS:
            spec.write_text(HEADER + body)
            worst, count = max(worst, bends(fairc, folder, [spec, "--data", data, "--pred", "score"])), count + 2
    print(f"exports: {count} programs solved by HiGHS agree with `fairc project`, worst difference {worst:.1e}")


if __name__ == "__main__":
    main()
