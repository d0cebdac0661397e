"""Random small problems through `fairc solve`, against what must hold of any answer.

    python tests/oracle/answers.py target/release/fairc [COUNT] [SEED]

Each problem is made so that the right answer is known: feasible, since its sides lie around a point; or infeasible, since
one of its rows is a sum of others. Nothing of fairc's is used: sums are exact (fractions), optimality is that of the
Karush-Kuhn-Tucker conditions, proofs of infeasibility are added up in fractions against the box, and the least total
violation is that of a linear program (HiGHS).
"""

import json
import subprocess
import sys
from fractions import Fraction

import highspy
import numpy as np

EPS = 2.0**-52
# A coefficient is known to a rounding: what a proof leaves over of a sample without a bound.
OPEN = 2.0**-51
LIMIT = 20


def matrix(rng, n, m):
    """Rows of one of several kinds, dense."""
    kind = rng.choice(["groups", "normal", "covariance", "integers", "mixed"])
    a = np.zeros((m, n))
    groups = rng.integers(0, max(2, min(4, n)), n)
    for j in range(m):
        own = rng.choice(["groups", "normal", "covariance", "integers"]) if kind == "mixed" else kind
        if own == "groups":
            g, h = rng.integers(0, groups.max() + 1, 2)
            ratio = rng.choice([1.0, 0.8, 1.25])
            if (groups == g).any():
                a[j] += (groups == g) / (groups == g).sum()
            a[j] -= ratio / n if g == h else ratio * (groups == h) / max(1, (groups == h).sum())
        elif own == "normal":
            a[j] = rng.normal(size=n) * (rng.random(n) < rng.choice([0.3, 1.0]))
        elif own == "covariance":
            x = rng.normal(size=n) * 10.0 ** rng.integers(0, 3)
            a[j] = (x - x.mean()) / n
        else:
            a[j] = rng.integers(-2, 3, n)
    for j in range(1, m):
        draw = rng.random()
        if draw < 0.06:
            a[j] = a[rng.integers(0, j)] * rng.choice([1.0, -1.0, 2.0, 0.5])
        elif draw < 0.1 and j > 1:
            a[j] = a[rng.integers(0, j)] + a[rng.integers(0, j)]
        elif draw < 0.13:
            a[j] = 0.0
    if rng.random() < 0.3:
        a *= (10.0 ** rng.uniform(-3, 3, m))[:, None]
    return a


def problem(rng, number):
    """A problem, and whether it is `feasible` or `infeasible` by construction."""
    n, m = int(rng.integers(1, 13 if rng.random() < 0.7 else 61)), int(rng.integers(1, 6 if rng.random() < 0.6 else 13))
    a = matrix(rng, n, m)
    w = None
    if rng.random() < 0.6:
        w = [np.round(10.0 ** rng.uniform(-3, 3, n), 6), rng.integers(1, 4, n).astype(float),
             10.0 ** rng.integers(-3, 4, n)][rng.integers(0, 3)]
    size = 10.0 ** rng.integers(-3, 4) if rng.random() < 0.2 else 1.0
    box = rng.choice(["unit", "each", "open", "half", "tight"])
    lo, hi = np.zeros(n), np.full(n, 1.0)
    if box == "each":
        lo, hi = rng.random(n) * 0.5, 0.5 + rng.random(n) * 0.5
    elif box == "open":
        lo, hi = np.full(n, -np.inf), np.full(n, np.inf)
    elif box == "half":
        lo, hi = np.where(rng.random(n) < 0.5, -np.inf, 0.0), np.where(rng.random(n) < 0.5, np.inf, 1.0)
    elif box == "tight":
        lo = rng.random(n)
        hi = lo + rng.choice([0.0, 1e-3, 1.0], n)
    lo, hi = lo * size, hi * size
    z = size * (rng.normal(size=n) * 0.7 + 0.5)
    if rng.random() < 0.2:
        z = size * rng.integers(0, 2, n).astype(float)
    inner = np.where(np.isfinite(lo), lo, np.where(np.isfinite(hi), hi - size, -size))
    outer = np.where(np.isfinite(hi), hi, inner + 2 * size)
    point = inner + rng.uniform(0.2, 0.8, n) * (outer - inner)
    act, scale = a @ point, np.abs(a) @ np.abs(point) + 1e-300
    room = 10.0 ** rng.uniform(-4, 0, (2, m)) * scale
    l, u = act - room[0], act + room[1]
    form = rng.random(m)
    l[form < 0.3], u[(form >= 0.3) & (form < 0.6)] = -np.inf, np.inf
    equal = form > 0.85
    # An equality that is a sum of others may differ from them by rounding, which is no contradiction.
    l[equal] = u[equal] = act[equal]
    empty = ~a.any(axis=1)
    l[empty], u[empty] = np.minimum(l[empty], 0.0), np.maximum(u[empty], 0.0)
    kind = "feasible"
    if rng.random() < 0.35 and m > 1:
        kind = contradict(rng, a, l, u, lo, hi)
    if kind == "feasible" and rng.random() < 0.05:
        grain = 10.0 ** -rng.integers(306, 313)
        # Sides that are rounded to few digits make equalities contradict each other.
        l[equal], u[equal] = l[equal] - 0.01 * scale[equal], u[equal] + 0.01 * scale[equal]
        z, l, u, lo, hi = (v * grain for v in (z, l, u, lo, hi))
    elif rng.random() < 0.03:
        j, factor = rng.integers(0, m), 10.0 ** rng.choice([-250, -160, 160, 250])
        a[j], l[j], u[j] = a[j] * factor, l[j] * factor, u[j] * factor
    return dict(id=f"{number}", z=z, A=a, l=l, u=u, lo=lo, hi=hi, w=w), kind


