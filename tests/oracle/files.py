"""Tables that other programs wrote are read as they read them, and copies lose nothing.

    python files.py FAIRC [SEED]

- Parquet files of random types, nulls, dictionaries, codecs and row groups, made by pyarrow, pandas, polars and duckdb:
  the copy of `fairc project -o` has the schema, the metadata and the values of the original for each of these readers,
  and one column more.
- Arrow files of random types, dictionaries, codecs and batches, made by pyarrow, pandas and polars: the copy has the schema,
  metadata, dictionaries and batches of the original and one column more; `fairc audit` says of it what it says of the same
  table as Parquet; cut and changed files are read or refused. The same of streams of Arrow, made by pyarrow and polars.
- CSV files of random dialects, made by Python's csv module: what `fairc audit` counts and means is what Python reads, and
  what the csv module refuses when it is strict, fairc refuses.
- CSV files that lie in installed packages: means by group agree with pandas on every file that both read.
"""

import bz2
import csv
import gzip
import io
import json
import math
import pathlib
import random
import sys
import sysconfig
import tempfile

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from arrow_files import arrow
from arrow_streams import arrow_streams
from tables import SPEC, random_columns, run

# Parquet


def parquet_files(folder, rng, round_):
    """Files of the four programs, each with the columns of the spec."""
    rows = rng.choice([1, 7, 300, 5000])
    columns = random_columns(rng, rows)
    kept = rng.sample(sorted(columns), rng.randrange(1, len(columns)))
    g = [rng.choice("ab") for _ in range(rows - 1)] + ["a"]
    score = [rng.random() for _ in range(rows)]
    own = {"g": pa.array(g), "score": pa.array(score)}
    table = pa.table({**{name: columns[name] for name in kept}, **own})
    metadata = {b"geo": b'{"version": "1.0.0", "primary_column": "x", "columns": {}}', b"owner": b"somebody"}
    path = folder / f"arrow{round_}.parquet"
    table = table.replace_schema_metadata(metadata)
    fields = [f.with_metadata({b"unit": b"kg"}) if f.name == kept[0] else f for f in table.schema]
    pq.write_table(
        table.cast(pa.schema(fields, metadata)), path,
        compression=rng.choice(["none", "snappy", "zstd", "gzip", "lz4", "brotli"]) if "g" not in kept else "zstd",
        row_group_size=rng.choice([1, 100, 10**6]) if rows < 1000 else 1000,
        use_dictionary=rng.random() < 0.7, data_page_version=rng.choice(["1.0", "2.0"]),
        version=rng.choice(["1.0", "2.6"]) if not {"ns", "u64"} & set(kept) else "2.6",
        use_deprecated_int96_timestamps=rng.random() < 0.3, write_page_index=rng.random() < 0.5,
        store_schema=rng.random() < 0.8,
    )
    yield path
    frame = pd.DataFrame({
        "id": pd.array([rng.getrandbits(60) for _ in range(rows - 1)] + [None], "Int64"),
        "risk": pd.Categorical([rng.choice(["low", "mid", "high"]) for _ in range(rows)], ["low", "mid", "high"], ordered=True),
        "when": pd.date_range("2024-01-01", periods=rows, freq="h", tz="UTC"), "g": g, "score": score,
    })
    frame.index = pd.Index([f"p{i}" for i in range(rows)], name="person")
    path = folder / f"pandas{round_}.parquet"
    frame.to_parquet(path, index=rng.random() < 0.7 or None)
    yield path
    path = folder / f"polars{round_}.parquet"
    pl.DataFrame({
        "big": pl.Series([rng.getrandbits(100) for _ in range(rows)], dtype=pl.Int128),
        "level": pl.Series([rng.choice(["x", "y"]) for _ in range(rows)], dtype=pl.Enum(["y", "x"])),
        "cat": pl.Series([rng.choice(["x", "y"]) for _ in range(rows)], dtype=pl.Categorical),
        "g": g, "score": score,
    }).write_parquet(path, statistics="full", row_group_size=1000)
    yield path
    path = folder / f"duck{round_}.parquet"
    duckdb.sql(f"""copy (select i, uuid() as id, ('{{"a": ' || i || '}}')::json as j, i::hugeint * 3 as h,
        date '2020-01-01' + i::int as d, case when i % 2 = 0 then 'a' else 'b' end as g, (i % 10) / 10.0 as score,
        ['x', i::varchar] as l from range({rows}) t(i)) to '{path}' (format parquet)""")
    yield path


