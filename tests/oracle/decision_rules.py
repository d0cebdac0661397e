"""Rules of `fairc decide` for rows that read labels, against HiGHS.

    python decision_rules.py FAIRC [COUNT] [SEED]        # the path of the binary; 200 specs, seed 1

The specs of `decisions.py` that read a label. A rule sees no label, so that it is a mixture of thresholds on the score in each
group of samples that the events tell apart without labels. Compared are:

* whether a rule satisfies the rows, and the largest gain of one: a linear program over all thresholds of all groups, to 1e-9;
* the frozen rule, as it stands in the JSON: its chances, looked up here, keep the rows and gain that much;
* the SQL of the frozen rule in SQLite and DuckDB, for several draws;
* thresholds without draws: that they keep all rows, summed in fractions, and where there are few that no others gain more.
"""

import csv
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import highspy
import numpy as np
from decisions import INF, Case, in_databases, violation

MOST = 20_000


class LabelCase(Case):
    """Notes what each constraint tells apart without labels."""

    def __init__(self, seed):
        super().__init__(seed)
        self.seen = []

    def constrain(self):
        before = len(self.text)
        super().constrain()
        text = self.text[before]
        # Everything between `|` and `]`, or behind `where`: the conditions of one event.
        events = [part.split("]")[0] for part in text.split("[")[1:]]
        events = [event.split("|")[1] if "|" in event else "" for event in events]
        if "where" in text:
            events = [text.split("where")[1].split(":")[0]]
        for event in events:
            inside = np.ones(self.n, bool)
            for condition in filter(None, (part.strip() for part in event.split(","))):
                column, level = (word.strip() for word in condition.split("=="))
                if column != "y":
                    inside &= getattr(self, column) == level
            self.seen.append(inside)

    def groups(self):
        keys = list(zip(*[seen.tolist() for seen in self.seen]))
        return [np.array([key == one for key in keys]) for one in sorted(set(keys))]

    def thresholds(self):
        """For each group the decisions of each threshold, of the others zero."""
        free = self.hi > self.lo
        for group in self.groups():
            values = [INF, *sorted(set(self.score[group & free]), reverse=True)]
            taken = [group & (self.score >= value) for value in values]
            yield [np.where(group, np.where(one, self.hi, self.lo), 0.0) for one in taken]


def best_rule(case):
    """The largest gain of a mixture, or None where none satisfies the rows."""
    columns, groups = [], []
    for place, decisions in enumerate(case.thresholds()):
        columns += decisions
        groups += [place] * len(decisions)
    columns, groups = np.array(columns), np.array(groups)
    count = groups.max() + 1
    rows = np.array(case.rows).reshape(len(case.rows), case.n)
    matrix = np.vstack([rows @ columns.T, [(groups == place).astype(float) for place in range(count)]])
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(columns), len(matrix)
    model.col_cost_, model.sense_ = columns @ (case.w * (case.score - case.cutoff)), highspy.ObjSense.kMaximize
    model.col_lower_, model.col_upper_ = np.zeros(len(columns)), np.full(len(columns), INF)
    model.row_lower_ = np.array([*case.lower, *np.ones(count)])
    model.row_upper_ = np.array([*case.upper, *np.ones(count)])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.arange(len(matrix) + 1) * len(columns)
    model.a_matrix_.index_ = np.tile(np.arange(len(columns)), len(matrix))
    model.a_matrix_.value_ = matrix.ravel()
    solver = highspy.Highs()
    for name, value in [("output_flag", False), ("primal_feasibility_tolerance", 1e-10), ("dual_feasibility_tolerance", 1e-10)]:
        solver.setOptionValue(name, value)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return float(solver.getInfo().objective_function_value)
    return None


def best_single(case):
    """The largest gain of one threshold in each group; nothing where there are too many to try."""
    groups = list(case.thresholds())
    if np.prod([float(len(group)) for group in groups]) > MOST:
        return "too many"
    gain = case.w * (case.score - case.cutoff)
    every = ((float((gain * sum(choice)).sum()), sum(choice)) for choice in itertools.product(*groups))
    for value, decisions in sorted(every, key=lambda pair: -pair[0]):
        if violation(case, decisions) <= 1e-14:
            return value
    return None


def holds(condition, record):
    (kind, body), = condition.items()
    value = record[body["column"]]
    if kind == "null":
        return value == ""
    if kind == "between":
        ends = [(body["from"], 1), (body["to"], -1)]
        sides = [(sign * (float(value or "nan") - end["value"]), end["closed"]) for end, sign in ends if end]
        return all(room > 0 or (closed and room == 0) for room, closed in sides)
    inside = value in [str(level) for level in body["values"]]
    return inside if kind == "in" else not inside


def chance(cell, score):
    if score == cell["threshold"]:
        return cell["share"]
    if score > cell["threshold"]:
        return 1.0
    return max((step["chance"] for step in cell.get("steps", []) if score >= step["from"]), default=0.0)


