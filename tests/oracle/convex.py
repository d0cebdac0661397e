"""`fairc solve` on random problems with convex rows, against proofs in fractions and an interior-point solver.

    python convex.py FAIRC [CASES]

A row is `sum a y + sum b |y - c| <= u`. An answer is proved by the conditions of Karush, Kuhn and Tucker in exact arithmetic: rows hold as
they stand, active ones to rounding, and each sample's step lies in its subdifferential. A proof of infeasibility is added up exactly
too. Clarabel solves the problem with a variable for each absolute value. Derivatives are held against differences. At the end comes the
spec `examples/specs/bends.fair`.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile
from fractions import Fraction

import clarabel
import numpy as np
import scipy.sparse as sp

INFINITE = float("inf")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def problem(rng):
    n, m = int(rng.integers(1, 40)), int(rng.integers(1, 6))
    grid = rng.random() < 0.3
    round_ = (lambda x: np.round(x * 8) / 8) if grid else (lambda x: x)
    scale = float(rng.choice([1.0, 1.0, 1.0, 1000.0]))
    z = round_(rng.normal(0.5, 0.6, n)) * scale
    bounds = rng.integers(0, 4)
    lo = {0: 0.0, 1: -INFINITE, 2: None, 3: 0.0}[int(bounds)]
    hi = {0: 1.0, 1: INFINITE, 2: None, 3: INFINITE}[int(bounds)]
    lo = np.full(n, lo * scale) if lo is not None else round_(rng.uniform(-0.5, 0.4, n)) * scale
    hi = np.full(n, hi * scale) if hi is not None else lo + round_(rng.uniform(0, 1, n)) * scale
    weights = rng.uniform(0.2, 3, n) if rng.random() < 0.4 else None
    shared = round_(rng.uniform(-0.2, 1.2, n)) * scale
    rows, entries = [], {"rows": [], "samples": [], "b": [], "c": []}
    lower, upper = [], []
    for row in range(m):
        kind = rng.choice(["convex", "convex", "affine", "equality", "many"])
        members = np.flatnonzero(rng.random(n) < rng.uniform(0.3, 1.0))
        share = 1.0 / max(len(members), 1)
        own = {}
        if kind in ("affine", "equality") or rng.random() < 0.5:
            for i in members:
                own[int(i)] = float(rng.choice([share, -share, share * rng.normal()]))
        now = np.clip(z, lo, hi)
        value = sum(a * now[i] for i, a in own.items())
        if kind in ("convex", "many"):
            for i in members:
                for _ in range(1 if kind == "convex" else int(rng.integers(1, 4))):
                    c = float(shared[i] if rng.random() < 0.6 else round_(rng.uniform(-0.3, 1.3)) * scale)
                    b = float(rng.choice([share, share * rng.uniform(0, 2), 0.0 if rng.random() < 0.1 else share]))
                    entries["rows"].append(row), entries["samples"].append(int(i))
                    entries["b"].append(b), entries["c"].append(c)
                    value += b * abs(now[i] - c)
            lower.append(None)
            upper.append(float(value - abs(rng.normal()) * 0.3 * scale * rng.choice([0.1, 0.5, 1.5])))
        else:
            shift = float(rng.normal() * 0.15 * scale)
            lower.append(float(value + shift) if kind == "equality" or rng.random() < 0.3 else None)
            upper.append(lower[-1] if kind == "equality" else float(value + shift + (abs(rng.normal()) * scale if lower[-1] else 0)))
        rows.append(own)
    indptr, indices, values = [0], [], []
    for own in rows:
        indices += list(own)
        values += list(own.values())
        indptr.append(len(indices))
    record = {"n": n, "m": m, "z": z.tolist(), "A": {"indptr": indptr, "indices": indices, "values": values}, "l": lower, "u": upper}
    record["lo"] = [None if v == -INFINITE else float(v) for v in lo]
    record["hi"] = [None if v == INFINITE else float(v) for v in hi]
    if weights is not None:
        record["w"] = weights.tolist()
    if rng.random() < 0.25:
        record["soft"] = [float(rng.uniform(0.05, 1) * scale) if rng.random() < 0.5 else None for _ in range(m)]
    record["convex"] = entries
    record["vjp"] = {"v": rng.normal(size=n).tolist()}
    return record


def parts(record):
    n, m, matrix, terms = record["n"], record["m"], record["A"], record["convex"]
    affine = [[] for _ in range(m)]
    for row in range(m):
        for k in range(matrix["indptr"][row], matrix["indptr"][row + 1]):
            affine[row].append((matrix["indices"][k], matrix["values"][k]))
    convex = [[] for _ in range(m)]
    for row, i, b, c in zip(terms["rows"], terms["samples"], terms["b"], terms["c"]):
        convex[row].append((i, b, c))
    weights = record.get("w") or [1.0] * n
    soft = record.get("soft") or [None] * m
    return affine, convex, weights, soft


def prove(record, answer):
    """What is wrong with an optimal answer, in exact arithmetic; the largest relative residual."""
    affine, convex, weights, soft = parts(record)
    n, m, worst = record["n"], record["m"], 0.0
    y = [Fraction(v) for v in answer["yhat"]]
    z = [Fraction(v) for v in record["z"]]
    mu = [Fraction(v) for v in answer["mu"]]
    for i in range(n):
        lo, hi = record["lo"][i], record["hi"][i]
        assert (lo is None or y[i] >= Fraction(lo)) and (hi is None or y[i] <= Fraction(hi)), f"sample {i} is outside of its box"
    for row in range(m):
        value = sum((Fraction(a) * y[i] for i, a in affine[row]), Fraction(0))
        value += sum((Fraction(b) * abs(y[i] - Fraction(c)) for i, b, c in convex[row]), Fraction(0))
        size = sum(abs(a) * (abs(float(y[i])) + abs(record["z"][i])) for i, a in affine[row])
        size += sum(b * (abs(float(y[i])) + abs(c) + abs(record["z"][i])) for i, b, c in convex[row])
        size = max(size, abs(record["u"][row] if record["u"][row] is not None else 0.0), 1e-300)
        low = None if record["l"][row] is None else Fraction(record["l"][row])
        high = None if record["u"][row] is None else Fraction(record["u"][row])
        over = max(value - high if high is not None else 0, low - value if low is not None else 0, 0)
        cap = INFINITE if soft[row] is None else 2 * soft[row]
        assert abs(float(mu[row])) <= cap * (1 + 1e-12), "a multiplier is above its cap"
        if soft[row] is None:
            if low != high:
                assert over == 0, f"row {row} is missed by {float(over)}"
            worst = max(worst, float(over) / size)
        elif over > 0 and abs(float(mu[row])) < cap:
            worst = max(worst, float(over) / size)
        if mu[row] > 0 and (over == 0 or abs(float(mu[row])) < cap):
            worst = max(worst, abs(float(high - value)) / size)
        if mu[row] < 0 and (over == 0 or abs(float(mu[row])) < cap):
            assert low is not None, "a multiplier below zero without a lower side"
            worst = max(worst, abs(float(low - value)) / size)
    for i in range(n):
        w = Fraction(weights[i])
        low = high = 2 * w * (y[i] - z[i])
        size = abs(float(2 * w)) * (abs(float(y[i])) + abs(record["z"][i]))
        for row in range(m):
            for k, a in affine[row]:
                if k == i:
                    low, high, size = low + mu[row] * Fraction(a), high + mu[row] * Fraction(a), size + abs(float(mu[row]) * a)
            for k, b, c in convex[row]:
                if k == i:
                    pull = mu[row] * Fraction(b)
                    size += abs(float(pull))
                    if y[i] == Fraction(c):
                        low, high = low - abs(pull), high + abs(pull)
                    else:
                        side = pull if y[i] > Fraction(c) else -pull
                        low, high = low + side, high + side
        if record["lo"][i] is not None and y[i] == Fraction(record["lo"][i]):
            low = None
        if record["hi"][i] is not None and y[i] == Fraction(record["hi"][i]):
            high = None
        missed = max(float(low) if low is not None else 0.0, -float(high) if high is not None else 0.0, 0.0)
        worst = max(worst, missed / max(size, 1e-300))
    assert worst <= 1e-11, f"residual {worst}"
    return worst


def refute(record, answer):
    """Adds up a proof of infeasibility: the least of `sum f_j g_j(y)` over the box is above all that the sides allow."""
    affine, convex, _, _ = parts(record)
    f = [Fraction(v) for v in answer["rows"]]
    allowed = Fraction(0)
    for row, value in enumerate(f):
        side = record["u"][row] if value > 0 else record["l"][row]
        assert value == 0 or side is not None, "a combination with a side that is not there"
        allowed += value * Fraction(side) if value else 0
    least = Fraction(0)
    for i in range(record["n"]):
        a = sum((f[row] * Fraction(v) for row in range(record["m"]) for k, v in affine[row] if k == i), Fraction(0))
        kinks = [(f[row] * Fraction(b), Fraction(c)) for row in range(record["m"]) for k, b, c in convex[row] if k == i]
        lo, hi = record["lo"][i], record["hi"][i]
        rest = sum(b for b, _ in kinks)
        # Coefficients are known to a rounding, and so is whether they cancel.
        terms = sum((abs(f[row] * Fraction(v)) for row in range(record["m"]) for k, v in affine[row] if k == i), Fraction(0))
        tiny = Fraction(1, 10**15) * (terms + rest)
        assert (hi is not None or a + rest >= -tiny) and (lo is not None or a - rest <= tiny), "unbounded"
        ends = [Fraction(v) for v in (lo, hi) if v is not None]
        inside = [c for _, c in kinks if (lo is None or c > Fraction(lo)) and (hi is None or c < Fraction(hi))]
        points = ends + inside or [Fraction(0)]
        least += min(a * p + sum((b * abs(p - c) for b, c in kinks), Fraction(0)) for p in points)
    assert least > allowed, f"no proof: {float(least)} against {float(allowed)}"


def lifted(record):
    """Clarabel on the problem with a variable for each absolute value: status and point."""
    affine, convex, weights, soft = parts(record)
    n, m, terms = record["n"], record["m"], sum(map(len, convex))
    slack = n + terms
    total = slack + m
    p = sp.diags(np.concatenate([2 * np.array(weights), np.zeros(terms + m)])).tocsc()
    q = np.concatenate([-2 * np.array(weights) * np.array(record["z"]), np.zeros(terms), [0.0 if s is None else 2 * s for s in soft]])
    rows, right = [], []

    def add(entries, side):
        rows.append(entries), right.append(side)

    place = n
    for row in range(m):
        own = {i: 0.0 for i, _ in affine[row]}
        for i, a in affine[row]:
            own[i] += a
        own = list(own.items())
        for i, b, c in convex[row]:
            add([(i, 1.0), (place, -1.0)], c), add([(i, -1.0), (place, -1.0)], -c)
            own.append((place, b))
            place += 1
        give = [(slack + row, -1.0)] if soft[row] is not None else []
        if record["u"][row] is not None:
            add(own + give, record["u"][row])
        if record["l"][row] is not None:
            add([(i, -a) for i, a in own] + give, -record["l"][row])
        add([(slack + row, -1.0)], 0.0)
    for i in range(n):
        if record["lo"][i] is not None:
            add([(i, -1.0)], -record["lo"][i])
        if record["hi"][i] is not None:
            add([(i, 1.0)], record["hi"][i])
    where = [(j, i, v) for j, own in enumerate(rows) for i, v in own]
    j, i, v = zip(*where)
    a = sp.csc_matrix((v, (j, i)), shape=(len(rows), total))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-10
    found = clarabel.DefaultSolver(p, q, a, np.array(right), [clarabel.NonnegativeConeT(len(rows))], settings).solve()
    return str(found.status), np.array(found.x[:n])


def solve(fairc, records, *options):
    lines = "".join(json.dumps(record) + "\n" for record in records)
    done = subprocess.run([fairc, "solve", *options, "-"], input=lines, capture_output=True, text=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(records), done.stderr
    return answers


def differences(fairc, rng, record, answer):
    """Derivatives by `z`, sides and breakpoints against central differences, where those on both sides agree."""
    v, step, checked = np.array(record["vjp"]["v"]), 1e-6, 0
    places = [("z", k) for k in rng.choice(record["n"], min(3, record["n"]), replace=False)]
    places += [("u", k) for k in range(record["m"]) if record["l"][k] is None]
    places += [("c", k) for k in range(min(4, len(record["convex"]["c"])))]
    records = []
    for name, k in places:
        for by in (-2 * step, -step, step, 2 * step):
            other = json.loads(json.dumps(record))
            (other["convex"] if name == "c" else other)[name][k] += by
            records.append(other)
    answers = solve(fairc, records)
    for place, (name, k) in enumerate(places):
        four = answers[4 * place : 4 * place + 4]
        if any(other.get("status") != "optimal" for other in four):
            continue
        y = [float(v @ np.array(other["yhat"])) for other in four]
        here = float(v @ np.array(answer["yhat"]))
        left, right = (here - y[1]) / step, (y[2] - here) / step
        if abs(left - right) > 1e-4 * (1 + abs(left)) or abs((here - y[0]) / 2 - (here - y[1])) > 1e-4 * step * (1 + abs(left)):
            continue
        if abs((y[3] - here) / 2 - (y[2] - here)) > 1e-4 * step * (1 + abs(left)):
            continue
        got = answer["vjp"][{"u": "upper"}.get(name, name)][k]
        assert abs(got - (y[2] - y[1]) / (2 * step)) <= 1e-4 * (1 + abs(got)), f"{name}[{k}]: {got}, differences give {left}"
        checked += 1
    return checked


def example(fairc):
    """The rows of `examples/specs/bends.fair` on its data: added up exactly, and the distance that Clarabel finds."""
    spec, data = ROOT / "examples/specs/bends.fair", ROOT / "examples/german_credit/german_credit.csv"
    with open(data, newline="") as file:
        people = list(csv.DictReader(file))
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "fair.csv"
        done = subprocess.run([fairc, "project", spec, "--data", data, "-o", out], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        with open(out, newline="") as file:
            y = [float(person["score_fair"]) for person in csv.DictReader(file)]
    z = [float(person["score"]) for person in people]
    age = [float(person["age"]) for person in people]
    everyone = range(len(people))
    of = lambda column, value: [i for i in everyone if people[i][column] == value]
    women, men, old = of("sex", "female"), of("sex", "male"), [i for i in everyone if age[i] >= 60]
    # Each row: affine entries, distances, lower and upper side; numerators of means are divided by their counts.
    rows = [
        ([(i, 1, len(women)) for i in women] + [(i, -1, len(men)) for i in men], [], -0.05, 0.05),
        ([], [(i, 1, len(z), z[i]) for i in everyone], None, 0.0125),
        # max(y - 0.95, 0) is half of y - 0.95 + |y - 0.95|.
        ([(i, 1, 2 * len(men)) for i in men], [(i, 1, 2 * len(men), 0.95) for i in men], None, 0.002 + 0.95 / 2),
        ([], [(i, 2 * age[i], len(old), age[i] / 120) for i in old], None, 38.0),
    ]
    for way in sorted({person["housing"] for person in people}):
        own = of("housing", way)
        # -min(y, 0.4) is half of |y - 0.4| - y - 0.4.
        rows.append(([(i, -1, 2 * len(own)) for i in own], [(i, 1, 2 * len(own), 0.4) for i in own], None, -0.37 + 0.2))
    record = {"n": len(z), "m": len(rows), "z": z, "lo": [0.0] * len(z), "hi": [1.0] * len(z)}
    record |= {"l": [low for *_, low, _ in rows], "u": [high for *_, high in rows], "A": {"indptr": [0], "indices": [], "values": []}}
    record["convex"] = {"rows": [], "samples": [], "b": [], "c": []}
    active = 0
    for number, (affine, distances, low, high) in enumerate(rows):
        for i, above, below in affine:
            record["A"]["indices"].append(i), record["A"]["values"].append(above / below)
        record["A"]["indptr"].append(len(record["A"]["indices"]))
        for i, above, below, c in distances:
            for name, value in (("rows", number), ("samples", i), ("b", above / below), ("c", c)):
                record["convex"][name].append(value)
        value = sum((Fraction(a) * Fraction(y[i]) / b for i, a, b in affine), Fraction(0))
        value += sum((Fraction(a) * abs(Fraction(y[i]) - Fraction(c)) / b for i, a, b, c in distances), Fraction(0))
        # The constants of the sides above are rounded.
        assert value <= Fraction(high) + Fraction(1, 10**15), f"row {number} of bends.fair: {float(value)} > {high}"
        assert low is None or value >= Fraction(low), f"row {number} of bends.fair: {float(value)} < {low}"
        active += min(abs(float(value) - side) for side in (low, high) if side is not None) < 1e-10 * (1 + abs(high))
    status, best = lifted(record)
    ours, theirs = (float(np.sum((np.array(point) - np.array(z)) ** 2)) for point in (y, best))
    assert status == "Solved" and abs(ours - theirs) <= 1e-6 * (1 + theirs), f"{ours} against {theirs}"
    assert active >= 3, active
    print(f"bends.fair: {active} of {len(rows)} rows at their sides, distance {ours:.9f}, Clarabel {theirs:.9f}")


def changed(rng, record, answer):
    """A wrong answer made of a right one, or none where this change makes none."""
    other = json.loads(json.dumps(answer))
    by = float(rng.choice([1e-5, 1e-3, 0.1, 1.0]) * rng.choice([-1, 1])) * (1 + np.abs(record["z"]).max())
    kind = rng.choice(["sample", "all", "objective", "status", "combination", "multiplier"])
    if answer["status"] == "infeasible":
        if kind == "combination":
            other["rows"] = [-value for value in other["rows"]]
        elif kind == "status":
            other |= {"status": "optimal", "yhat": np.clip(record["z"], [-1e9 if v is None else v for v in record["lo"]],
                      [1e9 if v is None else v for v in record["hi"]]).tolist(), "mu": [0.0] * record["m"], "objective": 0.0}
        else:
            other["rows"] = [0.0] * record["m"]
        return other
    if kind == "sample":
        other["yhat"][int(rng.integers(record["n"]))] += by
    elif kind == "all":
        other["yhat"] = [value + by for value in other["yhat"]]
    elif kind == "objective":
        other["objective"] += abs(by) * (1 + other["objective"])
    elif kind == "status":
        other |= {"status": "infeasible", "rows": other["mu"]}
    elif kind == "multiplier":
        convex = {row for row, b in zip(record["convex"]["rows"], record["convex"]["b"]) if b > 0}
        rows = [row for row in convex if other["mu"][row] > 1e-6]
        if not rows:
            return None
        other["mu"][int(rng.choice(rows))] *= -1
    else:
        other["yhat"].pop()
    return other


def verified(fairc, rng, records, answers):
    """`fairc verify` proves the answers and none that was changed; how many it was asked of either."""

    def proved(pairs):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("problems.jsonl", "answers.jsonl")]
            for path, lines in zip(paths, zip(*pairs)):
                path.write_text("".join(json.dumps(line) + "\n" for line in lines))
            done = subprocess.run([fairc, "verify", *map(str, paths), "--format", "json"], capture_output=True, text=True)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(found) == len(pairs), done.stderr
        return [line["proved"] for line in found]

    # Without bounds a combination may cancel to a rounding, which is a proof to a rounding and not an exact one.
    is_open = lambda record: None in record["lo"] + record["hi"]
    claims = lambda record, answer: answer["status"] == "optimal" or answer["status"] == "infeasible" and not is_open(record)
    right = [pair for pair in zip(records, answers) if claims(*pair)]
    for (record, answer), good in zip(right, proved(right)):
        assert good, f"not proved: {json.dumps(record)} {json.dumps(answer)}"
    wrong = [(record, changed(rng, record, answer)) for record, answer in right]
    wrong = [pair for pair in wrong if pair[1] is not None]
    for (record, answer), good in zip(wrong, proved(wrong)):
        assert not good, f"proved: {json.dumps(record)} {json.dumps(answer)}"
    return len(right), len(wrong)


def main():
    fairc, cases = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    rng = np.random.default_rng(7)
    counts = {"optimal": 0, "infeasible": 0, "iteration_limit": 0}
    worst, farthest, held, derivatives, checked = 0.0, 0.0, 0, 0, [0, 0]
    for begin in range(0, cases, 200):
        records = [problem(rng) for _ in range(min(200, cases - begin))]
        answers = solve(fairc, records)
        checked = [count + more for count, more in zip(checked, verified(fairc, rng, records, answers))]
        for number, (record, answer) in enumerate(zip(records, answers)):
            case = f"case {begin + number}"
            assert answer["ok"], f"{case}: {answer}"
            counts[answer["status"]] += 1
            try:
                if answer["status"] == "iteration_limit":
                    status, _ = lifted(record)
                    print(f"{case}: not solved to the end (Clarabel: {status})")
                elif answer["status"] == "infeasible":
                    refute(record, answer)
                else:
                    worst = max(worst, prove(record, answer))
                    terms = record["convex"]
                    held += any(answer["yhat"][i] == c for i, c in zip(terms["samples"], terms["c"]))
                    if number % 4 == 0:
                        status, y = lifted(record)
                        scale = 1 + np.abs(record["z"]).max()
                        if status == "Solved":
                            farthest = max(farthest, np.abs(y - answer["yhat"]).max() / scale)
                    if number % 10 == 0:
                        derivatives += differences(fairc, rng, record, answer)
            except AssertionError as error:
                print(json.dumps(record))
                raise SystemExit(f"{case}: {error}") from error
    example(fairc)
    assert farthest <= 1e-4, farthest
    assert counts["iteration_limit"] <= cases // 500 and held and derivatives
    print(f"{counts}; {held} with samples at a breakpoint")
    print(f"`fairc verify` proved {checked[0]} answers and refused {checked[1]} that were changed")
    print(f"largest residual {worst:.1e}, distance from Clarabel {farthest:.1e}, {derivatives} derivatives")


main()
