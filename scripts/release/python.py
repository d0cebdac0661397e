"""Smoke test of an installed Python package: the library, the command, and the pages that come with it.

    ENVIRONMENT/bin/python -I scripts/release/python.py VERSION
"""

import csv
import pathlib
import subprocess
import sys
import sysconfig

import numpy as np

import fairc

HERE = pathlib.Path(__file__).parent


def said(*arguments: str) -> str:
    command = pathlib.Path(sysconfig.get_path("scripts")) / "fairc"
    return subprocess.run([command, *arguments], check=True, capture_output=True, text=True).stdout


def library(version: str) -> None:
    assert pathlib.Path(fairc.__file__).is_relative_to(sys.prefix), fairc.__file__
    assert fairc.__version__ == version, fairc.__version__
    with open(HERE / "halfway.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    people = {"sex": [row["sex"] for row in rows], "score": [float(row["score"]) for row in rows]}
    program = fairc.compile(HERE / "halfway.fair")
    fair = program.project(people, "score").y
    assert np.array_equal(fair, [float(row["fair"]) for row in rows]), fair
    assert program.audit(people, fair)
    assert not program.audit(people, "score")


def command(version: str) -> None:
    assert said("--version") == f"fairc {version}\n", said("--version")
    assert said("std").count("\n") > 10


def pages() -> int:
    """Every page that the package brings is what its command prints; gives their number."""
    share = pathlib.Path(sys.prefix) / "share"
    completions = {
        "bash": "bash-completion/completions/fairc",
        "zsh": "zsh/site-functions/_fairc",
        "fish": "fish/vendor_completions.d/fairc.fish",
    }
    for shell, path in completions.items():
        assert (share / path).read_text(encoding="utf-8") == said("completions", shell), path
    found = sorted((share / "man/man1").glob("fairc*.1"))
    for page in found:
        assert page.read_text(encoding="utf-8") == said("man", *page.stem.split("-")[1:]), page
    names = {page.stem for page in found}
    assert {"fairc", "fairc-audit", "fairc-project"} <= names, names
    return len(found)


def licences() -> None:
    (metadata,) = pathlib.Path(sysconfig.get_path("platlib")).glob("fairc-*.dist-info")
    found = {path.name for path in metadata.rglob("LICENSE-*")}
    assert found == {"LICENSE-MIT", "LICENSE-APACHE"}, found


def main() -> None:
    version = sys.argv[1]
    library(version)
    command(version)
    licences()
    print(f"Python {sys.version.split()[0]}: fairc {version} projects, and has {pages()} pages of its manual")


if __name__ == "__main__":
    main()