def chances(frozen, path):
    """The chance of each record of a table, by the conditions and thresholds that stand in the JSON."""
    found = []
    with open(path, newline="") as file:
        for record in csv.DictReader(file):
            cells = [
                cell for cell in frozen["cells"]
                if any(all(holds(condition, record) for condition in one) for one in cell["alternatives"])
            ]
            assert len(cells) == 1, (record, len(cells))
            found.append(chance(cells[0], float(record["score"])))
    return np.array(found)


def judge(fairc, seed):
    case = LabelCase(seed)
    for _ in range(int(case.rng.integers(1, 6))):
        case.constrain()
    if case.empty or (case.lo > case.hi).any() or not any("y ==" in text for text in case.text):
        return "left out", None
    shown = f"seed {seed}, n {case.n}: " + "; ".join(case.text)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        case.write(folder)

        def run(*words):
            command = [fairc, "decide", "spec.fair", "--data", "data.csv", "--pred", "score", "--cutoff", str(case.cutoff)]
            return subprocess.run([*command, "--format", "json", *words], cwd=folder, capture_output=True, text=True, timeout=300)

        best = best_rule(case)
        done = run("-o", "out.csv")
        answer = json.loads(done.stdout)
        if "gain_bound" not in answer:
            refused = done.returncode == 1 or "satisf" in done.stdout or "E0502" in done.stdout
            return (None, "no rule") if best is None and refused else (f"{shown}\n  refused: {answer}", None)
        if best is None:
            return f"{shown}\n  no rule satisfies it, and answered {answer['status']}", None
        size = max(1.0, np.abs(case.w * (case.score - case.cutoff)).sum())
        if abs(answer["gain_bound"] - best) > 1e-9 * size:
            return f"{shown}\n  gains {answer['gain_bound']}, and HiGHS {best}", None
        with open(folder / "out.csv", newline="") as file:
            decisions = np.array([float(record["d_decision"]) for record in csv.DictReader(file)])
        single = best_single(case) if ((case.lo % 1 == 0) & (case.hi % 1 == 0)).all() else None
        kind = answer["status"]
        if kind == "whole":
            gain = float((case.w * (case.score - case.cutoff) * decisions).sum())
            if violation(case, decisions) > 1e-12 or abs(gain - answer["gain_after"]) > 1e-9 * size:
                return f"{shown}\n  misses rows by {violation(case, decisions)}, gains {gain}", None
            if single == "too many":
                kind = "without draws, unproven"
            elif single is None or single > answer["decided"]["bound"] + 1e-9 * size:
                return f"{shown}\n  without draws {gain} of {answer['decided']['bound']}, and {single} is the best", None
            else:
                kind = "without draws, the best" if single < gain + 1e-9 * size else "without draws, and not the best"
        elif answer["rule"]["without_draws"] == "none" and single not in (None, "too many"):
            return f"{shown}\n  said to need draws, and {single} is gained without", None
        elif single not in (None, "too many"):
            kind = "drawn though there are thresholds without"
        if any("each" in text for text in case.text):
            return None, kind
        if run("--randomize", "1", "--freeze", "t.json").returncode or run("--randomize", "1", "--freeze", "t.sql").returncode:
            return f"{shown}\n  cannot be frozen", None
        frozen = json.loads((folder / "t.json").read_text())
        frozen = frozen["thresholds"]
        expected = chances(frozen, folder / "data.csv")
        gain = float((case.w * (case.score - case.cutoff) * expected).sum())
        if violation(case, expected) > 1e-9 or abs(gain - best) > 1e-9 * size:
            return f"{shown}\n  frozen, it misses rows by {violation(case, expected)} and gains {gain} of {best}", None
        query = (folder / "t.sql").read_text()
        ties = {cell["threshold"] for cell in frozen["cells"] if 0 < cell["share"] < 1}
        for draw in (0.0, 0.3, 0.999):
            for place, theirs in enumerate(in_databases(folder / "data.csv", query.replace('"draw"', str(draw)))):
                ours = [int(draw < own) for own in expected]
                if any(a != b for a, b, score in zip(ours, theirs, case.score) if score not in ties):
                    return f"{shown}\n  {['SQLite', 'DuckDB'][place]} decides otherwise at a draw of {draw}", None
    return None, kind


def main():
    fairc = str(pathlib.Path(sys.argv[1]).resolve())
    count, first = (int(text) for text in (sys.argv[2:] + ["200", "1"][len(sys.argv) - 2 :]))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda seed: judge(fairc, seed), range(first * 100_000, first * 100_000 + count)))
    wrong = [text for text, _ in results if text and text != "left out"]
    words = [kind for _, kind in results if kind]
    print(f"{count} specs, {sum(text == 'left out' for text, _ in results)} left out (no label, or a group without samples)")
    for word in sorted(set(words)):
        print(f"  {words.count(word)} {word}")
    print("\n".join(wrong))
    assert not wrong, f"{len(wrong)} of {count} are wrong"


if __name__ == "__main__":
    main()