def same(one, other):
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def compare(path, copy):
    """All four readers see the old table and one column more."""
    if not path.name.startswith("polars"):  # Arrow has no integers of 128 bits
        compare_in_arrow(path, copy)
    try:
        before = pl.read_parquet(path)
    except BaseException as error:  # polars panics on some files of Arrow
        if isinstance(error, KeyboardInterrupt):
            raise
        before = None
    if before is not None:
        after = pl.read_parquet(copy)
        assert after.drop("score_fair").schema == before.schema and after.drop("score_fair").equals(before), path
    described = [duckdb.sql(f"describe select * from '{p}'").fetchall() for p in (path, copy)]
    assert described[0] == described[1][:-1] and described[1][-1][:2] == ("score_fair", "DOUBLE"), described
    rows = [duckdb.sql(f"select * from '{p}'").fetchall() for p in (path, copy)]
    assert all(same(list(one), list(other[:-1])) for one, other in zip(*rows)), path


def compare_in_arrow(path, copy):
    old, new = pq.ParquetFile(path), pq.ParquetFile(copy)
    pairs = old.schema_arrow.metadata or {}
    fresh = new.schema_arrow.metadata or {}
    assert {k: v for k, v in pairs.items() if k != b"pandas"} == {k: v for k, v in fresh.items() if k != b"pandas"}, path
    width = len(old.schema_arrow)
    assert [new.schema_arrow.field(i) for i in range(width)] == [old.schema_arrow.field(i) for i in range(width)], path
    for i in range(width):
        assert new.schema_arrow.field(i).metadata == old.schema_arrow.field(i).metadata, path
    assert new.schema_arrow.names == [*old.schema_arrow.names, "score_fair"], path
    assert old.metadata.num_row_groups == new.metadata.num_row_groups and old.metadata.created_by == new.metadata.created_by
    for i in range(len(old.schema)):
        one, other = old.schema.column(i), new.schema.column(i)
        assert one.equals(other) and str(one.logical_type) == str(other.logical_type), (path, one, other)
    before, after = pq.read_table(path), pq.read_table(copy)
    assert after.drop_columns(["score_fair"]).equals(before), path
    fair = after["score_fair"].to_pylist()
    assert len(fair) == before.num_rows and all(value is not None for value in fair)
    for column in range(old.metadata.num_columns):
        one, other = (f.metadata.row_group(0).column(column) for f in (old, new))
        assert one.compression == other.compression and set(one.encodings) == set(other.encodings), path
        floats = one.physical_type in ("FLOAT", "DOUBLE") or old.schema.column(column).logical_type.type == "FLOAT16"
        assert floats or one.statistics == other.statistics, (path, one, other)

    try:
        before = pd.read_parquet(path)
    except Exception:  # not every type of Arrow is one of pandas
        before = None
    if before is not None:
        after = pd.read_parquet(copy)
        assert after["score_fair"].dtype == float
        pd.testing.assert_frame_equal(after.drop(columns="score_fair"), before)


def parquet(fairc, folder, rng, rounds):
    spec = folder / "spec.fair"
    spec.write_text(SPEC + "", encoding="utf-8")
    count = 0
    for round_ in range(rounds):
        for path in parquet_files(folder, rng, round_):
            copy = folder / "copy.parquet"
            done = run(fairc, "project", spec, "--data", path, "-o", copy, "-q")
            if done.returncode != 0:
                chunks = pq.ParquetFile(path).metadata.row_group(0)
                brotli = any(chunks.column(i).compression == "BROTLI" for i in range(chunks.num_columns))
                assert brotli and "Brotli" in done.stderr, (path, done.stdout, done.stderr)
                continue
            compare(path, copy)
            count += 1
    print(f"parquet: {count} copies are what they were, for pyarrow, pandas, polars and duckdb")


# CSV


