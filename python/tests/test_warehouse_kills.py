"""A client that is killed leaves nothing half-written: the table as it was before, or the whole new one.

``FAIRC_KILLS=20`` kills as often for each engine and each way to write; a few times otherwise.
"""

import os
import random
import signal
import subprocess
import sys
import time

import duckdb
import pytest
from test_warehouse import postgres  # noqa: F401  (a fixture)

ibis = pytest.importorskip("ibis")

# ruff: noqa: F811

KILLS = int(os.environ.get("FAIRC_KILLS", "2"))
ROWS = 300_000
FILL = (
    "CREATE TABLE scores AS SELECT i, CASE WHEN i % 3 = 0 THEN 'female' ELSE 'male' END AS sex, "
    "CAST((CAST(i AS bigint) * 7919 % 10007) AS double precision) / 10007 * (0.7 + 0.1 * (i % 3)) AS score FROM {rows} AS r(i)"
)
CLIENT = """
import sys
import fairc, ibis
from fairc import warehouse

way, engine, place = sys.argv[1:4]
program = fairc.compile(
    "column sex: {female, male}\\npredict score: real in [0, 1]\\n"
    "constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.01\\n"
)
host, user, database = (place.split("|") + ["", ""])[:3]
connected = ibis.duckdb.connect(place) if engine == "duckdb" else ibis.postgres.connect(host=host, user=user, database=database)
write = warehouse._Database.write


def told(*arguments):
    print("writing", flush=True)
    write(*arguments)


warehouse._Database.write = told
print("reading", flush=True)
more = {} if way == "project" else {"key": "i"}
getattr(warehouse, way)(program, connected.table("scores"), into="made", column="made", overwrite=True, **more)
print("made", flush=True)
"""


class Duckdb:
    def __init__(self, folder):
        self.place = str(folder / "kills.db")
        self.ask(FILL.format(rows=f"range({ROWS})"))

    def ask(self, query):
        with duckdb.connect(self.place) as connection:
            return connection.execute(query).fetchall()

    def settled(self):
        pass


class Postgres:
    def __init__(self, server):
        told, self.connection = server
        self.place = "|".join([told["host"], told["user"], told["database"]])
        self.connection.execute("DROP TABLE IF EXISTS scores")
        self.connection.execute("DROP TABLE IF EXISTS made")
        self.ask(FILL.format(rows=f"generate_series(0, {ROWS - 1})"))

    def ask(self, query):
        cursor = self.connection.execute(query)
        return cursor.fetchall() if cursor.description else []

    def settled(self):
        """Waits until the server has noticed that the client is gone."""
        others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        for _ in range(600):
            if self.ask(others)[0][0] == 0:
                return
            time.sleep(0.05)
        raise AssertionError("the server still works for a client that is gone")


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request, tmp_path):
    if request.param == "postgres":
        return request.param, Postgres(request.getfixturevalue("postgres"))
    return request.param, Duckdb(tmp_path)


def start(way, name, engine):
    command = [sys.executable, "-c", CLIENT, way, name, engine.place]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    heard(client, "reading")
    return client


def heard(client, word):
    assert client.stdout.readline() == word + "\n", client.stderr.read()
    return time.perf_counter()


@pytest.mark.parametrize("way", ["project", "decide"])
def test_nothing_is_half_written(engine, way):
    name, engine = engine
    chance = random.Random(5)
    client = start(way, name, engine)
    begin = time.perf_counter()
    writing, made = heard(client, "writing"), heard(client, "made")
    client.communicate()
    ended = 0
    for kill in range(KILLS):
        engine.ask("DROP TABLE IF EXISTS made")
        engine.ask("CREATE TABLE made AS SELECT i, 7 AS made FROM scores WHERE i < 10")
        client = start(way, name, engine)
        # One of three while it reads, the others while it writes.
        if kill % 3 == 2:
            time.sleep(chance.uniform(0, writing - begin))
        else:
            heard(client, "writing")
            time.sleep(chance.uniform(0, made - writing))
        client.kill()
        out, _ = client.communicate()
        engine.settled()
        rows, highest, filled = engine.ask("SELECT count(*), max(made), count(made) FROM made")[0]
        old, new = (rows, highest, filled) == (10, 7, 10), rows == filled == ROWS and highest <= 1
        assert old or new, (rows, highest, filled)
        assert new or "made" not in out
        ended += new
        tables = engine.ask("SELECT table_name FROM information_schema.tables WHERE table_schema IN ('main', 'public')")
        assert sorted(table for (table,) in tables if table == "scores" or "made" in table) == ["made", "scores"]
    print(f"{name}, {way}: {KILLS} kills, {KILLS - ended} before the new table was there, {ended} after")


SPARK_CLIENT = """
import sys
import fairc, ibis
from fairc import warehouse
from pyspark.sql import SparkSession

folder, rows = sys.argv[1:3]
program = fairc.compile(
    "column sex: {female, male}\\npredict score: real in [0, 1]\\n"
    "constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 0.01\\n"
)
# Tables that outlive a client need a catalogue that does.
settings = {
    "spark.ui.enabled": "false",
    "spark.sql.warehouse.dir": f"{folder}/tables",
    "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/catalogue;create=true",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
builder = SparkSession.builder.master("local[4]").enableHiveSupport()
for name, value in settings.items():
    builder = builder.config(name, value)
session = builder.getOrCreate()
session.sparkContext.setLogLevel("OFF")
session.sql(
    "CREATE TEMPORARY VIEW scores AS SELECT id AS i, CASE WHEN id % 3 = 0 THEN 'female' ELSE 'male' END AS sex, "
    f"CAST(id * 7919 % 10007 AS DOUBLE) / 10007 * (0.7 + 0.1 * (id % 3)) AS score FROM range({rows})"
)
table = ibis.pyspark.connect(session).table("scores")
print("reading", *sorted(table.name for table in session.catalog.listTables() if not table.isTemporary), flush=True)
for overwrite in (False, True):
    warehouse.project(program, table, into="made", column="made", overwrite=overwrite)
    print(*session.sql("SELECT count(*), count(made) FROM made").collect()[0], flush=True)
print(*sorted(table.name for table in session.catalog.listTables() if not table.isTemporary), flush=True)
session.stop()
"""


def test_what_a_killed_client_of_spark_left_is_no_table_and_in_nobodys_way(tmp_path):
    if "FAIRC_SPARK" not in os.environ:
        pytest.skip("not run: Spark (bash tests/run.sh spark)")
    tables = tmp_path / "tables"

    def begin(rows):
        command = [sys.executable, "-c", SPARK_CLIENT, str(tmp_path), str(rows)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, **pipes, text=True, cwd=tmp_path, start_new_session=True)

    client = begin(3_000_000)
    heard(client, "reading")
    # Four workers write the rows beside their place; the table without rows, which one writes, is there by then.
    while len(list(tables.glob("made_being_made/_temporary/0/_temporary/*"))) < 2 and client.poll() is None:
        time.sleep(0.001)
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()
    assert sorted(path.name for path in tables.iterdir()) == ["made_being_made"]
    out, told = begin(30_000).communicate()
    assert out in [f"reading{left}\n30000 30000\n30000 30000\nmade\n" for left in ("", " made_being_made")], told
    assert sorted(path.name for path in tables.iterdir()) == ["made"]
