"""Every Python block of the guides, of the package's page and of the notebook runs, in order, in one namespace."""

import json
import pathlib
import re
import shutil

import pytest

pytest.importorskip("torch")

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / name for name in ["python.md", "faq.md", "serving.md", "cheat-sheet.md"]),
    ROOT / "python" / "README.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples" / "german_credit", tmp_path / "examples" / "german_credit")
    text = page.read_text(encoding="utf-8")
    blocks = [(text[: found.start()].count("\n") + 2, found[1]) for found in re.finditer(r"```python\n(.*?)```", text, re.S)]
    assert len(blocks) >= 1
    namespace = {"__name__": "example"}
    for line, block in blocks:
        # Line numbers of errors are those of the page.
        exec(compile("\n" * (line - 1) + block, str(page), "exec"), namespace)


def test_the_notebook_runs(monkeypatch):
    notebook = ROOT / "python" / "examples" / "credit.ipynb"
    monkeypatch.chdir(notebook.parent)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    namespace = {"__name__": "example"}
    for place, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"cell {place} of {notebook.name}", "exec"), namespace)
    assert not any(cell.get("outputs") for cell in cells)
