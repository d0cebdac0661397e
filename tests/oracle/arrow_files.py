"""The part of `files.py` on Arrow IPC: copies lose nothing, and say to `fairc audit` what the same table says as Parquet."""

import json
import math

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from tables import SPEC, random_columns, run


def arrow_files(folder, rng, round_):
    """Files of the three programs, each with the columns of the spec."""
    rows = rng.choice([1, 7, 300, 5000])
    columns = random_columns(rng, rows)
    columns["view"] = pa.array([rng.choice(["a", "a text that is too long for a view"]) for _ in range(rows)], pa.string_view())
    kept = rng.sample(sorted(columns), rng.randrange(1, len(columns)))
    own = {"g": pa.array([rng.choice("ab") for _ in range(rows - 1)] + ["a"]).dictionary_encode()
           if rng.random() < 0.5 else pa.array([rng.choice("ab") for _ in range(rows - 1)] + ["a"]),
           "score": pa.array([rng.random() for _ in range(rows)])}
    own.update({name: columns[name] for name in kept if name not in own})
    table = pa.table(own).replace_schema_metadata({b"owner": b"somebody"})
    fields = [f.with_metadata({b"unit": b"kg"}) if f.name == kept[0] else f for f in table.schema]
    table = table.cast(pa.schema(fields, {b"owner": b"somebody"}))
    path = folder / f"arrow{round_}.arrow"
    options = pa.ipc.IpcWriteOptions(compression=rng.choice([None, "lz4", "zstd"]), unify_dictionaries=True)
    with pa.ipc.new_file(path, table.schema, options=options) as out:
        out.write_table(table, max_chunksize=rng.choice([1, 100, 10**6]) if rows < 1000 else 1000)
    yield path
    # A dictionary that grows from batch to batch.
    path = folder / f"delta{round_}.arrow"
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    words = pa.array(["a", "b", "c", "d"])
    with pa.ipc.new_file(path, pa.schema({"g": pa.dictionary(pa.int8(), pa.string()), "score": pa.float64()}), options=options) as out:
        for known in (2, 4):
            codes = pa.array([rng.randrange(2) for _ in range(rows)], pa.int8())
            g = pa.DictionaryArray.from_arrays(codes, words[:known])
            out.write_batch(pa.record_batch([g, pa.array([rng.random() for _ in range(rows)])], names=["g", "score"]))
    yield path
    frame = pd.DataFrame({
        "risk": pd.Categorical([rng.choice(["low", "mid", "high"]) for _ in range(rows)], ["low", "mid", "high"], ordered=True),
        "when": pd.date_range("2024-01-01", periods=rows, freq="h", tz="UTC"),
        "g": [rng.choice("ab") for _ in range(rows)], "score": [rng.random() for _ in range(rows)],
    })
    path = folder / f"pandas{round_}.feather"
    frame.to_feather(path, compression=rng.choice(["lz4", "zstd", "uncompressed"]))
    yield path
    path = folder / f"polars{round_}.ipc"
    pl.DataFrame({
        "cat": pl.Series([rng.choice(["x", "y"]) for _ in range(rows)], dtype=pl.Categorical),
        "level": pl.Series([rng.choice(["x", "y"]) for _ in range(rows)], dtype=pl.Enum(["y", "x"])),
        "g": [rng.choice("ab") for _ in range(rows)], "score": [rng.random() for _ in range(rows)],
    }).write_ipc(path, compression=rng.choice(["uncompressed", "lz4", "zstd"]))
    yield path