def contradict(rng, a, l, u, lo, hi):
    """Makes the last row a sum of others that their sides do not allow."""
    m = len(l)
    rows = rng.choice(m - 1, size=min(m - 1, int(rng.integers(1, 4))), replace=False)
    if not a[rows].any():
        return "feasible"
    a[m - 1] = a[rows].sum(axis=0)
    open_rows = rows[~np.isfinite(u[rows])]
    u[open_rows] = l[open_rows] + 0.1 * np.abs(l[open_rows]) + 0.1
    size = np.abs(a[m - 1]).sum() + np.abs(u[rows]).sum()
    l[m - 1], u[m - 1] = u[rows].sum() + 10.0 ** rng.uniform(-4, 0) * size, np.inf
    exact = all(sum(Fraction(v) for v in a[rows, i]) == Fraction(a[m - 1, i]) for i in range(a.shape[1]))
    bounded = np.isfinite(lo).all() and np.isfinite(hi).all()
    # A covariance that is not zero for constants to the last digit is feasible far out.
    plain = exact and (a[rows] == np.round(a[rows])).all()
    return "infeasible" if plain or bounded else "open"


def line(p):
    a = p["A"]
    listed = lambda values: [float(v) if np.isfinite(v) else None for v in values]
    indices = [np.flatnonzero(row) for row in a]
    out = {
        "id": p["id"], "z": listed(p["z"]), "l": listed(p["l"]), "u": listed(p["u"]),
        "lo": listed(p["lo"]), "hi": listed(p["hi"]),
        "A": {
            "indptr": [0, *np.cumsum([len(i) for i in indices]).tolist()],
            "indices": np.concatenate(indices).tolist(),
            "values": np.concatenate([row[i] for row, i in zip(a, indices)]).tolist(),
        },
    }
    if p["w"] is not None:
        out["w"] = [float(w) for w in p["w"]]
    return json.dumps(out)


def answers(fairc, problems, *options):
    text = "\n".join(line(p) for p in problems) + "\n"
    run = subprocess.run([fairc, "solve", "-", "--format", "json", *options], input=text, capture_output=True, text=True)
    out = [json.loads(answer) for answer in run.stdout.splitlines()]
    assert len(out) == len(problems), (len(out), run.stderr)
    return out


def exact_excess(p, j, y):
    """By how much row `j` misses its sides, in fractions."""
    row = p["A"][j]
    total = sum(Fraction(row[i]) * Fraction(y[i]) for i in np.flatnonzero(row))
    over = [total - Fraction(p["u"][j])] if np.isfinite(p["u"][j]) else []
    under = [Fraction(p["l"][j]) - total] if np.isfinite(p["l"][j]) else []
    return max(over + under, default=Fraction(-1))


