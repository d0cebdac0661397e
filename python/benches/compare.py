"""Times the layer of fairc against that of fairness_training 0.1.0 (cvxpylayers), side by side.

    bash python/benches/compare.sh

Each line is a process of its own: one package, one metric, one batch size. Both packages get the same model (their own
``FairModel`` around a network that passes the raw scores on), the same batches and one thread. A forward pass is the
call of the model, a backward pass that of the mean of squares; the lines ``network`` are the network without any layer,
which is part of all other times. Violations are those of the returned numbers, looked at after all batches were timed
and summed in exact arithmetic: how far the largest gap is beyond the tolerance, in how many batches it is at all, and how
far a prediction is outside of [0, 1]. Memory is what the peak of the process grows by, after a small batch that loads
whatever is loaded at the first call.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings

METRICS = ("mean_pred", "mean_residual", "equalized_odds")
SIZES = (64, 256, 1024, 4096)
TOLERANCE = 0.02
#: Seconds for the batches of one line, after the first one.
SECONDS = {"network": 1.0, "fairc": 2.0, "fairness_training": 20.0}
MOST = {"network": 200, "fairc": 200, "fairness_training": 15}


def batch(size: int, seed: int):
    """Scores that favour one group, some of them outside of the bounds."""
    import torch

    random = torch.Generator().manual_seed(1000 * size + seed)
    group = (torch.rand(size, generator=random) < 0.4).float()
    group[:2] = torch.tensor([0.0, 1.0])
    label = (torch.rand(size, generator=random) < 0.3 + 0.2 * group).float()
    score = 0.3 + 0.2 * group + 0.3 * label + 0.2 * torch.randn(size, generator=random)
    return torch.stack([group, score], dim=1), label.unsqueeze(1)


def model(package: str, metric: str):
    import torch

    class Scores(torch.nn.Module):
        """Passes the second column on, times a weight that is 1."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, x, y=None):
            return x[:, 1:2] * self.weight

    arguments = {"protected_attr_idx": 0, "input_dim": 2, "fairness_tolerance": TOLERANCE, "fairness_metric": metric,
                 "prediction_bounds": (0.0, 1.0)}
    if package == "network":
        return Scores()
    if package == "fairc":
        from fairc.torch import FairModel
    else:
        from fairness_training import FairModel
    return FairModel.wrap(Scores(), **arguments)


def gap(metric: str, fair: list[float], group: list[float], label: list[float]) -> float:
    """The largest gap, each sum exact."""

    def mean(keep, value):
        values = [value(i) for i in range(len(fair)) if keep(i)]
        return math.fsum(values) / len(values) if values else math.nan

    if metric == "mean_residual":
        return max(abs(mean(lambda i: group[i] == g, lambda i: label[i] - fair[i])) for g in (0, 1))
    cells = [lambda i: True] if metric == "mean_pred" else [lambda i, c=c: label[i] == c for c in (0, 1)]
    gaps = [mean(lambda i: group[i] == 0 and cell(i), lambda i: fair[i])
            - mean(lambda i: group[i] == 1 and cell(i), lambda i: fair[i]) for cell in cells]
    return max(abs(found) for found in gaps if not math.isnan(found))


def measure(package: str, metric: str, size: int) -> dict:
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    own = model(package, metric)
    needs = metric in ("mean_residual", "equalized_odds")
    forward, backward = [], []
    batches = [batch(size, seed) for seed in range(MOST[package])]
    answers = torch.ones(len(batches), size, 1)
    x, y = batch(8, 0)
    (own(x, y=y) ** 2).mean().backward()
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    for (x, y), answer in zip(batches, answers, strict=True):
        begin = time.perf_counter()
        fair = own(x, y=y) if needs else own(x)
        middle = time.perf_counter()
        (fair**2).mean().backward()
        end = time.perf_counter()
        forward.append(middle - begin)
        backward.append(end - middle)
        answer.copy_(fair.detach())
        if end - started > SECONDS[package] and len(forward) > 3:
            break
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    beyond, outside = [], []
    answered = len(forward) if package != "network" else 0
    for (x, y), fair in zip(batches[:answered], answers[:answered], strict=True):
        values = fair.double().reshape(-1).tolist()
        beyond.append(gap(metric, values, x[:, 0].tolist(), y.reshape(-1).tolist()) - TOLERANCE)
        outside.append(max(0.0, -min(values), max(values) - 1))
    found = {"package": package, "metric": metric, "batch": size, "memory": grown / 1024}
    for name, seconds in (("forward", forward), ("backward", backward)):
        found |= {name: statistics.median(seconds), f"{name}_least": min(seconds)}
    if beyond:
        found |= {"batches": len(beyond), "exceeded": sum(v > 0 for v in beyond), "beyond": max(max(beyond), 0.0),
                  "outside": max(outside)}
    return found


def line(found: dict) -> str:
    times = (f"{found['package']:18} {found['metric']:15} {found['batch']:5} {found['forward'] * 1e3:12.4f} "
             f"{found['backward'] * 1e3:12.4f}")
    if "batches" not in found:
        return times
    return (f"{times} {found['exceeded']:4} of {found['batches']:3} {found['beyond']:10.1e} "
            f"{found['outside']:10.1e} {found['memory']:9.1f}")


def own(ours: dict, theirs: dict, bare: dict) -> str:
    """What the layers themselves take, forward and backward together: medians, without those of the bare network."""
    both = [found["forward"] + found["backward"] - bare["forward"] - bare["backward"] for found in (theirs, ours)]
    return f"{'layer alone':41}{both[0] * 1e3:9.4f} ms {both[1] * 1e3:9.4f} ms {both[0] / both[1]:9.0f}x"


def run(package: str, metric: str, size: int) -> dict | str:
    """One line in a process of its own, or why there is none."""
    command = [sys.executable, __file__, "--one", package, metric, str(size)]
    one_thread = {**os.environ, "RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=one_thread)
    if done.returncode != 0:
        return done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", nargs=3, metavar=("PACKAGE", "METRIC", "SIZE"), help=argparse.SUPPRESS)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", help="also write all numbers here")
    arguments = parser.parse_args()
    if arguments.one:
        package, metric, size = arguments.one
        print(json.dumps(measure(package, metric, int(size))))
        return
    print("package            metric          batch  forward, ms backward, ms  exceeded     beyond    outside  memory, MB")
    everything, bare = [], {}
    for metric in ("none", *METRICS):
        for size in arguments.sizes:
            pair = {}
            for package in ("fairness_training", "fairc") if metric != "none" else ("network",):
                found = run(package, metric, size)
                if isinstance(found, str):
                    print(f"{package:18} {metric:15} {size:5} failed: {found}")
                    continue
                pair[package] = found
                everything.append(found)
                if package == "network":
                    bare[size] = found
                print(line(found), flush=True)
            if len(pair) == 2:
                ours, theirs = pair["fairc"], pair["fairness_training"]
                print(f"{'':41}{theirs['forward'] / ours['forward']:11.0f}x {theirs['backward'] / ours['backward']:11.0f}x")
                print(own(ours, theirs, bare[size]))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(everything, file, indent=1)


if __name__ == "__main__":
    main()
