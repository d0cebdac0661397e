"""Rows about pairs of samples, and their projections, against numpy and Clarabel on random tables, pairs and specs.

    .venv/bin/python tests/oracle/relations.py target/debug/fairc [COUNT] [SEED]
"""

import csv
import json
import random
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import clarabel
import numpy as np
from scipy import sparse

EXAMPLE = Path(__file__).parents[2] / "examples" / "relations"
KEYS = {
    "text": lambda k: f"p{k}",
    "number": str,
    "padded": lambda k: f"{k:05d}",
    "large": lambda k: str(2**53 + k),
    "decimal": lambda k: f"{k}.50",
}


def spelt(key: str, draw: random.Random) -> str:
    """Another spelling of the same key."""
    try:
        value = Decimal(key)
    except ArithmeticError:
        return key
    plain = format(value.normalize(), "f")
    return draw.choice([key, plain, "0" + key, key if "." in key else key + ".0", "+" + key])


def same_key(key: str):
    try:
        return Decimal(key)
    except ArithmeticError:
        return key


def table(path: Path, header: list[str], lines: list[list[object]]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)


class Case:
    """A random data set with pairs, a spec about them, and what its rows are."""

    def __init__(self, folder: Path, draw: random.Random):
        self.folder, self.draw = folder, draw
        n = draw.choice([3, 8, 20, 60])
        key = KEYS[draw.choice(list(KEYS))]
        self.keys = [key(k + 1) for k in range(n)]
        self.level = [draw.randrange(4) for _ in range(n)]
        self.race = [draw.choice(["white", "black"]) for _ in range(n)]
        self.score = [round(draw.random(), 3) for _ in range(n)]
        self.weight = [draw.choice([0, 1, 2, 0.5]) for _ in range(n)] if draw.random() < 0.4 else None
        header = ["id", "level", "race", "score"] + (["w"] if self.weight else [])
        columns = [self.keys, self.level, self.race, self.score] + ([self.weight] if self.weight else [])
        table(folder / "people.csv", header, [list(line) for line in zip(*columns)])
        self.pairs = []
        for _ in range(draw.choice([0, 2, n, 3 * n])):
            a, b = (draw.choice(self.keys + [key(n + 5)]) for _ in range(2))
            self.pairs.append((spelt(a, draw), spelt(b, draw), round(draw.random() * 0.4, 3), draw.choice(["x", "y"])))
        table(folder / "pairs.csv", ["i", "j", "distance", "kind"], [list(pair) for pair in self.pairs])
        self.spec()

    def spec(self) -> None:
        draw, self.rows, text = self.draw, [], []
        text += ["column id: key", "column level: int in [0, 5]", "column race: {white, black}"]
        text += ["weight w"] if self.weight else []
        text += ["predict score: real in [0, 1]", "param c = 2 in [0, 10]"]
        text += ['relation near from "pairs.csv": (i, j) by id, distance: real in [0, inf], kind: {x, y}']
        place = {same_key(key): k for k, key in enumerate(self.keys)}
        found = [(place.get(same_key(a)), place.get(same_key(b)), d, kind) for a, b, d, kind in self.pairs]
        usable = [pair for pair in found if None not in pair[:2] and pair[0] != pair[1]]
        if self.weight:
            usable = [pair for pair in usable if self.weight[pair[0]] > 0 and self.weight[pair[1]] > 0]
        self.usable = len(usable)
        conditions = {
            "": lambda i, j, d, k: True,
            " where i.level < j.level": lambda i, j, d, k: self.level[i] < self.level[j],
            " where i.race == white, kind == x": lambda i, j, d, k: self.race[i] == "white" and k == "x",
            " where distance <= 0.2 and not (j.level == 2)": lambda i, j, d, k: d <= 0.2 and self.level[j] != 2,
            " where i.race in {black} or kind == y": lambda i, j, d, k: self.race[i] == "black" or k == "y",
        }
        inf = np.inf
        bodies = [
            ("|score[i] - score[j]| <= c * distance + 0.05", lambda i, j, d: (1, -1, -2 * d - 0.05, 2 * d + 0.05)),
            ("score[i] <= score[j]", lambda i, j, d: (1, -1, -inf, 0)),
            ("score[i] + score[j] >= 0.3 - distance / 2", lambda i, j, d: (1, 1, 0.3 - d / 2, inf)),
            (
                "(1 + i.level) * score[i] <= (1 + j.level) * score[j] + 1",
                lambda i, j, d: (1 + self.level[i], -1 - self.level[j], -inf, 1),
            ),
            ("2 * score[j] - score[i] <= 1 + distance", lambda i, j, d: (-1, 2, -inf, 1 + d)),
            ("score[j] <= 0.9", lambda i, j, d: (0, 1, -inf, 0.9)),
            ("max(score[i], score[j]) <= 0.97 - distance / 10", None),
        ]
        for number in range(draw.choice([1, 2, 3])):
            condition, holds = draw.choice(list(conditions.items()))
            body, numbers = draw.choice(bodies)
            text.append(f"constraint c{number}: each (i, j) in near{condition}: {body}")
            for i, j, d, kind in usable:
                if not holds(i, j, d, kind):
                    continue
                if numbers:
                    self.rows.append((i, j, *numbers(i, j, d)))
                else:
                    self.rows.append((i, j, 1, 0, -inf, 0.97 - d / 10))
                    self.rows.append((i, j, 0, 1, -inf, 0.97 - d / 10))
        weight = np.array(self.weight or [1] * len(self.keys), float)
        self.means, self.skipped = [], False
        if draw.random() < 0.5:
            groups = [np.array([race == one for race in self.race]) & (weight > 0) for one in ("white", "black")]
            text.append("constraint parity: |E[score | race == white] - E[score | race == black]| <= 0.1")
            if all(group.any() for group in groups):
                parts = [weight * group / (weight * group).sum() for group in groups]
                self.means.append((parts[0] - parts[1], -0.1, 0.1))
            else:
                self.skipped = True
        # Means of distances: weights of the samples, points, and the side.
        self.bends = []
        if draw.random() < 0.4 and weight.any():
            part = weight / weight.sum()
            point, most = draw.choice([(np.full(len(self.keys), 0.5), 0.15), (np.array(self.level) / 4, 0.3)])
            text.append(f"constraint bend: E[|score - {'0.5' if most == 0.15 else 'level / 4'}|] <= {most}")
            self.bends.append((part, point, most))
        (self.folder / "spec.fair").write_text("\n".join(text) + "\n")

    def matrix(self):
        n, lines, lower, upper = len(self.keys), [], [], []
        for i, j, a, b, low, high in self.rows:
            line = np.zeros(n)
            line[i] += a
            line[j] += b
            lines.append(line)
            lower.append(low)
            upper.append(high)
        for line, low, high in self.means:
            lines.append(line)
            lower.append(low)
            upper.append(high)
        return np.array(lines).reshape(-1, n), np.array(lower), np.array(upper)

    def solve(self):
        """The projection by Clarabel; None where there is none."""
        A, lower, upper = self.matrix()
        n, z = len(self.keys), np.array(self.score)
        w = np.array(self.weight or [1.0] * n, float)
        all_rows = np.vstack([A[upper < np.inf], -A[lower > -np.inf], np.eye(n), -np.eye(n)])
        sides = np.concatenate([upper[upper < np.inf], -lower[lower > -np.inf], np.ones(n), np.zeros(n)])
        # A column of its own for each distance.
        for part, point, most in self.bends:
            zero, one = np.zeros((len(all_rows), n)), np.eye(n)
            all_rows = np.block([[all_rows, zero], [one, -one], [-one, -one], [np.zeros((1, n)), part[None, :]]])
            sides = np.concatenate([sides, point, -point, [most]])
        more = all_rows.shape[1] - n
        P = sparse.diags(np.concatenate([np.where(w > 0, w, 1.0), np.zeros(more)])).tocsc()
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
        cones = [clarabel.NonnegativeConeT(len(sides))]
        q = -(P @ np.concatenate([z, np.zeros(more)]))
        found = clarabel.DefaultSolver(P, q, sparse.csc_matrix(all_rows), sides, cones, settings).solve()
        return np.array(found.x[:n]) if "Solved" in str(found.status) else None


