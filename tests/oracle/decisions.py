"""Decisions of `fairc decide` on random specs and data, against HiGHS.

    python decisions.py FAIRC [COUNT] [SEED]        # the path of the binary; 400 specs, seed 1

Each spec has one to six constraints: parity and conditional parity, equal opportunity, budgets, equalities, precision floors,
ratios, quotients, equal rates, shares within groups, covariances and bounds of `each`, with weights (halves, whole numbers and hundredths), ties up to
scores of 0 and 1 alone, and groups that nobody is in. The rows are made here from what the
constraints say, and share nothing with fairc. Specs that read a label are left to `decision_rules.py`. Compared are:

* whether any decisions satisfy the rows, and the largest gain of decisions between 0 and 1: HiGHS's linear program, to 1e-9;
* the decisions of 0 and 1: that they keep all rows, summed in fractions, and gain what is said;
* for at most 60 samples the best decisions of 0 and 1: HiGHS's integer program. How many of how many gain less, and by how much in
  gain and relative to HiGHS's, is printed; where fairc finds none and there are some is counted, and where it says to have proven that, wrong;
* what decisions gain over the values of a tolerance (`fairc price --decide`): HiGHS at each value, and the price as a slope that no
  other value lies above;
* thresholds: applied to other data they decide as their SQL does in SQLite and DuckDB, nulls and unknown levels included.
"""

import csv
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import duckdb
import highspy
import numpy as np

HEADER = """column g: {a, b, c}
column h: {x, y}?
column r: {p, q, s}
column age: real in [0, 100]
label y: {0, 1}
predict d: real in [0, 1] from score
"""
INF = float("inf")


