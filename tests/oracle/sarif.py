"""The SARIF of `fairc audit` against the schema of the standard.

    python sarif.py FAIRC

Each log is validated against the official JSON schema of SARIF 2.1.0 (sarif/ORIGIN.md), formats of addresses included, and against what
code hosts ask for beside it: an id of the run that ends in a slash, rules that results name by their place, help for each rule, and
messages without placeholders.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CREDIT = ROOT / "examples/german_credit"
DATA = ["--data", CREDIT / "german_credit.csv"]
FEW = ["--bootstrap", "50"]
HEAD = "column sex: {female, male}\npredict score: real in [0, 1]\n"
PEOPLE = "sex,score\nfemale,0.2\nfemale,1.5\nmale,0.9\n"

# Specs and data of their own: soft, unchecked, outside the bounds, names that look like links and placeholders.
OWN = {
    "soft": (HEAD + "constraint c (soft = 1): |E[score | sex == female] - E[score | sex == male]| <= 0.1\n", PEOPLE),
    "unchecked": (HEAD + "constraint c: E[score | sex == male] >= 0.5\n", "sex,score\nfemale,0.2\n"),
    "held": (HEAD + "constraint c: E[score] <= 1\n", "sex,score\nfemale,0.2\nmale,0.3\n"),
    "each": (HEAD + "constraint c: each where sex == female: score <= 0.5\n", PEOPLE),
    "names": (
        "column sex: {`[a](b)`, `{0}`}\npredict score: real in [0, 1]\n"
        "constraint c: forall (a, b) in pairs(sex): |E[score | sex == a] - E[score | sex == b]| <= 0.1\n",
        "sex,score\n[a](b),0.2\n{0},0.9\n",
    ),
}


def audit(fairc, spec, *options):
    command = [fairc, "audit", spec, *options, "--format", "sarif", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode in (0, 1), (command, done.stderr)
    return json.loads(done.stdout), done.returncode


def asked_of_hosts(log, code):
    """Beyond the schema: what makes a log useful to a code host."""
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["help"]["text"] and rule["shortDescription"]["text"], rule
    assert run["automationDetails"]["id"].endswith("/")
    assert run["invocations"][0]["exitCode"] == code
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        text = result["message"]["text"]
        assert not re.search(r"(?<!\{)\{\d+\}(?!\})", text) and "](" not in text, text
        if "partialFingerprints" in result:
            assert result["properties"]["comparisons"] >= 0
    prints = [result["partialFingerprints"]["faircRow/v1"] for result in run["results"] if "partialFingerprints" in result]
    assert len(set(prints)) == len(prints), "results are told apart"
    return len(run["results"])


def main(fairc):
    schema = json.loads((HERE / "sarif/sarif-schema-2.1.0.json").read_text())
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    assert list(validator.iter_errors({"version": "2.0.0", "runs": []})), "the schema refuses something"
    cases = [(CREDIT / f"{name}.fair", *DATA, *FEW) for name in ("parity", "odds", "intersectional", "four_fifths")]
    cases.append((CREDIT / "parity.fair", *DATA, *FEW, "--group-by", "housing"))
    cases.append((ROOT / "tests/fixtures/cli/report.fair", "--data", ROOT / "tests/fixtures/cli/report.csv", *FEW))
    results = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (spec, data) in OWN.items():
            paths = [pathlib.Path(folder, f"{name} ü{end}") for end in (".fair", ".csv")]
            paths[0].write_text(spec)
            paths[1].write_text(data)
            cases.append((paths[0], "--data", paths[1], *FEW))
        for case in cases:
            log, code = audit(fairc, *case)
            errors = [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(log)]
            assert not errors, (case, errors[:3])
            results += asked_of_hosts(log, code)
    assert results >= 10, results
    print(f"sarif: {len(cases)} logs with {results} results are valid")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
