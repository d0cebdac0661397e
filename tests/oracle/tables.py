"""What the comparisons of tables share: a spec, a run of fairc, and random columns."""

import datetime
import subprocess

import numpy as np
import pyarrow as pa

SPEC = """
column g: {a, b}
predict score: real in [0, 1]
constraint parity: |E[score | g == a] - E[score | g == b]| <= 0.05
"""


def run(fairc, *words, stdin=None):
    return subprocess.run([fairc, *map(str, words)], capture_output=True, text=True, input=stdin)


def random_columns(rng, rows):
    """Columns of many types as pyarrow arrays."""

    def some(value):
        return [None if rng.random() < 0.2 else value() for _ in range(rows)]

    day = datetime.date(2020, 1, 1)
    moment = datetime.datetime(2021, 3, 4, 5, 6, 7, 123456)
    words = ["low", "mid", "high", "", "ü€", 'q"u,o\nte']
    columns = {
        "i8": pa.array(some(lambda: rng.randrange(-128, 128)), pa.int8()),
        "u64": pa.array(some(lambda: rng.getrandbits(64)), pa.uint64()),
        "i64": pa.array(some(lambda: rng.getrandbits(63)), pa.int64()),
        "f16": pa.array(some(lambda: np.float16(rng.random())), pa.float16()),
        "f32": pa.array(some(rng.random), pa.float32()),
        "bool": pa.array(some(lambda: rng.random() < 0.5), pa.bool_()),
        "text": pa.array(some(lambda: rng.choice(words)), pa.string()),
        "large": pa.array(some(lambda: rng.choice(words)), pa.large_string()),
        "view": pa.array(some(lambda: rng.choice(words)), pa.string_view()),
        "bytes": pa.array(some(lambda: rng.randbytes(5)), pa.binary()),
        "uuid": pa.array(some(lambda: rng.randbytes(16)), pa.binary(16)),
        "decimal": pa.array(some(lambda: __import__("decimal").Decimal(rng.randrange(10**9)).scaleb(-3)), pa.decimal128(20, 3)),
        "date32": pa.array(some(lambda: day + datetime.timedelta(rng.randrange(9999))), pa.date32()),
        "date64": pa.array(some(lambda: day + datetime.timedelta(rng.randrange(9999))), pa.date64()),
        "time": pa.array(some(lambda: datetime.time(rng.randrange(24), 5, 6)), pa.time64("us")),
        "us": pa.array(some(lambda: moment), pa.timestamp("us", "Europe/Berlin")),
        "s": pa.array(some(lambda: moment.replace(microsecond=0)), pa.timestamp("s")),
        "ns": pa.array(some(lambda: moment), pa.timestamp("ns")),
        "span": pa.array(some(lambda: datetime.timedelta(seconds=rng.randrange(99))), pa.duration("ms")),
        "list": pa.array(some(lambda: [rng.random() for _ in range(rng.randrange(4))]), pa.list_(pa.float64())),
        "record": pa.array(some(lambda: {"x": rng.randrange(9), "y": rng.choice(words)}),
                           pa.struct([("x", pa.int32()), ("y", pa.string())])),
        "map": pa.array(some(lambda: [("k", rng.randrange(9))]), pa.map_(pa.string(), pa.int64())),
        "nothing": pa.nulls(rows),
    }
    codes = pa.array(some(lambda: rng.randrange(3)), pa.int8())
    columns["ordered"] = pa.DictionaryArray.from_arrays(codes, pa.array(words[:3]), ordered=True)
    return columns
