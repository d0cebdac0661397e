"""Folders of Parquet files against the same rows in one file, which pyarrow puts together.

    python folders.py FAIRC [COUNT] [SEED] [KILLS]        # the path of the binary; 60 specs, seed 1, 20 kills

The specs and tables are those of sql.py, split at random: into files without rows, with one row, of several row groups. Compared are
`audit` and `project`, to the last bit, and `project --low-memory`, to 1e-12, in memory and into a folder, of which each file has to have the
columns and rows of its own. Each row of two large tables is summed exactly over the folder that is written. Then the command is killed while it
writes, with SIGKILL and SIGTERM: the folder is there as a whole or not at all, and after SIGTERM nothing else is.
"""

import collections
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from low_memory import LARGE, close, conclude, held, large
from sql import Case, run


def split(table, folder, rng):
    """Writes a table as a folder of files with odd numbers of rows."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    n = table.num_rows
    cuts = sorted(rng.choices(range(n + 1), k=rng.randint(0, 6)))
    if rng.random() < 0.2 and n < 100:
        cuts = list(range(1, n))
    edges = [0, *cuts, n]
    # Names in which a number's order is not that of its text.
    names = sorted(f"part-{place}.parquet" for place in range(len(edges) - 1))
    for name, begin, end in zip(names, edges, edges[1:]):
        size = rng.choice([None, 1, 7, 100]) if end - begin < 5000 else rng.choice([None, 9973])
        codec = rng.choice(["snappy", "zstd", "none"])
        parquet.write_table(table.slice(begin, end - begin), folder / name, row_group_size=size, compression=codec)
    (folder / "_SUCCESS").touch()
    (folder / ".part-0.parquet.crc").write_bytes(b"crc")
    return names


def whole(folder):
    """The table of a folder, in the order of the names of its files."""
    return pa.concat_tables([parquet.read_table(folder / path.name) for path in sorted(folder.glob("[!.]*.parquet"))])


def same(one, two):
    """Whether two tables are equal; NaN is itself here."""
    return one.schema.names == two.schema.names and (one.equals(two) or repr(one.to_pydict()) == repr(two.to_pydict()))


def column(table):
    return np.array(table.column(table.column_names[-1]).to_pylist(), float)


def report(done, *names):
    """What a command says, without the names of files."""
    said = json.loads(done.stdout)
    for name in ("output", *names):
        said.pop(name, None)
    return said


def refused(done):
    """The words of a refusal without names, places and numbers of rows, which a folder has in other words."""
    said = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return done.returncode, [entry["code"] for entry in said.get("diagnostics", [])]


def files_fit(folder, out, names):
    if sorted(path.name for path in out.iterdir()) != names:
        return f"the files are {sorted(path.name for path in out.iterdir())}, not {names}"
    for name in names:
        one, two = parquet.read_table(folder / name), parquet.read_table(out / name)
        if not same(one, two.select(one.column_names)):
            return f"{name} has other columns"
    return None


def compare(spec, table, room, fairc, rng, tally, *more):
    """What is wrong with the answers for a folder; nothing if all is right."""
    data, folder = room / "people.parquet", room / "people"
    parquet.write_table(table, data)
    names = split(table, folder, rng)
    common = [spec, "--format", "json", "--all"]
    audits = [run(fairc, "audit", *common, "--data", at) for at in (data, folder)]
    one, two, low = room / "one.parquet", room / "two.parquet", room / "low"
    one.unlink(missing_ok=True), two.unlink(missing_ok=True), shutil.rmtree(low, ignore_errors=True)
    answers = [run(fairc, "project", *common, *more, "--data", at, "-o", out) for at, out in ((data, one), (folder, two))]
    answers.append(run(fairc, "project", *common, *more, "--data", folder, "-o", low, "--low-memory"))
    if not one.exists():
        tally["faults"] += 1
        if two.exists() or low.exists():
            return f"the file is refused: {answers[0].stderr}"
        return None if refused(answers[0]) == refused(answers[1]) else f"refused otherwise: {answers[0]} and {answers[1]}"
    if not two.exists():
        return f"the folder is refused: {answers[1]}"
    reports = [report(done, "data") for done in answers[:2]]
    if reports[0] != reports[1]:
        return f"the reports of project differ: {close(*reports)}"
    if audits[0].returncode != audits[1].returncode:
        return f"audits end with {audits[0].returncode} and {audits[1].returncode}: {audits[1].stderr}"
    one, two = parquet.read_table(one), parquet.read_table(two)
    if not same(one, two):
        return "the tables differ"
    sides = [report(done, "data", "run", "hashes") for done in audits]
    if fault := close(*sides):
        return f"the audits differ: {fault}"
    tally["compared"] += 1
    if "needs the samples themselves" in answers[2].stdout + answers[2].stderr:
        tally["needs samples"] += 1
        return None if not low.exists() else "written though refused"
    if not low.exists():
        return f"--low-memory refuses: {answers[2]}"
    far = np.abs(column(whole(low)) - column(one)).max(initial=0)
    if not far <= 1e-12:
        return f"predictions differ by {far}"
    said = report(answers[2], "data")
    return files_fit(folder, low, names) or close(reports[0], said)


def kills(spec, room, fairc, rng, count):
    """What is wrong after kills; nothing if all is right."""
    folder, out = room / "people", room / "killed"
    names = split(pa.concat_tables([large(number) for number in range(5)]), folder, rng)
    command = [fairc, "project", spec, "--data", folder, "-o", out, "--low-memory"]

    def begin():
        shutil.rmtree(out, ignore_errors=True)
        return subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def beside():
        return [path for path in room.iterdir() if path.name.startswith(".killed.")]

    started = time.monotonic()
    begin().wait()
    took, tally = time.monotonic() - started, collections.Counter()
    for number in range(count):
        sent = signal.SIGTERM if number % 3 == 2 else signal.SIGKILL
        process = begin()
        if number % 2 == 0:
            # Most of the time it computes; half of the kills are to come while it writes.
            while not beside() and process.poll() is None:
                time.sleep(0.001)
            time.sleep(rng.random() * 0.1 * took)
        else:
            time.sleep(rng.random() * took)
        process.send_signal(sent)
        process.wait()
        while_writing = bool(beside())
        tally["while writing" if while_writing else "whole" if out.exists() else "before"] += 1
        if out.exists() and (fault := files_fit(folder, out, names)):
            return f"half a folder after {sent.name}: {fault}"
        if while_writing and sent == signal.SIGTERM:
            return f"SIGTERM left {beside()}"
        for path in beside():
            shutil.rmtree(path)
    print(f"{count} kills: {dict(tally)}")
    return None


def main():
    fairc, given = sys.argv[1], [int(number) for number in sys.argv[2:]]
    count, seed, killed = given + [60, 1, 20][len(given) :]
    tally, wrong = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as room:
        room = pathlib.Path(room)
        spec = room / "spec.fair"
        for number in range(seed, seed + count):
            case = Case(number)
            spec.write_text(case.spec)
            more = ["--on-infeasible", "relax"] if number % 3 == 0 else []
            if fault := compare(spec, case.table("duckdb"), room, fairc, random.Random(number), tally, *more):
                wrong += 1
                print(f"seed {number}: {fault}\n{case.spec}")
        spec.write_text(LARGE)
        for number in range(2):
            fault = compare(spec, large(number), room, fairc, random.Random(number), tally)
            if not fault and not held(whole(room / "people"), column(whole(room / "low"))):
                fault = "a row is missed"
            if fault:
                wrong += 1
                print(f"large, {number}: {fault}")
        if fault := kills(spec, room, fairc, random.Random(seed), killed):
            wrong += 1
            print(fault)
    conclude(tally, count, wrong, "the same answers for folders")


if __name__ == "__main__":
    main()
