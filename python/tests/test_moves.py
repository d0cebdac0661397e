"""The programs of the pages on moving from other packages: what they print is what the pages show.

A block ``python`` runs before and after the move, ``python,before`` with the other package, if it is there, and
``python,after`` always. A block ``text`` is what the block above it prints. ``FAIRC_UPDATE_DOCS=1`` writes what is printed now.
"""

import contextlib
import importlib.util
import io
import os
import pathlib
import re
import warnings

import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

ROOT = pathlib.Path(__file__).parents[2]

#: Each page, and what its programs before the move import.
PAGES = {"fairlearn": ["fairlearn"], "aif360": ["aif360"], "fairness-training": ["fairness_training", "cvxpylayers"]}

BLOCK = re.compile(r"```(python(?:,before|,after)?|text)\n(.*?)```\n", re.S)


def ran(page: pathlib.Path, part: str, monkeypatch) -> str:
    """The page as it is after one of the two programs has run: with what that prints."""
    monkeypatch.chdir(ROOT)
    text, shown, end, namespace, printed = page.read_text(encoding="utf-8"), [], 0, {"__name__": "example"}, None
    for found in BLOCK.finditer(text):
        kind, code = found[1], found[2]
        shown.append(text[end : found.start()])
        end = found.end()
        if kind == "text" and printed is not None:
            shown.append(f"```text\n{printed}```\n")
            printed = None
            continue
        shown.append(found[0])
        printed = None
        if kind in ("python", f"python,{part}"):
            # Line numbers of errors are those of the page.
            lines = "\n" * (text[: found.start()].count("\n") + 1)
            output = io.StringIO()
            with contextlib.redirect_stdout(output), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(lines + code, str(page), "exec"), namespace)
            printed = output.getvalue() if output.getvalue() else None
    return "".join([*shown, text[end:]])


def same(page: pathlib.Path, now: str) -> None:
    if os.environ.get("FAIRC_UPDATE_DOCS"):
        page.write_text(now, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == now


@pytest.mark.parametrize("name", PAGES)
def test_after(name, monkeypatch):
    page = ROOT / "docs" / "from" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    assert "```python,before\n" in text and "```python,after\n" in text
    same(page, ran(page, "after", monkeypatch))


@pytest.mark.parametrize("name", PAGES)
def test_before(name, monkeypatch):
    missing = [module for module in PAGES[name] if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    page = ROOT / "docs" / "from" / f"{name}.md"
    same(page, ran(page, "before", monkeypatch))
