"""Times PIQP, moreau and Clarabel on neighbour rows, with and without a mean over all samples among them, beside fairc.

    pip install piqp moreau-cpu moreau clarabel numpy scipy
    python benches/peers/time_sparse.py target/release/fairc [N] [RUNS]

Each run solves the same problem by all of them in turn. Seconds are of processor time, set-up and solve together, on one thread, and the
least of the runs; fairc reads the problem as JSON (`fairc solve`), so what the same command takes for one without rows is taken off.
`off` is the largest distance to the answer of fairc, whose rows are then added up in rational numbers.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

os.environ["OMP_NUM_THREADS"] = os.environ["RAYON_NUM_THREADS"] = "1"

import clarabel
import numpy as np
import piqp
from scipy import sparse
from scipy.spatial import cKDTree

try:
    import moreau
except ImportError:
    moreau = None


def neighbours(n: int, with_mean: bool, degree: int = 6):
    """Rows `|y_i - y_j| <= distance` for the nearest later neighbours of random points in the unit square."""
    random = np.random.default_rng(11)
    points = random.random((n, 2))
    distance, index = cKDTree(points).query(points, k=40)
    later = index > np.arange(n)[:, None]
    taken = later & (np.cumsum(later, axis=1) <= degree)
    first, place = np.nonzero(taken)
    second, limit = index[first, place], distance[first, place]
    count = np.arange(len(first))
    ones = np.ones(len(first))
    matrix = sparse.csr_matrix((np.r_[ones, -ones], (np.r_[count, count], np.r_[first, second])), shape=(len(first), n))
    z = points[:, 0] + 0.6 * (2 * random.random(n) - 1)
    lower, upper = -limit, limit
    if with_mean:
        group = random.random(n) < 0.5
        z = z + 0.1 * group
        mean = np.where(group, 1 / group.sum(), -1 / (n - group.sum()))
        matrix = sparse.vstack([matrix, sparse.csr_matrix(mean)]).tocsr()
        lower, upper = np.r_[lower, -0.01], np.r_[upper, 0.01]
    return matrix, lower, upper, z


def by_piqp(matrix, lower, upper, z):
    n = len(z)
    solver = piqp.SparseSolver()
    solver.setup(sparse.eye(n, format="csc"), -z, None, None, matrix.tocsc(), lower, upper, np.zeros(n), np.ones(n))
    solver.solve()
    return solver.result.x


def one_sided(matrix, lower, upper, z):
    box = sparse.eye(len(z), format="csr")
    return sparse.vstack([matrix, -matrix, box, -box]), np.r_[upper, -lower, np.ones(len(z)), np.zeros(len(z))]


def by_clarabel(matrix, lower, upper, z):
    rows, limit = one_sided(matrix, lower, upper, z)
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    cones = [clarabel.NonnegativeConeT(len(limit))]
    solver = clarabel.DefaultSolver(sparse.eye(len(z), format="csc"), -z, rows.tocsc(), limit, cones, settings)
    return np.array(solver.solve().x)


def by_moreau(matrix, lower, upper, z):
    rows, limit = one_sided(matrix, lower, upper, z)
    settings = moreau.Settings(device="cpu", verbose=False)
    cones = moreau.Cones(num_nonneg_cones=len(limit))
    return np.array(moreau.Solver(sparse.eye(len(z), format="csr"), -z, rows.tocsr(), limit, cones, settings).solve().x)


def record(matrix, lower, upper, z) -> str:
    side = lambda values: [float(value) if np.isfinite(value) else None for value in values]
    rows = {"indptr": matrix.indptr.tolist(), "indices": matrix.indices.tolist(), "values": matrix.data.tolist()}
    return json.dumps({"n": len(z), "z": z.tolist(), "A": rows, "l": side(lower), "u": side(upper), "lo": 0, "hi": 1}) + "\n"


def by_fairc(program: str, line: str):
    """The answer to a line, and the processor seconds of the process."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write(line)
        file.flush()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        answer = subprocess.run([program, "solve", file.name], capture_output=True, check=True, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(answer), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def worst_excess(matrix, lower, upper, y) -> float:
    """By how much rows are beyond their sides at most, added up without rounding."""
    exact, worst = [Fraction(value) for value in y], Fraction(-1)
    for row in range(matrix.shape[0]):
        entries = range(matrix.indptr[row], matrix.indptr[row + 1])
        value = sum(Fraction(float(matrix.data[e])) * exact[matrix.indices[e]] for e in entries)
        worst = max(worst, value - Fraction(float(upper[row])), Fraction(float(lower[row])) - value)
    return float(worst)


def main() -> None:
    program, n, runs = sys.argv[1], int((sys.argv + ["10000"] * 2)[2]), int((sys.argv + ["", "", "3"])[3] or 3)
    peers = {"PIQP": by_piqp, "Clarabel": by_clarabel} | ({"moreau": by_moreau} if moreau else {})
    for with_mean in (False, True):
        problem = neighbours(n, with_mean)
        line = record(*problem)
        empty = json.loads(line) | {"l": [None] * len(problem[1]), "u": [None] * len(problem[1])}
        seconds, off, failed = {}, {}, {}
        for _ in range(runs):
            answer, taken = by_fairc(program, line)
            _, reading = by_fairc(program, json.dumps(empty) + "\n")
            seconds.setdefault("fairc", []).append(taken - reading)
            for name, solve in peers.items():
                begin = time.process_time()
                try:
                    point = solve(*problem)
                except Exception as error:  # a peer that gives up is told, and the others go on
                    failed[name] = type(error).__name__
                    continue
                seconds.setdefault(name, []).append(time.process_time() - begin)
                off[name] = float(np.abs(point - np.array(answer["yhat"])).max())
        what = f"{len(problem[1])} rows{', a mean among them' if with_mean else ''}, n = {n}"
        print(f"{what}: fairc {answer['status']}, rows exceeded by {worst_excess(*problem[:3], answer['yhat']):.1e}")
        for name, times in seconds.items():
            print(f"  {name}: {min(times):.2f} s" + (f" (off {off[name]:.0e})" if name in off else ""))
        for name, error in failed.items():
            print(f"  {name}: {error}")


main()