def run(fairc: str, *arguments: str) -> tuple[int, dict]:
    done = subprocess.run([fairc, *arguments, "--format", "json"], capture_output=True, text=True)
    try:
        return done.returncode, json.loads(done.stdout)
    except json.JSONDecodeError:
        raise AssertionError(f"{arguments}: {done.returncode} {done.stdout} {done.stderr}") from None


def sorted_rows(A, lower, upper):
    """Rows that pieces of one comparison share are one; order and orientation do not matter."""
    rows = {}
    for line, low, high in zip(A, lower, upper):
        first = line[np.flatnonzero(line)[0]] if line.any() else 1.0
        if first < 0:
            line, low, high = -line, -high, -low
        key = tuple(np.round(line, 9))
        rows.setdefault(key, []).append((round(low, 9) + 0.0, round(high, 9) + 0.0))
    return {key: sorted(sides) for key, sides in rows.items()}


def check(fairc: str, folder: Path, seed: int) -> str:
    draw = random.Random(seed)
    case = Case(folder, draw)
    spec, data = str(folder / "spec.fair"), str(folder / "people.csv")
    code, checked = run(fairc, "check", spec, "--data", data)
    report = checked["specs"][0]["data"]
    use = report["relations"][0] if "relations" in report else None
    assert use is None or use["pairs"] == case.usable, (use, case.usable)
    A, lower, upper = case.matrix()
    value = lambda y: [float(part @ np.abs(np.array(y) - point)) - most for part, point, most in case.bends]
    problem = folder / "problem.json"
    subprocess.run([fairc, "export", spec, "--data", data, "--to", "json", "-o", str(problem)], check=True, capture_output=True)
    p = json.loads(problem.read_text())
    m = sparse.csr_array((p["A"]["values"], p["A"]["indices"], p["A"]["indptr"]), shape=(p["m"], p["n"])).toarray()
    l = np.array([-np.inf if v is None else v for v in p["l"]])
    u = np.array([np.inf if v is None else v for v in p["u"]])
    bent = [name == "bend" for name in p["names"]]
    assert sum(bent) == len(case.bends) and ("convex" in p) == bool(case.bends), p["names"]
    straight = np.logical_not(bent)
    ours, theirs = sorted_rows(m[straight], l[straight], u[straight]), sorted_rows(A, lower, upper)
    assert ours == theirs, f"rows differ: {set(ours) ^ set(theirs)}"
    wanted = case.solve()
    out = folder / "out.csv"
    code, projected = run(fairc, "project", spec, "--data", data, "-o", str(out))
    if wanted is None:
        assert code == 1 and (not projected.get("ok", True) or projected.get("status") == "infeasible"), projected
        return "infeasible"
    assert code == 0, projected
    with open(out) as file:
        y = np.array([float(line["score_fair"]) for line in csv.DictReader(file)])
    w = np.array(case.weight or [1.0] * len(y), float)
    difference = np.abs(y - wanted)[w > 0].max(initial=0.0)
    assert difference < 1e-5, f"projection differs by {difference}"
    excess = max(value(y), default=0.0)
    if len(lower):
        rows = A @ y
        excess = max(excess, (lower - rows).max(), (rows - upper).max())
    assert excess < 1e-12, f"rows are off by {excess}"
    code, audited = run(fairc, "audit", spec, "--data", str(out), "--pred", "score_fair")
    assert "verdict" in audited, audited
    verdict = audited["verdict"]
    empty = [each["name"] for each in audited["each"] if not each.get("pairs")]
    assert verdict == ("not checked" if empty or case.skipped else "held"), (verdict, empty)
    _, before = run(fairc, "audit", spec, "--data", data)
    rows = A @ np.array(case.score)
    broken = bool(len(lower)) and bool(((lower - rows) > 1e-12).any() or ((rows - upper) > 1e-12).any())
    broken = broken or max(value(case.score), default=0.0) > 1e-12
    assert (before["verdict"] == "violated") == broken, (before["verdict"], broken)
    return "not_checked" if empty else "held"


