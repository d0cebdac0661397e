"""Runs the oracles, as many at a time as there are processors, and prints what each says once it ends.

    python tests/oracle/all.py target/release/fairc [NAME ..]

What each takes is on its line: seconds, and seconds of processor time with its children.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
ADULT = "target/test-data/adult.csv"

# Longest first, so that none is left alone at the end. `{}` is the binary.
ORACLES = {
    "sql": "{} 200",
    "verdicts": "{}",
    "decisions": "{} 400",
    "answers": "{} 5000",
    "convex": "{} 4000",
    "fingerprints": "--fairc {} --cases 1000",
    "relations": "{} 300",
    "low_memory": "{} 60",
    "folders": "{} 40",
    "sql_kept": "{} 100",
    "decision_rules": "{} 200",
    "rows": "{}",
    "impact": "{}",
    "analysis": "{}",
    "projection": "{} " + ADULT,
    "online": "{} " + ADULT,
    "exports": "{}",
    "report": "{}",
    "sarif": "{}",
    "files": "{}",
    "first_specs": "{}",
    "unlabelled": "{}",
}


def run(name, binary):
    """Whether an oracle agreed. What it printed comes out in one piece."""
    command = [sys.executable, str(HERE / f"{name}.py"), *ORACLES[name].format(binary).split()]
    # Matrices here are small: threads of BLAS would wait for each other.
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **os.environ}
    begin = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=alone)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode(errors="replace")
    took, spent = time.monotonic() - begin, used.ru_utime + used.ru_stime
    ending = "" if process.returncode == 0 else f", FAILED with {process.returncode}"
    print(f"-- {name}: {took:.0f} s, {spent:.0f} s of processor time{ending}\n{said}", end="", flush=True)
    return process.returncode == 0


def main():
    binary, *names = sys.argv[1:]
    unknown = [name for name in names if name not in ORACLES]
    if unknown:
        sys.exit(f"no oracle {', '.join(unknown)}; there are {', '.join(ORACLES)}")
    subprocess.run([sys.executable, str(HERE / "adult.py"), ADULT], check=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        agreed = list(pool.map(lambda name: run(name, binary), names or ORACLES))
    if not all(agreed):
        sys.exit(f"{agreed.count(False)} of {len(agreed)} oracles failed")


if __name__ == "__main__":
    main()