class Case:
    """A table, and rows as constraints add them."""

    def __init__(self, seed):
        rng = self.rng = np.random.default_rng(seed)
        self.n = int(rng.choice([rng.integers(1, 12), rng.integers(12, 60), rng.integers(60, 2000)], p=[0.25, 0.5, 0.25]))
        self.g = rng.choice(["a", "b", "c"], self.n, p=[0.5, 0.35, 0.15])
        self.h = rng.choice(["x", "y", ""], self.n, p=[0.5, 0.4, 0.1])
        self.r = rng.choice(["p", "q", "s"], self.n, p=[0.5, 0.3, 0.2])
        self.age = rng.integers(0, 100, self.n).astype(float)
        self.y = rng.integers(0, 2, self.n)
        score = np.clip(rng.normal(0.5, 0.25, self.n) + 0.1 * (self.g == "a"), 0, 1)
        digits = int(rng.choice([0, 1, 2, 17], p=[0.1, 0.3, 0.3, 0.3]))
        self.score = np.round(score, digits) if digits < 17 else score
        self.weighted = rng.random() < 0.4
        weights = [rng.choice([0.5, 1.0, 2.5], self.n), rng.integers(1, 8, self.n).astype(float), np.round(rng.uniform(0.1, 3, self.n), 2)]
        self.w = weights[rng.integers(0, 3)] if self.weighted else np.ones(self.n)
        self.cutoff = float(rng.choice([0.5, 0.5, 0.3, 0.7]))
        self.lo, self.hi = np.zeros(self.n), np.ones(self.n)
        self.rows, self.lower, self.upper, self.text = [], [], [], []
        self.empty = False

    def mean(self, event):
        total = (self.w * event).sum()
        if total == 0:
            # Such a row is refused, or left out: no case for this comparison.
            self.empty = True
            return np.zeros(self.n)
        return self.w * event / total

    def sum(self, event):
        self.empty |= not (event & (self.w > 0)).any()
        return self.w * event

    def add(self, text, row, lower, upper):
        self.text.append(text)
        self.rows.append(row)
        self.lower.append(lower)
        self.upper.append(upper)

    def number(self, low, high):
        return float(np.round(self.rng.uniform(low, high), 3))

    def constrain(self):
        rng = self.rng
        kind = rng.choice(
            ["parity", "equal", "equal", "every", "within", "conditional", "opportunity", "budget", "sum", "equality", "precision",
             "ratio", "quotient", "covariance", "each"]
        )
        one, two = rng.choice(["a", "b", "c"], 2, replace=False)
        eps = self.number(0, 0.2) if rng.random() < 0.9 else 0.0
        is_one, is_two = self.g == one, self.g == two
        all_of = np.ones(self.n, bool)
        if kind == "parity":
            row = self.mean(is_one) - self.mean(is_two)
            self.add(f"|E[d | g == {one}] - E[d | g == {two}]| <= {eps}", row, -eps, eps)
        elif kind == "equal":
            row = self.mean(is_one) - self.mean(is_two)
            self.add(f"|E[d | g == {one}] - E[d | g == {two}]| <= 0", row, 0.0, 0.0)
        elif kind == "every":
            eps = float(rng.choice([0.0, 0.05]))
            level, other = rng.choice(["p", "q", "s"], 2, replace=False)
            for first, second in ((level, other), (other, level)):
                row = self.mean(self.r == first) - self.mean(self.r == second)
                self.add(f"E[d | r == {first}] - E[d | r == {second}] <= {eps}", row, -INF, eps)
        elif kind == "within":
            eps = float(rng.choice([0.0, 0.1]))
            level = rng.choice(["p", "q"])
            row = self.mean((self.r == level) & is_one) - self.mean(is_one)
            self.add(f"|E[d | r == {level}, g == {one}] - E[d | g == {one}]| <= {eps}", row, -eps, eps)
        elif kind == "quotient":
            share = self.number(0.5, 1.0)
            row = self.mean(is_one) - share * self.mean(self.h == "x")
            self.add(f"E[d | g == {one}] / E[d | h == x] >= {share}", row, 0.0, INF)
        elif kind == "conditional":
            level = rng.choice(["x", "y"])
            inside = self.h == level
            row = self.mean(is_one & inside) - self.mean(is_two & inside)
            self.add(f"|E[d | g == {one}, h == {level}] - E[d | g == {two}, h == {level}]| <= {eps}", row, -eps, eps)
        elif kind == "opportunity":
            row = self.mean(is_one & (self.y == 1)) - self.mean(self.y == 1)
            self.add(f"E[d | g == {one}, y == 1] >= E[d | y == 1] - {eps}", row, -eps, INF)
        elif kind == "budget":
            most = self.number(0.1, 0.8)
            self.add(f"E[d] <= {most}", self.mean(all_of), -INF, most)
        elif kind == "sum":
            most = float(rng.integers(0, self.n + 1))
            self.add(f"Sum[d | h == x] <= {most}", self.sum(self.h == "x"), -INF, most)
        elif kind == "equality":
            value = float(rng.choice([0.25, 0.5, 0.4, self.number(0, 1)]))
            self.add(f"E[d | g == {one}] == {value}", self.mean(is_one), value, value)
        elif kind == "precision":
            share = self.number(0.3, 0.7)
            self.add(f"Sum[d | y == 1] >= {share} * Sum[d]", self.sum(self.y == 1) - share * self.w, 0.0, INF)
        elif kind == "ratio":
            self.add(f"E[d | g == {one}] >= 80% * E[d | g == {two}]", self.mean(is_one) - 0.8 * self.mean(is_two), 0.0, INF)
        elif kind == "covariance":
            mean = (self.w * self.age).sum() / self.w.sum()
            row = self.w * (self.age - mean) / self.w.sum()
            size = self.number(0.1, 5)
            self.add(f"|Cov[d, age]| <= {size}", row, -size, size)
        else:
            level = rng.choice(["x", "y"])
            inside = (self.h == level) & is_one
            if rng.random() < 0.5:
                most = float(rng.choice([0.0, 0.5, 1.0]))
                self.text.append(f"each where g == {one}, h == {level}: d <= {most}")
                self.hi[inside] = np.minimum(self.hi[inside], most)
            else:
                least = float(rng.choice([0.0, 0.5, 1.0]))
                self.text.append(f"each where g == {one}, h == {level}: d >= {least}")
                self.lo[inside] = np.maximum(self.lo[inside], least)

    def write(self, folder):
        weight = "weight w\n" if self.weighted else ""
        lines = [f"constraint c{place}: {text}\n" for place, text in enumerate(self.text)]
        (folder / "spec.fair").write_text(HEADER + weight + "".join(lines))
        with open(folder / "data.csv", "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["g", "h", "r", "age", "y", "w", "score"])
            for values in zip(self.g, self.h, self.r, self.age, self.y, self.w, self.score):
                out.writerow([str(value) if isinstance(value, str) else repr(value.item()) for value in values])


def highs(case, whole):
    """The largest gain and the decisions, or None where nothing satisfies the rows."""
    lo, hi = (np.ceil(case.lo), np.floor(case.hi)) if whole else (case.lo, case.hi)
    if (lo > hi).any():
        return None
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("primal_feasibility_tolerance", 1e-10)
    solver.setOptionValue("dual_feasibility_tolerance", 1e-10)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 1e-9)
    solver.setOptionValue("mip_feasibility_tolerance", 1e-9)
    solver.setOptionValue("time_limit", 20.0)
    cost = case.w * (case.score - case.cutoff)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = case.n, len(case.rows)
    model.col_cost_, model.sense_ = cost, highspy.ObjSense.kMaximize
    model.col_lower_, model.col_upper_ = lo, hi
    model.row_lower_, model.row_upper_ = np.array(case.lower), np.array(case.upper)
    matrix = np.array(case.rows).reshape(len(case.rows), case.n)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.arange(len(case.rows) + 1) * case.n
    model.a_matrix_.index_ = np.tile(np.arange(case.n), len(case.rows))
    model.a_matrix_.value_ = matrix.ravel()
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * case.n
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return float(solver.getInfo().objective_function_value), np.array(solver.getSolution().col_value)
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return None
    raise TimeoutError(str(status))


