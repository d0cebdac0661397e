"""The command ``fairc``, as the package brings it: ``fairc --help``, or ``python -m fairc --help``."""

import sys

from ._fairc import main as _process


def main() -> int:
    """Runs the command line of this process and returns its exit code, as the program of its own does."""
    return _process(["fairc", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
