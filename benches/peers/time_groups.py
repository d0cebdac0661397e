"""Times DAQP, PIQP and Clarabel on groups of few samples, beside fairc.

    pip install daqp piqp clarabel numpy scipy
    cargo build --release -p fairc-runtime --example instructions
    python benches/peers/time_groups.py target/release/examples/instructions [RUNS]

256 samples: parity of 2 groups, 64 groups against the mean of all, and all pairs of 64 groups; the problems of
`crates/runtime/examples/instructions.rs`. Each run solves a problem by all of them in turn; microseconds are of processor time, set-up and
solve together, on one thread, and the least of the runs. fairc's are of solve and derivative together. `off` is by how much a row misses its side.
"""

import os
import resource
import subprocess
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["RAYON_NUM_THREADS"] = "1"

import clarabel
import daqp
import numpy as np
import piqp
from scipy import sparse

SIDE = 0.01
PROBLEMS = [("parity-256", 2, True), ("overall-64-groups-256", 64, False), ("pairs-64-groups-256", 64, True)]


def uniform():
    """The numbers of the example, which are the same everywhere."""
    state = 7
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 11) / 2.0**53


def problem(groups: int, pairs: bool, n: int = 256):
    numbers = uniform()
    cell = np.array([int(next(numbers) * groups) for _ in range(n)])
    centre = [0.4 + 0.2 * next(numbers) for _ in range(groups)]
    z = np.array([centre[c] + 1.4 * (next(numbers) - 0.5) for c in cell])
    mean = [np.where(cell == g, 1.0 / max((cell == g).sum(), 1), 0.0) for g in range(groups) if (cell == g).any()]
    if pairs:
        rows = [a - b for place, a in enumerate(mean) for b in mean[place + 1 :]]
    else:
        rows = [a - 1.0 / n for a in mean]
    return np.array(rows), z


def by_daqp(rows, z):
    n = len(z)
    upper, lower = np.r_[np.ones(n), np.full(len(rows), SIDE)], np.r_[np.zeros(n), np.full(len(rows), -SIDE)]
    point, _, _, _ = daqp.solve(np.eye(n), -z, rows.copy(), upper, lower, np.zeros(n + len(rows), dtype=np.int32))
    return point


def by_piqp(rows, z):
    n, side = len(z), np.full(len(rows), SIDE)
    solver = piqp.SparseSolver()
    solver.setup(sparse.eye(n, format="csc"), -z, None, None, sparse.csc_matrix(rows), -side, side, np.zeros(n), np.ones(n))
    solver.solve()
    return solver.result.x


def by_clarabel(rows, z):
    n, box, matrix = len(z), sparse.eye(len(z), format="csr"), sparse.csr_matrix(rows)
    side = np.full(len(rows), SIDE)
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    limit = np.r_[side, side, np.ones(n), np.zeros(n)]
    cones = [clarabel.NonnegativeConeT(len(limit))]
    rows = sparse.vstack([matrix, -matrix, box, -box]).tocsc()
    return np.array(clarabel.DefaultSolver(sparse.eye(n, format="csc"), -z, rows, limit, cones, settings).solve().x)


def seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    example, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    print("| problem | fairc | solver | least | times | off |\n|---|---|---|---|---|---|")
    for name, groups, pairs in PROBLEMS:
        rows, z = problem(groups, pairs)
        times = 20_000 if groups == 2 else 1_000
        own, least, point = [], {}, {}
        for _ in range(runs):
            # What the process needs besides is in both.
            own.append((seconds([example, name, str(3 * times)]) - seconds([example, name, str(times)])) / (2 * times))
            for solver, solve in [("DAQP", by_daqp), ("PIQP", by_piqp), ("Clarabel", by_clarabel)]:
                start = time.process_time()
                point[solver] = solve(rows, z)
                least[solver] = min(least.get(solver, np.inf), time.process_time() - start)
        for solver, took in least.items():
            off = max(np.abs(rows @ point[solver]).max() - SIDE, 0.0)
            print(f"| {name} | {min(own) * 1e6:.1f} µs | {solver} | {took * 1e6:.0f} µs | {took / min(own):.0f} | {off:.0e} |", flush=True)


if __name__ == "__main__":
    main()