def violation(case, decisions):
    """By how much decisions miss the rows at most, by the size of each row; summed in fractions."""
    worst = Fraction(0)
    for row, lower, upper in zip(case.rows, case.lower, case.upper):
        terms = [Fraction(float(a)) * Fraction(float(d)) for a, d in zip(row, decisions)]
        total, size = sum(terms), max(sum(map(abs, terms)), Fraction(1, 10**6))
        for excess in ([total - Fraction(upper)] if upper < INF else []) + ([Fraction(lower) - total] if lower > -INF else []):
            worst = max(worst, excess / size)
    return float(worst)


def judge(fairc, seed):
    """What is wrong with the answer to a case, and how its gain compares."""
    case = Case(seed)
    for _ in range(int(case.rng.integers(1, 7))):
        case.constrain()
    # Rows that read labels are another matter: see `decision_rules.py`.
    if case.empty or (case.lo > case.hi).any() or any("y ==" in text for text in case.text):
        return "left out", None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        case.write(folder)
        command = [fairc, "decide", "spec.fair", "--data", "data.csv", "--pred", "score", "--cutoff", str(case.cutoff)]
        done = subprocess.run(
            [*command, "--format", "json", "-o", "out.csv", "--on-infeasible", "relax"],
            cwd=folder, capture_output=True, text=True, timeout=300,
        )
        shown = f"seed {seed}, n {case.n}: " + "; ".join(case.text)
        try:
            answer = json.loads(done.stdout)
        except json.JSONDecodeError:
            return f"{shown}\n  no answer ({done.returncode}): {done.stderr}", None
        relaxed = highs(case, whole=False)
        # Sides of one row that cross are seen before there are data.
        if any(entry["code"] in ("E0801", "E0502") for entry in answer.get("diagnostics", [])):
            return (None if relaxed is None else f"{shown}\n  called infeasible, and is not"), "infeasible"
        if relaxed is None and answer.get("status") == "nearest" and answer["gain_bound"] is None:
            return None, "infeasible"
        if relaxed is None or ("gain_bound" in answer and answer["gain_bound"] is None):
            return f"{shown}\n  infeasible, and answered {answer.get('status')}", None
        if "gain_bound" not in answer:
            message = answer.get("error", {}).get("message", "")
            fractional = ((np.ceil(case.lo) > np.floor(case.hi)).any() and "neither 0 nor 1" in message) or "bounds of `each`" in message
            if fractional and highs(case, whole=True) is None:
                return None, "no whole numbers"
            return f"{shown}\n  refused: {answer}", None
        size = max(1.0, np.abs(case.w * (case.score - case.cutoff)).sum())
        if abs(answer["gain_bound"] - relaxed[0]) > 1e-9 * size:
            return f"{shown}\n  gains {answer['gain_bound']}, and HiGHS {relaxed[0]}", None
        with open(folder / "out.csv", newline="") as file:
            decisions = np.array([float(record["d_decision"]) for record in csv.DictReader(file)])
    if not np.isin(decisions, (0, 1)).all():
        return f"{shown}\n  not all decisions are 0 or 1", None
    gain = float((case.w * (case.score - case.cutoff) * decisions).sum())
    if abs(gain - answer["gain_after"]) > 1e-9 * size:
        return f"{shown}\n  gains {gain}, and is said to gain {answer['gain_after']}", None
    best = None
    if case.n <= 60:
        try:
            best = highs(case, whole=True)
        except TimeoutError:
            best = None
        if best is not None and violation(case, np.round(best[1])) > 1e-12:
            best = None
    if answer["status"] == "nearest":
        if violation(case, decisions) <= 1e-14:
            return f"{shown}\n  said to miss rows that hold", None
        if answer["decided"]["proven"] and best is not None:
            return f"{shown}\n  said to be proven that there are none, and there are", None
        return None, "missed though there are some" if best is not None else "none"
    if violation(case, decisions) > 1e-12 or (decisions < case.lo).any() or (decisions > case.hi).any():
        return f"{shown}\n  rows are violated by {violation(case, decisions)}", None
    if answer["decided"]["bound"] < gain - 1e-9 * size:
        return f"{shown}\n  gains more than its bound", None
    if best is not None:
        if best[0] > answer["decided"]["bound"] + 1e-7 * size:
            return f"{shown}\n  bound {answer['decided']['bound']}, and HiGHS gains {best[0]}", None
        behind = best[0] - gain
        return None, (behind, behind / max(abs(best[0]), 1e-12)) if behind > 1e-9 * size else (0.0, 0.0)
    if case.n <= 60:
        return None, "found, where HiGHS has no answer within its time or its tolerance"
    return None, (answer["decided"]["bound"] - gain, "bound", size)