def faults_of_point(p, y):
    """Box, rows that do not hold exactly, equalities that miss by more than rounding."""
    if len(y) != len(p["z"]):
        return ["no point"]
    found = []
    if (y < p["lo"]).any() or (y > p["hi"]).any():
        found.append("outside of the box")
    act, size = p["A"] @ y, np.abs(p["A"]) @ (np.abs(y) + np.abs(p["z"]))
    for j in range(len(act)):
        excess = max(act[j] - p["u"][j], p["l"][j] - act[j])
        if p["l"][j] == p["u"][j]:
            if excess > 64 * EPS * size[j] + 5e-324 * 4 * (np.abs(p["A"][j]).sum() + len(y)):
                found.append(f"equality {j} misses by {excess:.3g} of {size[j]:.3g}")
        elif not excess < -1e-13 * size[j] and exact_excess(p, j, y) > 0:
            found.append(f"row {j} misses by {float(exact_excess(p, j, y)):.3g} of {size[j]:.3g}")
    return found


def faults_of_optimum(p, y, mu, penalty=np.inf):
    """Stationarity and complementarity, with rows that may give way where their multipliers are the penalty."""
    w = np.ones(len(y)) if p["w"] is None else p["w"]
    with np.errstate(over="ignore", invalid="ignore"):
        pull, size = p["A"].T @ mu, np.abs(p["A"]).T @ np.abs(mu)
        want = np.clip(p["z"] - pull / (2 * w), p["lo"], p["hi"])
        noise = (64 if penalty == np.inf else 1e4) * EPS * size / w
        error = np.abs(want - y) - noise - 1e-11 * (np.abs(p["z"]) + np.abs(y)) - 1e-300
    found = []
    # Beyond that, what is left of the sums says nothing.
    if (error[np.isfinite(noise)] > 0).any():
        found.append(f"not stationary by {error.max():.3g}")
    act, scale = p["A"] @ y, np.abs(p["A"]) @ (np.abs(y) + np.abs(p["z"]))
    for j in np.flatnonzero(mu):
        side = p["u"][j] if mu[j] > 0 else p["l"][j]
        given_way = abs(mu[j]) >= penalty and (act[j] - side) * mu[j] > 0
        if not given_way and not abs(act[j] - side) <= 1e-11 * scale[j] + 1e-300:
            found.append(f"row {j} has a multiplier, and is {abs(act[j] - side):.3g} of {scale[j]:.3g} off its side")
    return found


def faults_of_proof(p, f):
    """Whether `f` proves infeasibility, in fractions."""
    f = [Fraction(v) for v in f]
    total = Fraction(0)
    for i in range(len(p["z"])):
        terms = [f[j] * Fraction(p["A"][j, i]) for j in range(len(f)) if f[j]]
        t = sum(terms, Fraction(0))
        side = p["lo"][i] if t > 0 else p["hi"][i]
        if t == 0:
            continue
        if not np.isfinite(side):
            if abs(t) > Fraction(OPEN) * sum(map(abs, terms)):
                return [f"the proof moves sample {i}, which has no bound"]
            continue
        total += t * Fraction(side)
    for j, v in enumerate(f):
        if v:
            side = p["u"][j] if v > 0 else p["l"][j]
            if not np.isfinite(side):
                return [f"the proof uses a side that row {j} has not"]
            total -= v * Fraction(side)
    return [] if total > 0 else [f"the proof proves nothing: {float(total):.3g}"]


def total_violation(p, y):
    act = p["A"] @ y
    return float(np.maximum(0.0, np.maximum(act - p["u"], p["l"] - act)).sum())


def least_violation(p):
    """By HiGHS; the columns are the samples, and an excess over and one under each row."""
    a, (m, n) = p["A"], p["A"].shape
    inf = highspy.kHighsInf
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n + 2 * m, m
    bounded = lambda values: np.clip(values, -inf, inf)
    model.col_cost_ = np.r_[np.zeros(n), np.ones(2 * m)]
    model.col_lower_, model.col_upper_ = np.r_[bounded(p["lo"]), np.zeros(2 * m)], np.r_[bounded(p["hi"]), np.full(2 * m, inf)]
    model.row_lower_, model.row_upper_ = bounded(p["l"]), bounded(p["u"])
    whole = np.hstack([a, np.eye(m), -np.eye(m)])
    columns = [np.flatnonzero(whole[:, i]) for i in range(n + 2 * m)]
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.r_[0, np.cumsum([len(c) for c in columns])]
    model.a_matrix_.index_ = np.concatenate(columns)
    model.a_matrix_.value_ = np.concatenate([whole[c, i] for i, c in enumerate(columns)])
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("primal_feasibility_tolerance", 1e-10)
    solver.setOptionValue("dual_feasibility_tolerance", 1e-10)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return total_violation(p, np.clip(np.array(solver.getSolution().col_value)[:n], p["lo"], p["hi"]))