def random_text(rng, lines):
    letters = "ab ,;|\t\"'#?é€0.5" + ("\r\n" if lines else "")
    return "".join(rng.choice(letters) for _ in range(rng.randrange(6)))


def dialects(fairc, folder, rng, rounds):
    spec = folder / "spec.fair"
    spec.write_text(SPEC + "constraint level: E[score] <= 1\n", encoding="utf-8")
    for round_ in range(rounds):
        delimiter = rng.choice(",;|\t")
        encoding = rng.choice(["utf-8", "latin-1", "cp1252", "utf-16"])
        header, comma = rng.random() < 0.7, rng.random() < 0.4 and delimiter != ","
        # Where quotes stand only where they must, Python leaves out those around line ends of another kind.
        always, rows = rng.random() < 0.5, []
        for _ in range(rng.randrange(1, 60)):
            score = round(rng.random(), 3)
            text = random_text(rng, always).replace("€", "e" if encoding == "latin-1" else "€").replace("#", "x")
            rows.append([rng.choice("ab"), str(score).replace(".", "," if comma else "."), rng.choice(["NA", text])])
        rows[0][0] = "a"
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator=rng.choice(["\n", "\r\n", "\r"]),
                            quoting=csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL)
        writer.writerows([["g", "score", "note"], *rows] if header else rows)
        path = folder / f"d{round_}.csv"
        path.write_bytes(out.getvalue().encode(encoding))
        words = ["--delimiter", "\\t" if delimiter == "\t" else delimiter, "--encoding", encoding, "--null", "NA,?"]
        words += [] if header else ["--header", "g,score,note"]
        words += ["--decimal", ","] if comma else []
        if rng.random() < 0.3:
            packed = folder / f"d{round_}.csv.gz"
            packed.write_bytes(gzip.compress(path.read_bytes()))
            path = packed
        done = run(fairc, "audit", spec, "--data", path, "--format", "json", "--bootstrap", "0", *words)
        assert done.returncode in (0, 1) and done.stdout, (path, words, done.stderr)
        report = json.loads(done.stdout)
        assert report["n"] == len(rows), (path, words, report["n"], len(rows))
        copy = folder / "copy.csv"
        done = run(fairc, "project", spec, "--data", path, "-o", copy, "-q", *words)
        assert done.returncode == 0, (path, words, done.stderr)
        with open(copy, newline="", encoding="utf-8-sig") as file:
            read = list(csv.reader(file, delimiter=delimiter, strict=True))
        assert [row[:3] for row in read] == ([["g", "score", "note"]] if header else []) + rows, (path, words)
        assert all(len(row) == 4 for row in read)
    print(f"csv: {rounds} dialects are read as Python reads them")