VALUES = [0.0, 0.01, 0.05, 0.2]


def judge_price(fairc, seed):
    """What is wrong with the gains at the values of a tolerance."""
    case = Case(seed)
    for _ in range(int(case.rng.integers(1, 4))):
        case.constrain()
    place = len(case.rows)
    case.add("|E[d | g == a] - E[d]| <= eps", case.mean(case.g == "a") - case.mean(np.ones(case.n, bool)), 0.0, 0.0)
    if case.empty or (case.lo > case.hi).any() or any("y ==" in text for text in case.text):
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        case.write(folder)
        spec = folder / "spec.fair"
        spec.write_text(spec.read_text() + "param eps = 0.1 in [0, 1]\n")
        done = subprocess.run(
            [fairc, "price", "spec.fair", "--data", "data.csv", "--pred", "score", "--cutoff", str(case.cutoff), "--decide",
             "--sweep", "eps=" + ",".join(map(str, VALUES)), "--format", "json"],
            cwd=folder, capture_output=True, text=True, timeout=300,
        )
    shown = f"prices of seed {seed}, n {case.n}: " + "; ".join(case.text)
    if not done.stdout:
        return f"{shown}\n  exit code {done.returncode}: {done.stderr}"
    answer = json.loads(done.stdout)
    if "sweeps" not in answer:
        return None if any(entry["code"] in ("E0801", "E0502") for entry in answer["diagnostics"]) else f"{shown}\n  {answer}"
    size = max(1.0, np.abs(case.w * (case.score - case.cutoff)).sum())
    points = []
    for point in answer["sweeps"][0]["values"]:
        case.lower[place], case.upper[place] = -point["value"], point["value"]
        best = highs(case, whole=False)
        if (best is None) != (point["status"] == "infeasible"):
            return f"{shown}\n  {point['status']} at {point['value']}, and HiGHS: {best}"
        if best is None:
            continue
        decided = point["decided"]
        if abs(decided["gain"] - best[0]) > 1e-9 * size:
            return f"{shown}\n  gains {decided['gain']} at {point['value']}, and HiGHS {best[0]}"
        if decided["gain_whole"] is not None and decided["gain_whole"] > best[0] + 1e-9 * size:
            return f"{shown}\n  whole decisions gain more at {point['value']}"
        points.append((point["value"], best[0], point["price"]))
    for value, gain, price in points:
        for other, there, _ in points:
            if there > gain + price * (other - value) + 1e-7 * size:
                return f"{shown}\n  the price {price} at {value} is no slope: {points}"
    return None


TYPES = {"g": "text", "h": "text", "r": "text", "age": "double precision", "y": "integer", "w": "double precision", "score": "double precision"}


