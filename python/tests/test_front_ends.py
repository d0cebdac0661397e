"""The command line and the package answer alike: one table of requests, put to both, and what they say compared.

Compared are numbers (to the bit), verdicts, skips, refusals and words. Of words only the names of options and arguments differ,
and where a value stands: files have lines, tables in memory have rows.
"""

from __future__ import annotations

import csv
import json
import pathlib
import re
import subprocess
import warnings
from typing import Any

import pytest

import fairc

from front_end_requests import PEOPLE, REQUESTS, TIED, Request, changed

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize("request_", REQUESTS, ids=[f"{one.task}: {one.name}" for one in REQUESTS])
def test_both_say_the_same(request_: Request, binary: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.fair").write_text(request_.spec)
    with (tmp_path / "data.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(request_.data)
        # NumPy has no nulls but NaN, which is taken for one; a file has empty fields.
        lines = zip(*request_.data.values(), strict=True)
        writer.writerows([None if value != value else value for value in line] for line in lines)
    if request_.pairs is not None:
        lines = zip(*request_.pairs.values(), strict=True)
        (tmp_path / "near.csv").write_text("".join(",".join("" if value is None else str(value) for value in line) + "\n" for line in [request_.pairs, *lines]))
    ours, theirs = in_python(request_), on_the_command_line(request_, binary)
    assert ours == theirs
    if ours["ends"] in ("ok", "no"):
        assert ours["ends"] == request_.ends
    else:
        first = ours["ends"][0]
        assert (first["code"] or first["message"]).startswith(request_.ends)


# Python


def in_python(asked: Request) -> dict[str, Any]:
    program = fairc.compile(pathlib.Path("spec.fair"))
    try:
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            found = {"answered": TASKS[asked.task](program, asked)}
    except fairc.FairError as error:
        return {"ends": [said(each) for each in error.diagnostics]}
    good, *answered = found["answered"]
    return {"ends": "ok" if good else "no", "answer": answered, "notes": [str(note.message) for note in notes]}


def audit(program: fairc.Program, asked: Request) -> list[Any]:
    found = program.audit(asked.data, name="data.csv", **asked.asked)
    facts = found.json()
    del facts["data"]["bytes"], facts["data"]["blake3"]
    markdown = [line for line in found.markdown().splitlines() if "BLAKE3" not in line and "bytes)" not in line]
    return [found.passed, found.text(), facts, markdown]


def project(program: fairc.Program, asked: Request) -> list[Any]:
    found = program.project(asked.data, name="data.csv", **asked.asked)
    assert found.verdict == found.json()["verdict"]
    return [True, found.text(), found.json(), [float(y) for y in found.y]]


def decide(program: fairc.Program, asked: Request) -> list[Any]:
    found = program.decide(asked.data, name="data.csv", **asked.asked)
    assert found.verdict == found.json()["verdict"] and found.gain == found.json()["gain_after"]
    kept = pathlib.Path(asked.asked["freeze"]).read_text() if "freeze" in asked.asked else None
    return [True, found.text(), found.json(), [float(d) for d in found.d], kept]


def thresholds(program: fairc.Program, asked: Request) -> list[Any]:
    if isinstance(asked.fitted, str):
        fitted = fairc.Thresholds.from_json(program, asked.fitted)
    else:
        fitted = fairc.Thresholds.fit(program, changed(score=TIED), **asked.fitted)
    found = fitted.decide(asked.data, name="data.csv", **asked.asked)
    return [True, found.text(), found.json(), [float(d) for d in found.d], None]


def freeze(program: fairc.Program, asked: Request) -> list[Any]:
    return [True, program.freeze(asked.data, name="data.csv", **asked.asked)]


def apply(program: fairc.Program, asked: Request) -> list[Any]:
    shifts = asked.fitted if isinstance(asked.fitted, str) else program.freeze(PEOPLE, name="data.csv", **asked.fitted)
    found = program.apply(shifts, asked.data, name="data.csv", **asked.asked)
    return [True, found.text(), found.json(), [float(y) for y in found.y]]


def stream(program: fairc.Program, asked: Request) -> list[Any]:
    columns = [name for name in asked.data if name != "score"]
    found, answers = fairc.Stream(program, columns=columns, name="data.csv", **asked.asked), []
    n = len(asked.data["score"])
    for start in range(0, n, asked.batch):
        part = {name: values[start : start + asked.batch] for name, values in asked.data.items()}
        answers.extend(float(y) for y in found.answer({name: part[name] for name in columns}, part["score"]))
    for name, why in found.left_out.items():
        warnings.warn(f"`{name}` takes no part: {why}", stacklevel=1)
    return [True, found.json(), answers]


def price(program: fairc.Program, asked: Request) -> list[Any]:
    found = program.price(asked.data, name="data.csv", **asked.asked)
    assert found.svg().startswith("<svg")
    return [found.feasible, found.text(), found.json()]


def check(program: fairc.Program, asked: Request) -> list[Any]:
    found = program.check(asked.data, name="data.csv", **asked.asked)
    return [found.ok, of_data(found.text()), found.json(), [said(each) for each in [*program.warnings, *found.warnings, *found.errors]]]


TASKS = {
    "audit": audit, "project": project, "decide": decide, "thresholds": thresholds, "freeze": freeze, "apply": apply, "stream": stream, "price": price, "check": check,
}

# The command line


def on_the_command_line(asked: Request, binary: str) -> dict[str, Any]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)

    command, options = arguments_of(asked)
    if asked.task == "apply" and isinstance(asked.fitted, str):
        pathlib.Path("shifts.json").write_text(asked.fitted)
    elif asked.task == "thresholds" and isinstance(asked.fitted, str):
        pathlib.Path("thresholds.json").write_text(asked.fitted)
    elif asked.task in ("apply", "thresholds"):
        own = pathlib.Path("data.csv").read_text()
        fitted = PEOPLE if asked.task == "apply" else changed(score=TIED)
        pathlib.Path("data.csv").write_text("".join(
            ",".join(map(str, line)) + "\n" for line in [fitted, *zip(*fitted.values(), strict=True)]))
        fits = ["freeze", "-o", "shifts.json"] if asked.task == "apply" else ["decide", "--freeze", "thresholds.json", "--on-infeasible=relax"]
        done = run(fits[0], "spec.fair", "--data", "data.csv", *fits[1:])
        assert done.returncode == 0, done.stderr
        pathlib.Path("data.csv").write_text(own)
    line = [command, "spec.fair", "--data", "data.csv", *options]
    answered = run(*line, "--format", "json")
    facts = json.loads(answered.stdout)
    if answered.returncode and (refusal := refused(facts, asked, answered.stderr)):
        return {"ends": refusal}
    words = run(*line).stdout
    for name in ("ok", "schema", "output", "column", "frozen") if asked.task != "audit" else ("ok", "schema"):
        facts.pop(name, None)
    answer = {
        "audit": lambda: [words, without_file(facts), markdown(run(*line, "--format", "markdown").stdout)],
        "project": lambda: [before_files(words), facts, column("out.csv", "score_fair")],
        "decide": lambda: [before_files(words), facts, column("out.csv", "score_decision"), frozen(asked)],
        "thresholds": lambda: [before_files(words), facts, column("out.csv", "score_decision"), None],
        "freeze": lambda: [pathlib.Path(options[-1]).read_text()],
        "apply": lambda: [before_files(words), facts, column("out.csv", "score_fair")],
        "stream": lambda: [facts, column("out.csv", "score_fair")],
        "price": lambda: [words, facts],
        "check": lambda: [of_data(words), facts["specs"][0]["data"], [said(each) for each in facts["diagnostics"]]],
    }[asked.task]()
    told = ("takes no part", "come closest")
    notes = [line.removeprefix("note: ") for line in answered.stderr.splitlines() if any(words in line for words in told)]
    return {"ends": "no" if answered.returncode else "ok", "answer": answer, "notes": notes}


def arguments_of(asked: Request) -> tuple[str, list[str]]:
    """What is asked in Python, as a command and its options."""
    command, options = {
        "audit": ("audit", ["--all"]),
        "project": ("project", ["--all", "-o", "out.csv", "--replace"]),
        "decide": ("decide", ["--all", "-o", "out.csv", "--replace"]),
        "thresholds": ("decide", ["--all", "--thresholds", "thresholds.json", "-o", "out.csv", "--replace"]),
        "freeze": ("freeze", []),
        "apply": ("project", ["--all", "--frozen", "shifts.json", "-o", "out.csv", "--replace"]),
        "stream": ("stream", ["--batch", str(asked.batch), "-o", "out.csv"]),
        "price": ("price", ["--all"]),
        "check": ("check", []),
    }[asked.task]
    for name, value in asked.asked.items():
        match name, value:
            case "params", _:
                options += [f"--set={param}={number}" for param, number in value.items()]
            case "sweep", _:
                options += [f"--sweep={param}={','.join(map(str, values))}" for param, values in value.items()]
            case "reference", _:
                options += [f"--reference={column}={level}" for column, level in value.items()]
            case "predictions", _:
                options += ["--pred", value]
            case "relations", _:
                options += [f"--relation={relation}={path}" for relation, path in value.items()]
            case "purpose", "inference":
                options.append("--inference")
            case "method", "smooth":
                options.append("--smooth")
            case "method", "primal_dual":
                options += ["--mode", "primal-dual"]
            case _, True:
                options.append(f"--{name.replace('_', '-')}")
            case "to", _:
                pass
            case _:
                options.append(f"--{name.replace('_', '-')}={value}")
    if asked.task == "freeze":
        options += ["-o", f"shifts.{asked.asked.get('to', 'json')}"]
    return command, options


def refused(facts: dict[str, Any], asked: Request, stderr: str) -> list[dict[str, Any]] | None:
    """What the command line says where it has no answer; none where the answer is no."""
    if "error" in facts:
        # Of arguments the parser says which one, and where they are listed.
        message = re.sub(r"^invalid value '.*' for '.*': ", "", facts["error"]["message"])
        help = None if message != facts["error"]["message"] else facts["error"]["help"]
        return [said({"code": None, "labels": [], "message": message, "help": help})]
    if asked.task != "check" and facts.get("diagnostics"):
        return [said(each) for each in facts["diagnostics"]]
    if asked.task == "check" and not facts["specs"][0].get("data"):
        return [said(each) for each in facts["diagnostics"] if each["severity"] == "error"]
    if asked.task in ("project", "decide"):
        words = [line.removeprefix("error: ") for line in stderr.splitlines() if line.startswith("error: ")]
        return [said({"code": None, "message": words[0], "help": None, "labels": []})]
    return None


def without_file(facts: dict[str, Any]) -> dict[str, Any]:
    del facts["data"]["bytes"], facts["data"]["blake3"]
    return facts


def markdown(text: str) -> list[str]:
    return [line for line in text.splitlines() if "BLAKE3" not in line and "bytes)" not in line]


def before_files(words: str) -> str:
    return words.split("wrote out.csv")[0].split("wrote the thresholds")[0].rstrip("\n") + "\n"


def frozen(asked: Request) -> str | None:
    return pathlib.Path(asked.asked["freeze"]).read_text() if "freeze" in asked.asked else None


def of_data(words: str) -> str:
    """What `check` says about data, without the errors, which are compared as diagnostics."""
    return words[words.index("data.csv: ") :].split("\nerror")[0].rstrip()


def column(path: str, name: str) -> list[float]:
    with open(path, newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


# Words

#: Options and the arguments that they are in Python.
NAMES = [
    ("`--on-infeasible relax`", '`on_infeasible="relax"`'),
    ("`--randomize 1`", "`randomize=1`"),
    ("`--require-all`", "`require_all=True`"),
    ("`fairc stream`", "`fairc.Stream`"),
    ("`fairc freeze`", "`Program.freeze`"),
    ("`fairc project --frozen OFFSETS.json`", "`Program.apply`"),
    ("`fairc impact`", "`fairc.impact`"),
    ("`--pred COL`", '`predictions="COL"`'),
    ("`--pred` names", "`predictions` names"),
    ("the shifts `shifts.json`", "the shifts"),
    ("the thresholds `thresholds.json`", "the thresholds"),
    ("`fairc decide --freeze`", "`Thresholds.to_json`"),
    ("`fairc decide`", "`Program.decide`"),
]

#: Those with a value.
OPTIONS = {"pred": "predictions", "selected": "selected"}


def said(found: dict[str, Any]) -> dict[str, Any]:
    """A diagnostic without the names of options and arguments, and without lines of files."""

    def words(text: str | None) -> str | None:
        if text is None:
            return None
        for option, argument in NAMES:
            text = text.replace(option, argument)
        # Tables in memory have no dialect.
        text = re.sub(r", or read the file with `[^`]*`$", "", text)
        text = re.sub(r"`--set ([\w\[\]]+)=([\d.]+)`", r'`params={"\1": \2}`', text)
        text = re.sub(r"`--relation (\w+)=FILE`", r'`relations={"\1": ..}`', text)
        text = text.replace("`--relation`", "`relations`")
        text = re.sub(r"`--(pred|selected) (\w+)`", lambda found: f'`{OPTIONS[found[1]]}="{found[2]}"`', text)
        return re.sub(r"\bline (\d+)", lambda found: f"row {int(found[1]) - 1}", text)

    places = [{**label, "line": None} if label.get("file") == "data.csv" else label for label in found["labels"]]
    return {
        "code": found["code"],
        "message": words(found["message"]),
        "help": words(found["help"]),
        "labels": [{name: words(value) if isinstance(value, str) else value for name, value in label.items()} for label in places],
    }
