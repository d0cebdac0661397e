"""Every Python block of the guide and of the package's page runs, in order, each page in one namespace."""

import pathlib
import re

import pytest

pytest.importorskip("torch")

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "python.md", ROOT / "python" / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    blocks = [(text[: found.start()].count("\n") + 2, found[1]) for found in re.finditer(r"```python\n(.*?)```", text, re.S)]
    assert len(blocks) >= 1
    namespace = {"__name__": "example"}
    for line, block in blocks:
        # Line numbers of errors are those of the page.
        exec(compile("\n" * (line - 1) + block, str(page), "exec"), namespace)