def in_databases(path, expression):
    """What SQLite and DuckDB make of an expression, row by row."""
    with open(path, newline="") as file:
        records = list(csv.DictReader(file))
    number = lambda kind, text: text if kind == "text" else int(text) if kind == "integer" else float(text)
    rows = [
        (place, *(None if record[name] == "" else number(kind, record[name]) for name, kind in TYPES.items()))
        for place, record in enumerate(records)
    ]
    found = []
    for base in (sqlite3.connect(":memory:"), duckdb.connect(":memory:")):
        base.execute("create table people (n integer, " + ", ".join(f"{name} {kind}" for name, kind in TYPES.items()) + ")")
        base.executemany("insert into people values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        found.append([value for (value,) in base.execute(f"select {expression} from people order by n").fetchall()])
        base.close()
    return found


def judge_thresholds(fairc, seed):
    """What is wrong with thresholds that are fitted on a case and applied to another."""
    case, other = Case(seed), Case(seed + 50_000)
    for _ in range(int(case.rng.integers(1, 4))):
        case.constrain()
    if case.empty or any(word in text for text in case.text for word in ("each", "Cov", "y ==")):
        return None
    other.h[other.rng.random(other.n) < 0.1] = "z"
    other.score[other.rng.random(other.n) < 0.3] = case.score[other.rng.integers(0, case.n)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        other.text = case.text
        other.weighted = case.weighted
        other.write(folder)
        (folder / "data.csv").rename(folder / "other.csv")
        case.write(folder)
        run = lambda *words: subprocess.run(
            [fairc, "decide", "spec.fair", "--on-infeasible", "relax", *words], cwd=folder, capture_output=True, text=True
        )
        base = ["--pred", "score", "--cutoff", str(case.cutoff)]
        done = run("--data", "data.csv", *base, "--freeze", "t.json", "-o", "own.csv")
        if any(words in done.stderr for words in ("E0801", "E0502", "so that there are no thresholds")):
            return None
        if done.returncode != 0 or run("--data", "data.csv", *base, "--freeze", "t.sql").returncode != 0:
            return f"seed {seed}: {case.text}\n  {done.stderr}"
        for data in ("data.csv", "other.csv"):
            done = subprocess.run(
                [fairc, "decide", "spec.fair", "--data", data, "--pred", "score", "--thresholds", "t.json", "-o", "by.csv"],
                cwd=folder, capture_output=True, text=True,
            )
            if "E0706" in done.stderr:
                continue
            if done.returncode != 0:
                return f"seed {seed}: {case.text}\n  {done.stderr}"
            with open(folder / "by.csv", newline="") as file:
                ours = [int(float(record["d_decision"])) for record in csv.DictReader(file)]
            for place, theirs in enumerate(in_databases(folder / data, (folder / "t.sql").read_text())):
                if ours != theirs:
                    return f"seed {seed}, {data}, {['SQLite', 'DuckDB'][place]}: {case.text}\n  {ours}\n  {theirs}"
    return None


def main():
    fairc = str(pathlib.Path(sys.argv[1]).resolve())
    count, first = (int(text) for text in (sys.argv[2:] + ["400", "1"][len(sys.argv) - 2 :]))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda seed: judge(fairc, seed), range(first * 100_000, first * 100_000 + count)))
        prices = list(pool.map(lambda seed: judge_price(fairc, seed), range(first * 100_000, first * 100_000 + count // 4)))
        thresholds = list(pool.map(lambda seed: judge_thresholds(fairc, seed), range(first * 100_000, first * 100_000 + count // 4)))
    wrong = [text for text, _ in results if text and text != "left out"] + [text for text in [*prices, *thresholds] if text]
    words = [kind for _, kind in results if isinstance(kind, str)]
    behind = [kind for _, kind in results if isinstance(kind, tuple) and kind[1] != "bound"]
    late = [kind for kind in behind if kind[0] > 0]
    print(f"{count} specs, {sum(text == 'left out' for text, _ in results)} left out (a group without samples, or a label)")
    for word in sorted(set(words)):
        print(f"  {words.count(word)} {word}")
    print(f"  {len(behind)} as whole decisions beside HiGHS, {len(late)} behind, by {max((by for by, _ in late), default=0):.3g} in gain "
          f"and {max((share for _, share in late), default=0):.1e} of HiGHS's gain at most")
    open_ = [kind[0] / kind[2] for _, kind in results if isinstance(kind, tuple) and kind[1] == "bound"]
    print(f"  {len(open_)} of more than 60 samples, {sum(value < 1e-9 for value in open_)} of them proven the best; the others are "
          f"below their bound by {max(open_, default=0):.1e} of all gains at most")
    print("\n".join(wrong))
    assert not wrong, f"{len(wrong)} of {count} are wrong"
    assert words.count("missed though there are some") <= count // 100
    assert len(late) <= count // 100


if __name__ == "__main__":
    main()
