"""Tables of `fairc impact` on random applicants, against counts made here with pandas and fractions.

    python impact.py FAIRC [COUNT] [SEED]        # the path of the binary; 200 tables, seed 1

And the worked example of `examples/ll144`, with every number of its tables.
"""

import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
from fractions import Fraction as F

import pandas as pd

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ["a", "b ", "x*y", "A", 'say "hi"', "1,5", "Männer", "null"]


def impact(fairc, path, *words):
    command = [fairc, "impact", "--data", str(path), "--format", "json", *words]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return run.returncode, json.loads(run.stdout)


def expected(frame, by, selected, min_share):
    """What a table has to say: by category applicants, selected, rate, ratio and mark."""
    known = frame[by].notna().all(axis=1)
    counts = {}
    for values, chosen in zip(frame.loc[known, by].itertuples(index=False, name=None), selected[known]):
        all_, picked = counts.get(values, (0, 0))
        counts[values] = (all_ + 1, picked + int(chosen))
    total = sum(n for n, _ in counts.values())
    large = {values: F(k, n) for values, (n, k) in counts.items() if F(n, total) >= min_share}
    best = max(large.values(), default=F(0))
    lines = {}
    for values, (n, k) in counts.items():
        ratio = F(k, n) / best if values in large and best else None
        small = "under_min_share" if values not in large else "none"
        mark = small if ratio is None else "highest" if ratio == 1 else "below_four_fifths" if ratio < F(4, 5) else "none"
        lines[values] = (n, k, float(F(k, n)), None if ratio is None else float(ratio), mark)
    unknown = (int((~known).sum()), int(selected[~known].sum()))
    return lines, unknown, [F(k, n) / best for v, (n, k) in counts.items() if v in large and best]


def without_few(lines):
    """Where categories of fewer than 30 alone have the highest rate: the highest of the others, and the ratios to it."""
    best = [values for values, line in lines.items() if line[4] == "highest"]
    if not best or any(lines[values][0] >= 30 for values in best):
        return None
    rates = {values: F(k, n) for values, (n, k, _, ratio, _) in lines.items() if n >= 30 and ratio is not None}
    highest = max(rates.values(), default=F(0))
    if len(rates) < 2 or not highest:
        return []
    # One category has the highest rate; others of the same rate have the ratio 1.
    return sorted(float(rate / highest) for rate in rates.values())[:-1]


def compare(answer, frame, tables, selected, min_share):
    wrong = []
    if len(answer["tables"]) != len(tables):
        return [f"{len(answer['tables'])} tables"]
    for table, by in zip(answer["tables"], tables):
        lines, unknown, _ = expected(frame, by, selected, min_share)
        found = {
            tuple(c["values"]): (c["applicants"], c["selected"], c["rate"], c["impact_ratio"], c["mark"]) for c in table["categories"]
        }
        highest = table["small_highest"]
        larger = highest and highest["larger"]
        ratios = None if highest is None else [] if larger is None else [ratio["impact_ratio"] for ratio in larger["ratios"]]
        if ratios != without_few(lines):
            wrong.append(f"{by}: without the few {ratios}, expected {without_few(lines)}")
        if any(c["small"] != (c["applicants"] < 30) for c in table["categories"]):
            wrong.append(f"{by}: marked as small is {table['categories']}")
        if found != lines:
            wrong.append(f"{by}: {found}, expected {lines}")
        if (table["unknown"], table["unknown_selected"]) != unknown:
            wrong.append(f"{by}: unknown {table['unknown']}, expected {unknown}")
        counts = [c["applicants"] for c in table["categories"]]
        if counts != sorted(counts, reverse=True):
            wrong.append(f"{by}: not in the order of applicants")
    return wrong


