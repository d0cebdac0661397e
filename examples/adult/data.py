"""All columns of Adult (UCI Machine Learning Repository, Becker and Kohavi 1996, CC BY 4.0), as one table.

    python data.py OUT.csv        # does nothing if OUT.csv is there
"""

import csv
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "oracle"))
import adult  # noqa: E402  (the source of the rows, shared with the tests)


def main(out):
    out = pathlib.Path(out)
    if out.exists():
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_suffix(".tmp")
    with open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, adult.COLUMNS)
        writer.writeheader()
        writer.writerows(adult.rows())
    temporary.rename(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