def check(p, kind, answer):
    """What is wrong with an answer, the first time of asking."""
    if "error" in answer:
        return [f"error: {answer['error']['message']}"]
    status = answer["status"]
    if status == "iteration_limit":
        return [] if kind == "open" else [f"not solved to the end, {kind}"]
    if status == "infeasible":
        wrong = ["infeasible, but it is feasible"] if kind == "feasible" else []
        return wrong + faults_of_proof(p, answer["rows"])
    if kind == "infeasible":
        return ["solved, but it is infeasible"]
    y = np.array(answer["yhat"])
    # What seems a contradiction may be feasible at 1e13, where rows hold to rounding.
    wrong = [] if kind == "open" else faults_of_point(p, y)
    wrong = wrong or faults_of_optimum(p, y, np.array(answer["mu"]))
    if answer["certificate"]["relative_row_violation"] > 1e-11:
        wrong.append("optimal beside a certificate of a violation")
    return wrong


def check_relaxed(p, answer):
    if "error" in answer:
        return [f"relaxed: error: {answer['error']['message']}"]
    y = np.array(answer.get("yhat", []))
    if len(y) != len(p["z"]):
        return ["relaxed: no point"]
    if (y < p["lo"]).any() or (y > p["hi"]).any():
        return ["relaxed: outside of the box"]
    found, least = total_violation(p, y), least_violation(p)
    size = float((np.abs(p["A"]) @ np.abs(y)).max())
    if least is not None and found > least * (1 + 1e-7) + 1e-9 * size:
        return [f"relaxed: total violation {found:.9g}, least {least:.9g}"]
    mu, largest = np.array(answer["mu"]), np.abs(p["A"]).max(axis=1)
    # Beside a row of 1e160 no other has a say, and a row of 1e-160 has none.
    usual = ((largest == 0) | (largest > 1e-100) & (largest < 1e100)).all()
    wrong = faults_of_optimum(p, y, mu, np.abs(mu).max() * (1 - 1e-9)) if usual else []
    if wrong:
        return [f"relaxed: not the nearest: {wrong[0]}"]
    act = p["A"] @ y
    worst = float(np.maximum(act - p["u"], p["l"] - act).max())
    if abs(answer["certificate"]["row_violation"] - max(worst, 0.0)) > 1e-9 * (size + abs(worst)):
        return [f"relaxed: the certificate says {answer['certificate']['row_violation']:.9g}, and it is {worst:.9g}"]
    return [] if answer["status"] == "relaxed" else [f"relaxed: {answer['status']}"]


def main(fairc, count=4000, seed=1):
    rng = np.random.default_rng(seed)
    wrong, seen = [], {}
    for begin in range(0, count, 2000):
        made = [problem(rng, begin + k) for k in range(min(2000, count - begin))]
        found = answers(fairc, [p for p, _ in made])
        for (p, kind), answer in zip(made, found):
            status = answer.get("status", "error")
            seen[kind, status] = seen.get((kind, status), 0) + 1
            wrong += [(p, fault) for fault in check(p, kind, answer)]
        contradictions = [p for (p, _), answer in zip(made, found) if answer.get("status") == "infeasible"]
        relaxed = answers(fairc, contradictions, "--on-infeasible", "relax") if contradictions else []
        for p, answer in zip(contradictions, relaxed):
            wrong += [(p, fault) for fault in check_relaxed(p, answer)]
    for p, fault in wrong[:LIMIT]:
        print(f"{p['id']}: {fault}\n{line(p)}")
    words = ", ".join(f"{number} {kind} {status}" for (kind, status), number in sorted(seen.items()))
    print(f"{count} problems from seed {seed}: {len(wrong)} faults ({words})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