def example(fairc: str) -> float:
    """The example's projection against Clarabel."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.csv"
        code, _ = run(fairc, "project", str(EXAMPLE / "near.fair"), "--data", str(EXAMPLE / "people.csv"), "-o", str(out))
        assert code == 0
        with open(out) as file:
            lines = list(csv.DictReader(file))
    place = {line["id"]: k for k, line in enumerate(lines)}
    case = Case.__new__(Case)
    case.keys, case.weight, case.rows = list(place), None, []
    case.score = [float(line["score"]) for line in lines]
    years = [int(line["years"]) for line in lines]
    with open(EXAMPLE / "near.csv") as file:
        for line in csv.DictReader(file):
            i, j, d = place.get(line["i"]), place.get(line["j"]), float(line["distance"])
            if i is None or j is None:
                continue
            case.rows.append((i, j, 1, -1, -2 * d, 2 * d))
            if years[i] < years[j]:
                case.rows.append((i, j, 1, -1, -np.inf, 0))
    north = np.array([line["team"] == "north" for line in lines], float)
    south = 1 - north
    case.means, case.bends = [(north / north.sum() - south / south.sum(), -0.02, 0.02)], []
    return float(np.abs(np.array([float(line["score_fair"]) for line in lines]) - case.solve()).max())


def main() -> None:
    fairc, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    error = example(fairc)
    assert error < 1e-6, error
    ends: dict[str, int] = {}
    for k in range(count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                end = check(fairc, Path(folder), seed + k)
            except AssertionError:
                print((Path(folder) / "spec.fair").read_text(), f"seed {seed + k}", file=sys.stderr)
                raise
            ends[end] = ends.get(end, 0) + 1
    assert ends.get("held", 0) * 4 >= count, ends
    print(f"{count} specs about pairs: {ends}; the example is off by {error:.1e}")


if __name__ == "__main__":
    main()