def habits(fairc, folder, rng, rounds):
    """The same table by random habits and plainly: its copies have the same numbers, and all other fields as they were."""
    spec = folder / "spec.fair"
    spec.write_text(SPEC, encoding="utf-8")
    for round_ in range(rounds):
        quotes, delimiter, comma = rng.choice(["on", "off", "spaced"]), rng.choice(",;|\t"), rng.random() < 0.5
        comma &= quotes != "off" or delimiter != ","
        letters = "xy \"'0" + (delimiter + "\n" if quotes != "off" else "")
        ends = "x" if quotes == "spaced" else ""

        def note():
            return ends + "".join(rng.choice(letters) for _ in range(rng.randrange(6))) + ends

        columns = rng.sample(["g", "score", "note", "score_fair"], 4)
        rows = [{"g": "ab"[row % 2], "score": str(round(rng.random(), 3)), "note": note(), "score_fair": note()}
                for row in range(rng.randrange(2, 9))]

        def field(text):
            if quotes == "off":
                return text
            spaces = rng.choice(["", " ", "  "] if quotes == "spaced" else [""])
            enclosed = any(mark in text for mark in delimiter + '"\n') or rng.random() < 0.3
            doubled = text.replace('"', '""')
            return spaces + (f'"{doubled}"' if enclosed else text) + spaces

        def number(text):
            return text.replace(".", ",") if comma else text

        plain, path = folder / "plain.csv", folder / f"habit{round_}.csv"
        with open(plain, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        lines = [columns, *([number(row[name]) if name == "score" else row[name] for name in columns] for row in rows)]
        path.write_text("".join(delimiter.join(map(field, line)) + "\n" for line in lines), encoding="utf-8", newline="")
        words = ["--delimiter", "\\t" if delimiter == "\t" else delimiter, *(["--decimal", ","] if comma else []),
                 *(["--no-quotes"] if quotes == "off" else []), *(["--trim"] if quotes == "spaced" else [])]

        def read(copy):
            """As Python reads it."""
            with open(copy, newline="", encoding="utf-8") as file:
                quoting = csv.QUOTE_NONE if quotes == "off" else csv.QUOTE_MINIMAL
                # It takes spaces behind a quote for text.
                read = list(csv.reader(file, delimiter=delimiter, quoting=quoting, skipinitialspace=quotes == "spaced"))
            head, *body = [[text.strip(" ") if quotes == "spaced" else text for text in line] for line in read]
            assert all(len(line) == len(head) for line in body), (path, words, read)
            return [dict(zip(head, line, strict=True)) for line in body]

        def compare(copy, name, wanted):
            copied = read(copy)
            kept = [column for column in columns if column != name]
            own = [{**row, "score": number(row["score"])} for row in rows]
            assert [[row[column] for column in kept] for row in copied] == [[row[column] for column in kept] for row in own], (path, words)
            found = [float(row[name].replace(",", ".") if comma else row[name]) for row in copied]
            assert found == wanted, (path, words, found, wanted)

        def numbers(command, name, *more):
            out = folder / "plain_out.csv"
            out.unlink(missing_ok=True)
            done = run(fairc, command, spec, "--data", plain, "-o", out, "-q", "--name", name, *more)
            assert done.returncode == 0, (done.stderr, plain.read_text(encoding="utf-8"))
            with open(out, newline="", encoding="utf-8") as file:
                return [float(row[name]) for row in csv.DictReader(file)]

        name, new = rng.choice([("score_fair", False), ("new", True)])
        more = [] if new else ["--replace"]
        copy = folder / "copy.csv"
        done = run(fairc, "project", spec, "--data", path, "-o", copy, "-q", "--name", name, *more, *words)
        assert done.returncode == 0, (path, words, done.stderr)
        compare(copy, name, numbers("project", name, *more))
        copy.unlink()
        done = run(fairc, "stream", spec, "--data", path, "-o", copy, "-q", "--name", "new", *words)
        assert done.returncode == 0, (path, words, done.stderr)
        compare(copy, "new", numbers("stream", "new"))
    print(f"habits: {rounds} tables have copies with the same numbers and fields as plain ones")


def strict(fairc, folder, rng, rounds):
    """Random quotes: what Python's strict reader refuses is refused, and what it reads has as many rows."""
    spec = folder / "spec.fair"
    spec.write_text(SPEC, encoding="utf-8")
    refused = 0
    for _ in range(rounds):
        lines = []
        for _ in range(rng.randrange(1, 6)):
            lines.append(f"{rng.choice('ab')},0.5," + "".join(rng.choice('""xy,\n') for _ in range(rng.randrange(7))))
        text = "g,score,note\n" + "\n".join(lines) + "\n"
        try:
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
            wanted = len(rows) - 1 if all(len(row) == 3 for row in rows) else None
        except csv.Error:
            wanted = None
        path = folder / "strict.csv"
        path.write_text(text, newline="")
        done = run(fairc, "audit", spec, "--data", path, "--format", "json", "--bootstrap", "0")
        found = json.loads(done.stdout).get("n") if done.stdout else None
        bad_values = wanted is not None and any(row[0] not in "ab" or row[1] != "0.5" for row in rows[1:])
        if wanted is None or bad_values:
            assert done.returncode != 0 and found is None, (text, done.stdout, done.stderr)
            refused += 1
        elif found is not None:
            assert found == wanted, (text, wanted, done.stdout)
        else:
            assert "no sample" in done.stdout + done.stderr or done.returncode == 1, (text, done.stdout, done.stderr)
    print(f"quotes: {rounds} files are read as Python's strict reader reads them, {refused} of them refused")


# CSV files of packages


def package_files(folder, rng):
    """Those that are not long, unpacked into a folder where they are packed, in random order."""
    root = pathlib.Path(sysconfig.get_paths()["purelib"])
    files = sorted(path for pattern in ("*.csv", "*.csv.bz2") for path in root.rglob(pattern))
    for path in rng.sample(files, len(files)):
        if path.suffix == ".bz2":
            packed, path = path, folder / path.stem
            path.write_bytes(bz2.decompress(packed.read_bytes()))
        with open(path, "rb") as file:
            # pandas takes minutes for a header of 100,000 equal names.
            header = len(file.readline())
        if header < 10_000 and path.stat().st_size < 1_000_000:
            yield path


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


def written(level):
    return level if level.isdigit() else quoted(level)


def packages(fairc, folder, rng, wanted):
    """The mean of a numeric column for each value of another, by fairc and by pandas, until so many files agree."""
    agreed = skipped = 0
    for path in package_files(folder, rng):
        if agreed == wanted:
            break
        try:
            frame = pd.read_csv(path, keep_default_na=False, dtype=str, skip_blank_lines=True)
        except Exception:
            skipped += 1
            continue
        found = pick(frame)
        if found is None:
            skipped += 1
            continue
        group, value, levels = found
        spec = folder / "package.fair"
        low, high = float(frame[value].astype(float).min()), float(frame[value].astype(float).max())
        names = ", ".join(written(level) for level in levels)
        bound = f"[{min(low, -1.0)!r}, {max(high, 1.0)!r}]"
        lines = [f"column g: {{{names}}} from {quoted(group)}", f"predict y: real in {bound} from {quoted(value)}"]
        lines += [f"constraint c{i}: E[y | g == {written(level)}] <= {max(high, 1.0)!r}" for i, level in enumerate(levels)]
        spec.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = run(fairc, "audit", spec, "--data", path, "--format", "json", "--bootstrap", "0")
        if not done.stdout:
            assert done.returncode == 2, (path, done.stderr)
            skipped += 1
            continue
        report = json.loads(done.stdout)
        if "rows" not in report:
            skipped += 1
            continue
        means = frame[value].astype(float).groupby(frame[group]).mean()
        found = {row["name"]: row["before"] for row in report["rows"]}
        for i, level in enumerate(levels):
            own = found[f"c{i}"]
            assert abs(own - means[level]) <= 1e-9 * max(1.0, abs(means[level])), (path, level, own, means[level])
        assert report["n"] == len(frame), (path, report["n"], len(frame))
        agreed += 1
    print(f"packages: {agreed} CSV files of installed packages agree with pandas, {skipped} have nothing to compare")
    assert agreed == wanted, f"{agreed} of {wanted}: install tests/oracle/requirements.txt"


def numeric_text(text):
    try:
        float(text)
    except ValueError:
        return text.lower() in ("true", "false")
    return True


def pick(frame):
    """A column of few values, and one of numbers."""
    names = [name for name in frame.columns if name and "\n" not in name and not name.startswith("Unnamed")]
    names = [name for name in names if list(frame.columns).count(name) == 1 and "." not in name]

    def numeric(column):
        try:
            numbers = frame[column].astype(float)
        except ValueError:
            return False
        return len(numbers) > 0 and np.isfinite(numbers).all() and not frame[column].str.contains(r"^\s|\s$|_").any()

    numbers = [name for name in names if numeric(name)]
    for group in names:
        levels = sorted(set(frame[group]))
        plain = all(level and level.strip() == level and level.isprintable() and not numeric_text(level) for level in levels)
        whole = all(level.isdigit() and str(int(level)) == level for level in levels)
        if 2 <= len(levels) <= 40 and (plain or whole):
            for value in numbers:
                if value != group:
                    return group, value, levels
    return None


def main():
    fairc = str(pathlib.Path(sys.argv[1]).resolve())
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        parquet(fairc, folder, rng, 12)
        arrow(fairc, folder, rng, 8)
        arrow_streams(fairc, folder, random.Random(seed), 8)
        dialects(fairc, folder, rng, 60)
        habits(fairc, folder, random.Random(seed), 60)
        strict(fairc, folder, rng, 200)
        packages(fairc, folder, rng, 100)


if __name__ == "__main__":
    main()