def compare_arrow(path, copy):
    """pyarrow, and where they can pandas and polars, see the old table and one column more."""
    old, new = pa.ipc.open_file(path), pa.ipc.open_file(copy)
    width = len(old.schema)
    for i in range(width):
        assert new.schema.field(i).equals(old.schema.field(i), check_metadata=True), (path, old.schema.field(i))
    assert new.schema.names == [*old.schema.names, "score_fair"], path
    pairs, fresh = (dict(f.schema.metadata or {}) for f in (old, new))
    assert (pairs.pop(b"pandas", None) is None) == (fresh.pop(b"pandas", None) is None) and pairs == fresh, path
    assert old.num_record_batches == new.num_record_batches, path
    for number in range(old.num_record_batches):
        before, after = old.get_batch(number), new.get_batch(number)
        assert after.num_rows == before.num_rows and after.column("score_fair").null_count == 0
        for name in old.schema.names:
            one, other = before.column(name), after.column(name)
            assert one.equals(other), (path, name)
            if pa.types.is_dictionary(one.type):
                assert other.dictionary.equals(one.dictionary) and other.type.ordered == one.type.ordered, (path, name)
    if path.suffix == ".feather":
        after = pd.read_feather(copy)
        assert after["score_fair"].dtype == float
        pd.testing.assert_frame_equal(after.drop(columns="score_fair"), pd.read_feather(path))
    if path.suffix == ".ipc":
        before, after = pl.read_ipc(path), pl.read_ipc(copy)
        assert after.drop("score_fair").schema == before.schema and after.drop("score_fair").equals(before), path


def as_parquet(path, folder):
    """The same table as Parquet; without the columns that Parquet has not."""
    table = pa.ipc.open_file(path).read_all()
    table = table.select([f.name for f in table.schema if not pa.types.is_duration(f.type)])
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and field.type.value_type == pa.string_view():  # pyarrow cannot write these
            table = table.set_column(place, field.name, pa.array(table[field.name].to_pylist(), pa.string()))
    pq.write_table(table, folder / "same.parquet")
    return folder / "same.parquet"


def changed(bytes_, rng):
    """The same with a few bytes changed."""
    out = bytearray(bytes_)
    for _ in range(rng.randrange(1, 9)):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return out


def project_or_refuse(fairc, folder, spec, path, damaged):
    """A damaged copy of `path` is read or refused, and never ends the program otherwise."""
    done = run(fairc, "project", spec, "--data", damaged, "-o", folder / f"out{damaged.suffix}", "-q")
    assert done.returncode in (0, 1, 2) and "panicked" not in done.stderr and "internal" not in done.stderr, (path, done)


def damaged(fairc, folder, spec, path, rng):
    """Cut and changed files are read or refused, and never end the program otherwise."""
    bytes_ = path.read_bytes()
    other = folder / "damaged.arrow"
    for round_ in range(30):
        if round_ % 2:
            other.write_bytes(bytes_[:rng.randrange(len(bytes_))])
        else:
            other.write_bytes(changed(bytes_, rng))
        project_or_refuse(fairc, folder, spec, path, other)


def arrow(fairc, folder, rng, rounds):
    spec = folder / "spec.fair"
    spec.write_text(SPEC, encoding="utf-8")
    count = 0
    for round_ in range(rounds):
        for path in arrow_files(folder, rng, round_):
            copy, same = folder / "copy.arrow", as_parquet(path, folder)
            done = run(fairc, "project", spec, "--data", path, "-o", copy, "-q")
            assert done.returncode == 0, (path, done.stdout, done.stderr)
            compare_arrow(path, copy)
            audits = []
            for data in (path, same):
                text = run(fairc, "audit", spec, "--data", data, "--format", "json").stdout
                audits.append({k: v for k, v in json.loads(text).items() if k not in ("data", "provenance")})
            assert audits[0] == audits[1], path
            run(fairc, "project", spec, "--data", same, "-o", folder / "same.out.parquet", "-q")
            fair = [pa.ipc.open_file(copy).read_all()["score_fair"], pq.read_table(folder / "same.out.parquet")["score_fair"]]
            assert fair[0].to_pylist() == fair[1].to_pylist(), path
            # And by way of Parquet: the values are the same, dictionaries are values.
            done = run(fairc, "project", spec, "--data", same, "-o", folder / "back.arrow", "-q")
            assert done.returncode == 0, (path, done.stdout, done.stderr)
            back, there = pa.ipc.open_file(folder / "back.arrow").read_all(), pq.read_table(same)
            for name in there.column_names:
                assert back[name].to_pylist() == there[name].to_pylist() or there[name].type == pa.float16() or any(
                    isinstance(v, float) and math.isnan(v) for v in there[name].to_pylist()), (path, name)
            count += 1
            if round_ < 2:
                damaged(fairc, folder, spec, path, rng)
    print(f"arrow: {count} copies are what they were for pyarrow, pandas and polars, and audits are those of Parquet")
