"""Times DAQP on parity of two groups, for the ratio to fairc on the same machine.

    pip install daqp numpy
    python benches/peers/time_daqp.py

DAQP has no Rust crate, so this stands beside the table of fairc-peers: the same family of problems, set-up and solve
together, the least and the median of 30 runs, one thread. `off` is how far the row is beyond its side.
"""

import statistics
import time

import daqp
import numpy as np

print("| n | least | median | iterations | off |\n|---|---|---|---|---|")
for n in (256, 1_024, 4_096):
    random = np.random.default_rng(7)
    cell = random.integers(0, 2, n)
    z = 0.5 + 0.12 * (cell - 0.5) + 0.3 * random.standard_normal(n)
    row = np.where(cell == 0, 1.0 / np.sum(cell == 0), -1.0 / np.sum(cell == 1))
    upper, lower = np.append(np.ones(n), 0.01), np.append(np.zeros(n), -0.01)
    hessian, linear, matrix, sense = np.eye(n), -z, row[None, :].copy(), np.zeros(n + 1, dtype=np.int32)
    times = []
    while len(times) < 30 and sum(times) < 20:
        start = time.perf_counter()
        point, _, _, info = daqp.solve(hessian, linear, matrix, upper, lower, sense)
        times.append(time.perf_counter() - start)
    off = max(abs(row @ point) - 0.01, 0.0)
    print(f"| {n} | {min(times) * 1e6:.1f} µs | {statistics.median(times) * 1e6:.1f} µs | {info['iterations']} | {off:.0e} |")
