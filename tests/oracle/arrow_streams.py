"""The part of `files.py` on streams of Arrow IPC: copies lose nothing, and say to `fairc audit` what the same table says as
Parquet. What was cut off or has something behind it is refused."""

import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from arrow_files import changed, project_or_refuse
from tables import SPEC, random_columns, run


def streams(folder, rng, round_):
    """Streams of two programs, each with the columns of the spec."""
    rows = rng.choice([1, 7, 300, 5000])
    columns = {name: column for name, column in random_columns(rng, rows).items() if not pa.types.is_duration(column.type)}
    columns["g"] = pa.array([rng.choice("ab") for _ in range(rows)])
    columns["score"] = pa.array([rng.random() for _ in range(rows)])
    table = pa.table(columns).replace_schema_metadata({b"owner": b"somebody"})
    path = folder / f"plain{round_}.arrows"
    options = pa.ipc.IpcWriteOptions(compression=rng.choice([None, "lz4", "zstd"]))
    with pa.ipc.new_stream(path, table.schema, options=options) as out:
        out.write_table(table, max_chunksize=rng.choice([1, 100, 10**6]) if rows < 1000 else 1000)
    yield path
    # Dictionaries that take the place of others, or grow.
    path = folder / f"dictionaries{round_}.arrows"
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=rng.random() < 0.5)
    schema = pa.schema({"g": pa.dictionary(pa.int8(), pa.string()), "score": pa.float64()})
    with pa.ipc.new_stream(path, schema, options=options) as out:
        for words in (["a", "b"], ["b", "a"], ["b", "a", "c"]):
            codes = pa.array([rng.randrange(2) for _ in range(rows)], pa.int8())
            g = pa.DictionaryArray.from_arrays(codes, pa.array(words))
            out.write_batch(pa.record_batch([g, pa.array([rng.random() for _ in range(rows)])], schema=schema))
    yield path
    path = folder / f"polars{round_}.arrows"
    pl.DataFrame({
        "cat": pl.Series([rng.choice(["x", "y"]) for _ in range(rows)], dtype=pl.Categorical),
        "g": [rng.choice("ab") for _ in range(rows)], "score": [rng.random() for _ in range(rows)],
    }).write_ipc_stream(path, compression=rng.choice(["uncompressed", "lz4", "zstd"]))
    yield path


def compare(path, copy):
    """pyarrow and polars see the old table and one column more, in the same batches."""
    old, new = pa.ipc.open_stream(path), pa.ipc.open_stream(copy)
    for field in old.schema:
        assert new.schema.field(field.name).equals(field, check_metadata=True), (path, field)
    assert new.schema.names == [*old.schema.names, "score_fair"] and new.schema.metadata == old.schema.metadata, path
    before, after = list(old), list(new)
    assert [batch.num_rows for batch in before] == [batch.num_rows for batch in after], path
    for one, other in zip(before, after):
        assert all(one.column(name).equals(other.column(name)) for name in one.schema.names), path
    if path.name.startswith("polars"):
        one, other = pl.read_ipc_stream(path), pl.read_ipc_stream(copy)
        assert other.drop("score_fair").schema == one.schema and other.drop("score_fair").equals(one), path


def refused(fairc, folder, spec, path, rng):
    """A stream without its end, with another behind it, or changed is refused, or read as far as it is one."""
    bytes_, other = path.read_bytes(), folder / "damaged.arrows"
    for wrong in (bytes_[:-8], bytes_[:rng.randrange(1, len(bytes_))], bytes_ * 2):
        other.write_bytes(wrong)
        done = run(fairc, "audit", spec, "--data", other)
        assert done.returncode == 2 and "panicked" not in done.stderr, (path, done)
    for _ in range(15):
        other.write_bytes(changed(bytes_, rng))
        project_or_refuse(fairc, folder, spec, path, other)


def arrow_streams(fairc, folder, rng, rounds):
    spec, copy, same = folder / "spec.fair", folder / "copy.arrows", folder / "same.parquet"
    spec.write_text(SPEC, encoding="utf-8")
    count = 0
    for round_ in range(rounds):
        for path in streams(folder, rng, round_):
            done = run(fairc, "project", spec, "--data", path, "-o", copy, "-q")
            assert done.returncode == 0, (path, done.stdout, done.stderr)
            compare(path, copy)
            table = pa.ipc.open_stream(path).read_all().select(["g", "score"])
            pq.write_table(table.set_column(0, "g", pa.array(table["g"].to_pylist(), pa.string())), same)
            audits = []
            for data in (path, same):
                text = run(fairc, "audit", spec, "--data", data, "--format", "json").stdout
                audits.append({k: v for k, v in json.loads(text).items() if k not in ("data", "provenance")})
            assert audits[0] == audits[1], path
            # Of another format the values are the same.
            done = run(fairc, "project", spec, "--data", same, "-o", folder / "back.arrows", "-q")
            assert done.returncode == 0, (path, done.stdout, done.stderr)
            back, there = pa.ipc.open_stream(folder / "back.arrows").read_all(), pq.read_table(same)
            assert all(back[name].to_pylist() == there[name].to_pylist() for name in there.column_names), path
            count += 1
            if round_ < 2:
                refused(fairc, folder, spec, path, rng)
    print(f"arrow streams: {count} copies are what they were for pyarrow and polars, and audits are those of Parquet")