def one(fairc, folder, seed):
    rng = random.Random(seed)
    n = rng.choice([1, 2, 5, 20, 100, 300])
    by = ["sex", "race", "age"][: rng.randint(1, 3)]
    columns = {}
    for name in by:
        levels = rng.sample(NAMES, rng.randint(1, 5)) + [None] * rng.randint(0, 1)
        weights = [rng.choice([1, 1, 5, 0.05]) for _ in levels]
        columns[name] = rng.choices(levels, weights, k=n)
    frame = pd.DataFrame(columns, dtype=object)
    kind = rng.choice(["decisions", "at_least", "median", "booleans", "words"])
    words = []
    if kind == "decisions":
        frame["it"] = [rng.randint(0, 1) for _ in range(n)]
        selected = frame["it"] == 1
    elif kind == "booleans":
        selected = pd.Series([rng.random() < 0.4 for _ in range(n)])
        frame["it"] = selected.map({True: "true", False: "false"})
    elif kind == "words":
        frame["it"] = [rng.choice(["Advance", "Offer made", "Reject", "withdrawn"]) for _ in range(n)]
        selected = frame["it"].isin(["Advance", "Offer made"])
        words += [word for name in sorted(set(frame.loc[selected, "it"])) for word in ("--selected", name)]
        if not selected.any():
            words += ["--selected", "Offer made"]
            frame.loc[0, "it"], selected.loc[0] = "Offer made", True
        empty = pd.Series([rng.random() < 0.2 and row > 0 for row in range(n)]) & ~selected
        frame.loc[empty, "it"] = None
        words += ["--skip-empty"] if empty.any() else []
        path = folder / f"{seed}.csv"
        frame.to_csv(path, index=False)
        frame, selected = frame[~empty], selected[~empty]
    else:
        frame["it"] = [rng.choice([0.25, 0.5, 0.75, round(rng.random(), 2)]) for _ in range(n)]
        cut = 0.5 if kind == "at_least" else statistics.median(frame["it"])
        selected = frame["it"] >= cut if kind == "at_least" else frame["it"] > cut
        words += ["--threshold", "0.5" if kind == "at_least" else "median"]
    share = rng.choice(["2%", "0", "0.1", "12.5%"])
    min_share = F(share.rstrip("%")) / (100 if share.endswith("%") else 1)
    least = rng.choice([None, "80%", "0.5", "1"])
    if kind != "words":
        path = folder / f"{seed}.csv"
        frame.to_csv(path, index=False)
    # A text that pandas would take for a null is a value of the table all the same.
    words += [word for name in by for word in ("--by", name)] + ["--pred", "it", "--min-share", share]
    words += ["--least", least] if least else []
    code, answer = impact(fairc, path, *words)
    path.unlink()
    if "tables" not in answer:
        return [f"seed {seed}: {answer}"]
    tables = [[name] for name in by] + ([by] if len(by) > 1 else [])
    wrong = compare(answer, frame, tables, selected, min_share)
    if least:
        limit = F(least.rstrip("%")) / (100 if least.endswith("%") else 1)
        ratios = [expected(frame, one, selected, min_share)[2] for one in tables]
        short = any(r < limit for of in ratios if len(of) > 1 for r in of)
        open_ = any(len(of) < 2 for of in ratios)
        reached = False if short else None if open_ else True
        if (answer["reached"], code) != (reached, 0 if reached else 1):
            wrong.append(f"reached {answer['reached']}, exit code {code}, expected {reached}")
    elif code != 0:
        wrong.append(f"exit code {code}")
    return [f"seed {seed}: {fault}" for fault in wrong]


def example(fairc):
    path = ROOT / "examples/ll144/applicants.csv"
    frame = pd.read_csv(path, dtype={"sex": object, "race_ethnicity": object})
    by = ["sex", "race_ethnicity"]
    words = ["--by", by[0], "--by", by[1], "--pred", "hired"]
    _, answer = impact(fairc, path, *words)
    return compare(answer, frame, [[by[0]], [by[1]], by], frame["hired"] == 1, F(1, 50))


def main():
    fairc = str(pathlib.Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    wrong = [f"the example: {fault}" for fault in example(fairc)]
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            wrong += one(fairc, pathlib.Path(folder), seed)
    for fault in wrong[:10]:
        print(fault)
    print(f"{count} tables of applicants and the example: {len(wrong)} faults")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
