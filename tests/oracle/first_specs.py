"""A first spec of `fairc init` compiles, and its table binds to it, whatever wrote the table.

    python first_specs.py FAIRC [ROUNDS] [SEED]

Tables of columns of many types as Parquet, Arrow, JSON Lines and CSV files: the spec passes `fairc check`, and still does with
the constraints that it has in comments, and with constraints that read every column. What it says of levels, ranges and nulls
is what pyarrow counts.
"""

import json
import pathlib
import random
import re
import sys
import tempfile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from tables import random_columns, run


def declarations(text):
    """The type of each declared column, by its name."""
    found = re.findall(r"^(?:column|label) (`[^`]+`|\w+): (\{(?:`[^`]*`|[^}`])*\}|[^?\n]*)(\??)$", text, re.MULTILINE)
    return {name.strip("`"): (kind, nullable) for name, kind, nullable in found}


def readers(declared, score):
    """Constraints that read each column and hold where all predictions are the same."""
    lines = []
    for place, (name, (kind, _)) in enumerate(declared.items()):
        if kind.startswith("{"):
            lines.append(f"constraint r{place}: forall l in `{name}`: E[{score} | `{name}` == l] <= E[{score}]")
            continue
        ends = re.search(r"\[(.*), (.*)\]", kind)
        if ends and float(ends[1]) < float(ends[2]):
            # No number equals it: from 2^53 on that would be refused.
            middle = (float(ends[1]) / 2 + float(ends[2]) / 2) * 0.999
            lines.append(f"constraint r{place}: E[{score} | `{name}` <= {middle!r}] <= E[{score}]")
    return "\n".join(lines) + "\n"


def uncommented(text):
    return re.sub(r"^# (constraint |use |    )", r"\1", text, flags=re.MULTILINE)


def facts(table, declared):
    """Nulls, levels and ranges as pyarrow counts them."""
    for name, (kind, nullable) in declared.items():
        values = table[name]
        if pa.types.is_dictionary(values.type):
            values = pc.cast(values, values.type.value_type)
        nulls = values.null_count > 0
        assert not nulls or nullable, (name, kind)
        ends = re.search(r"(int|real) in \[(.*), (.*)\]", kind)
        if ends and (pa.types.is_integer(values.type) or pa.types.is_float64(values.type)):
            low, high = pc.min_max(values).values()
            assert (float(ends[2]), float(ends[3])) == (float(low.as_py()), float(high.as_py())), (name, kind)
        if kind.startswith("{") and pa.types.is_string(values.type):
            texts = {text for text in pc.unique(values).to_pylist() if text and "\n" not in text and "`" not in text}
            assert len(re.findall(r"`[^`]*`|[^,{}\s`]+", kind)) == len(texts), (name, kind, texts)


def one(fairc, folder, rng, round_):
    rows = rng.choice([1, 2, 40, 700])
    columns = random_columns(rng, rows)
    columns |= {
        "few": pa.array([rng.randrange(4) for _ in range(rows)]),
        "forall": pa.array([rng.randrange(200) for _ in range(rows)], pa.int16()),
        "my score": pa.array([rng.random() for _ in range(rows)]),
        "sex": pa.array([rng.choice(["f", "m", None]) for _ in range(rows)]),
        "deci": pa.array([rng.randrange(30) for _ in range(rows)]).cast(pa.decimal128(30, 2)),
        "same": pa.array(["x"] * rows),
    }
    names = rng.sample(sorted(columns), rng.randrange(1, len(columns)))
    table = pa.table({name: columns[name] for name in names})
    kind = rng.choice(["parquet", "arrow", "jsonl", "csv"])
    path = folder / f"t{round_}.{kind}"
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=rng.choice([1, 100, 10**6]) if rows < 100 else 1000)
    elif kind == "arrow":
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    else:
        plain = [name for name in names if name in {"i8", "text", "large", "bool", "few", "forall", "my score", "sex", "same", "date32"}]
        table = table.select(plain or names[:0]).append_column("row", pa.array(range(rows)))
        if kind == "csv":
            pyarrow.csv.write_csv(table, path)
        else:
            lines = (json.dumps(row, default=str, ensure_ascii=False) for row in table.to_pylist())
            path.write_text("\n".join(lines) + "\n")
    spec = folder / "spec.fair"
    done = run(fairc, "init", "--data", path, "-o", spec, "--force", "--format", "json")
    assert done.returncode == 0, (done.stdout, done.stderr, table)
    answer, text = json.loads(done.stdout), spec.read_text()
    assert answer["n"] == rows and [column["name"] for column in answer["columns"]] == table.column_names
    declared = declarations(text)
    plain = {column["name"] for column in answer["columns"] if column["role"] in ("column", "label", "weight")}
    assert plain == set(declared), (plain, declared, text)
    if kind in ("parquet", "arrow"):
        facts(table, declared)
    score = re.search(r"^predict (\S+|`.*`): ", text, re.MULTILINE)[1]
    for spec_text in [text, uncommented(text), text + "\n" + readers(declared, score)]:
        spec.write_text(spec_text)
        done = run(fairc, "check", spec, "--data", path)
        assert done.returncode == 0, (path, done.stdout, done.stderr, spec_text)


def main():
    fairc = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(rounds):
            one(fairc, pathlib.Path(folder), rng, round_)
    print(f"first specs: {rounds} tables of four formats, each spec compiled and bound")


main()
