"""`fairc sql --query project` and `--query decide` in DuckDB, SQLite, PostgreSQL, DataFusion and Spark, against `fairc project --frozen` and
`fairc decide --thresholds` of the same table in a file.

    python sql_kept.py FAIRC [COUNT] [SEED]        # the path of the binary; 100 specs, seed 1

The specs and tables are those of sql.py: columns of every type with odd names and levels, nulls, values that are no level. Shifts and
thresholds are fitted on a file, and applied to it and by the queries: predictions agree to 1e-12, decisions exactly. Rows for which a
file would be refused have to give nulls.
"""

import collections
import json
import pathlib
import sys
import tempfile

import pyarrow.parquet as parquet
from engines import available
from sql import SCORE, SEX, Case, Fixed, run

#: A query, the command that fits what it takes, and the command that applies that to a file.
KINDS = {
    "project": ("--shifts", ["freeze", "-o"], ["project", "--frozen"], "d_fair"),
    "decide": ("--thresholds", ["decide", "--freeze"], ["decide", "--thresholds"], "d_decision"),
}


def compare(kind, case, engine, fairc, folder, tally):
    """What is wrong with an engine's answer; nothing if all is right."""
    option, fit, apply, column = KINDS[kind]
    spec, data, types = folder / "spec.fair", folder / f"{engine.name}.parquet", folder / f"{engine.name}.json"
    kept, out = folder / "kept.json", folder / "out.parquet"
    kept.unlink(missing_ok=True)
    spec.write_text(case.spec)
    parquet.write_table(case.table(engine.name), data)
    types.write_text(json.dumps(case.create(engine.name)[1]))
    fitted = run(fairc, fit[0], spec, "--data", data, fit[1], kept)
    if fitted.returncode != 0 or not kept.exists():
        tally[f"{engine.name}: {kind} not fitted"] += 1
        return None
    asked = run(
        fairc, "sql", spec, "--query", kind, option, kept, "--dialect", engine.name, "--table", "people",
        "--types", types, "--name", "answer",
    )
    if asked.returncode != 0:
        tally[f"{engine.name}: {kind} no query"] += 1
        return None if "has no SQL" in asked.stderr and "internal" not in asked.stderr else f"no query: {asked.stderr}"
    applied = run(fairc, *apply, kept, spec, "--data", data, "-o", out)
    if applied.returncode != 0 or not out.exists():
        return f"the file was not answered: {applied.stdout}{applied.stderr}"
    written = parquet.read_table(out)
    # Engines give rows in any order.
    expected = zip(*[written.column(name).to_pylist() for name in ("score", "w", written.column_names[-1])], strict=True)
    found = [(row["score"], row["w"], row["answer"]) for row in engine.answer(case, asked.stdout)]
    expected, missing = sorted(expected), [row for row in found if row[2] is None]
    if missing or len(found) != len(expected):
        return f"{len(found)} rows, {len(missing)} of them null, and {len(expected)}"
    tally[f"{engine.name}: {kind}"] += 1
    for one, two in zip(sorted(found), expected, strict=True):
        if one[:2] != two[:2] or abs(float(one[2]) - float(two[2])) > (1e-12 if kind == "project" else 0):
            return f"{one} by the query, {two} from the file"
    out.unlink()
    return None


def faults(kind, engine, fairc, folder):
    """What is wrong with the answer for a table of which a file would be refused."""
    option, fit, _, _ = KINDS[kind]
    clean = Fixed(
        f"{SEX}{SCORE}constraint k: |E[score | sex == f] - E[score | sex == m]| <= 0.1\n",
        {"sex": ["f", "m"] * 4, "score": [0.9, 0.2] * 4},
        sex="text",
    )
    broken = Fixed(clean.spec, {"sex": ["f", "x", None, "m", "f"], "score": [0.9, 0.9, 0.9, None, 0.1]}, sex="text")
    spec, data, kept = folder / "spec.fair", folder / "clean.parquet", folder / "kept.json"
    spec.write_text(clean.spec)
    parquet.write_table(clean.table(engine.name), data)
    run(fairc, fit[0], spec, "--data", data, fit[1], kept)
    asked = run(fairc, "sql", spec, "--query", kind, option, kept, "--dialect", engine.name, "--table", "people", "--name", "answer")
    rows = engine.answer(broken, asked.stdout)
    # Engines give rows in any order.
    known = sorted((row["sex"], row["score"]) for row in rows if row["answer"] is not None)
    right = len(rows) == 5 and known == [("f", 0.1), ("f", 0.9)]
    return None if right else f"answers at faults: {rows} {asked.stderr}"


def main():
    fairc, count, seed = sys.argv[1], int((sys.argv[2:] + [100])[0]), int((sys.argv[3:] + [1])[0])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        engines = available(folder)
        tally, wrong = collections.Counter(), 0
        for number in range(seed, seed + count):
            case = Case(number)
            for engine in engines:
                for kind in KINDS:
                    fault = compare(kind, case, engine, fairc, folder, tally)
                    if fault:
                        wrong += 1
                        print(f"seed {number}, {engine.name}, {kind}: {fault}\n{case.spec}")
        for engine, kind in [(engine, kind) for engine in engines for kind in KINDS]:
            fault = faults(kind, engine, fairc, folder)
            if fault:
                wrong += 1
                print(f"{engine.name}, {kind}: {fault}")
        for engine in engines:
            engine.close()
    print(", ".join(f"{name} {number}" for name, number in sorted(tally.items())))
    for engine in engines:
        for kind in KINDS:
            if tally[f"{engine.name}: {kind}"] < count / 5:
                sys.exit(f"{engine.name}, {kind}: too few tables were compared to say anything")
    if wrong:
        sys.exit(f"{wrong} answers differ")
    print(f"{count} specs: the same predictions and decisions")


if __name__ == "__main__":
    main()
