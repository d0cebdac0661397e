"""Smoke test of the packed extension for VS Code: its version, and that what its manifest names is in it.

    python scripts/release/extension.py FILE.vsix VERSION
"""

import json
import sys
import zipfile


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as packed:
        names = set(packed.namelist())
        manifest = json.loads(packed.read("extension/package.json"))
    assert manifest["version"] == sys.argv[2], manifest["version"]
    named = [manifest["main"]]
    named += [grammar["path"] for grammar in manifest["contributes"]["grammars"]]
    named += [language["configuration"] for language in manifest["contributes"]["languages"]]
    named += [f"./node_modules/{module}/package.json" for module in manifest["dependencies"]]
    named += ["./LICENSE-MIT", "./LICENSE-APACHE"]
    missing = [name for name in named if name.replace("./", "extension/", 1) not in names]
    assert not missing, f"the extension lacks {missing}"


if __name__ == "__main__":
    main()
