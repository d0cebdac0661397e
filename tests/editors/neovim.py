"""The language server in headless Neovim.

    python tests/editors/neovim.py target/release/fairc

Neovim 0.7 or newer is looked for on the path, or is what NVIM names; without one this says so and is not run.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).with_name("neovim.lua")
SPEC = "# é\ncolumn sex: {female, male}\npredict score: real in [0, 1]\nconstraint c: E[score | sex = female]<=0.5\n"


def main(fairc):
    nvim = os.environ.get("NVIM") or shutil.which("nvim")
    if nvim is None:
        print("not run: no nvim on the path")
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve()
        spec, result = folder / "spec.fair", folder / "result.json"
        spec.write_text(SPEC)
        environment = {**os.environ, "FAIRC": fairc, "FAIRC_RESULT": str(result), "HOME": str(folder), "XDG_STATE_HOME": str(folder)}
        command = [nvim, "--headless", "--clean", "-n", "-c", f"luafile {SCRIPT}", "--", str(spec)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert result.exists(), done
        found = json.loads(result.read_text())
    assert "failed" not in found and done.returncode == 0, (found, done)
    (code, line, column, message), *more = found["diagnostics"]
    assert (code, line, column, more) == ("E0101", 3, 28, []) and message.startswith("`=` does not compare"), found
    assert found["action"] == "Replace `=` by `==`", found
    mended = SPEC.replace("sex = ", "sex == ").rstrip("\n")
    assert found["mended"] == mended, found
    assert "column sex: {female, male}" in found["hover"], found
    renamed = mended.replace("sex ==", "gender ==").replace("sex: {female, male}", "gender: {female, male} from sex")
    assert found["renamed"] == renamed, found
    assert found["formatted"] == renamed.replace("]<=0.5", "] <= 0.5"), found
    print("neovim: diagnostics, a fix, a hover, a rename and the layout")


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
