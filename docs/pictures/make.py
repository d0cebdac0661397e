"""Makes the pictures of the documentation from the example data, with the package `fairc`.

    python docs/pictures/make.py [NAME..]        # all, or those named; writes NAME.svg beside this file

Needs `fairc`, numpy, pandas and matplotlib. Nothing in a picture is drawn by hand that could be computed.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import numpy as np
import pandas as pd
from style import BLUE, GREEN, GREY, INK, ORANGE, PALE, RED, arrow, bare, box, figure, save

import fairc

ROOT = pathlib.Path(__file__).resolve().parents[2]
CREDIT = ROOT / "examples" / "german_credit"
SEXES = [("female", "women", ORANGE), ("male", "men", BLUE)]


def credit():
    """The people of German Credit, and the spec of parity."""
    return pd.read_csv(CREDIT / "german_credit.csv"), fairc.compile(CREDIT / "parity.fair")


def before_and_after():
    """The scores of both groups, raw and projected, with their means."""
    people, program = credit()
    drawn, panels = figure(columns=2, sharey=True)
    for axes, scores, title in zip(panels, [people["score"], program.project(people, "score").y], ["before", "after"]):
        means = []
        for level, name, colour in SEXES:
            own = np.asarray(scores)[people["sex"] == level]
            means.append(own.mean())
            style = "-" if level == "female" else "--"
            axes.hist(own, bins=np.linspace(0, 1, 21), weights=np.full(len(own), 1 / len(own)), histtype="step", color=colour, linestyle=style, linewidth=1.8)
            axes.axvline(own.mean(), color=colour, linestyle=style, linewidth=1)
        axes.set_title(f"{title}: gap of the means {abs(means[0] - means[1]):.3f}", fontsize=11)
        axes.set_xlabel("score")
        axes.set_xlim(0, 1)
    panels[0].set_ylabel("share of the group")
    panels[0].plot([], [], color=ORANGE, label="women (310)")
    panels[0].plot([], [], color=BLUE, linestyle="--", label="men (690)")
    panels[0].legend(loc="upper left")
    save(drawn, "before-and-after")


def pipeline():
    """From a spec to what is done with it."""
    drawn, axes = figure(7.2, 3.1)
    bare(axes, 14.4, 6.2)
    box(axes, (0, 3.9), (2.7, 1.2), "spec.fair\ntext", BLUE)
    box(axes, (4.2, 3.9), (3.1, 1.2), "program\nrows, fingerprint", BLUE)
    box(axes, (8.8, 3.9), (2.4, 1.2), "problem\nnumbers", BLUE)
    box(axes, (4.2, 1.3), (3.1, 1.2), "table\ngroups, scores", GREY)
    for row, (name, what) in enumerate([("project", "closest scores"), ("audit", "verdict, report"), ("decide", "0 or 1"), ("train", "a layer"), ("export", "sparse matrix")]):
        y = 5.2 - 1.2 * row
        box(axes, (12.2, y), (2.2, 1.0), "", GREEN)
        axes.text(13.3, y + 0.62, name, ha="center", va="center", weight="bold", fontsize=9.5)
        axes.text(13.3, y + 0.27, what, ha="center", va="center", fontsize=8)
        arrow(axes, (11.2, 4.5), (12.2, y + 0.5), GREY)
    arrow(axes, (2.7, 4.5), (4.2, 4.5))
    axes.text(3.45, 4.85, "compile", ha="center", fontsize=9)
    arrow(axes, (7.3, 4.5), (8.8, 4.5))
    axes.text(8.05, 4.85, "bind", ha="center", fontsize=9)
    arrow(axes, (7.3, 1.9), (9.6, 3.9), GREY)
    axes.text(1.35, 3.45, "every mistake reported\nwith place and fix", ha="center", va="top", fontsize=8.5, color=GREY)
    save(drawn, "pipeline")


def projection():
    """Two predictions, one row, and the closest point of the band."""
    drawn, axes = figure(4.6, 4.2)
    program = fairc.compile("column g: {a, b}\npredict s: real in [0, 1]\nconstraint c: |E[s | g == a] - E[s | g == b]| <= 0.2\n")
    raw = np.array([0.25, 0.85])
    fair = np.asarray(program.project({"g": ["a", "b"], "s": raw}, "s").y)
    edge = np.linspace(0, 1, 2)
    axes.fill_between(edge, edge - 0.2, edge + 0.2, color=PALE[GREEN], label="predictions that satisfy the row")
    for shift in (-0.2, 0.2):
        axes.plot(edge, edge + shift, color=GREEN, linewidth=1)
    arrow(axes, raw, fair, INK)
    axes.plot(*raw, "o", color=RED)
    axes.plot(*fair, "s", color=GREEN)
    axes.annotate(f"raw ({raw[0]:.2f}, {raw[1]:.2f})", raw, (-4, 10), textcoords="offset points", ha="center")
    axes.annotate(f"projected ({fair[0]:.2f}, {fair[1]:.2f})", fair, (10, -14), textcoords="offset points", ha="left")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="prediction in group a", ylabel="prediction in group b")
    axes.legend(loc="lower right", fontsize=9)
    save(drawn, "projection")


def price():
    """What each tolerance costs, and who moves."""
    people, program = credit()
    values = np.round(np.linspace(0, 0.1, 21), 3)
    swept = program.price(people, "score", sweep={"eps": values.tolist()}).json()["sweeps"][0]["values"]
    drawn, (left, right) = figure(columns=2)
    left.plot(values, [each["distance"] for each in swept], color=INK)
    now = next(each for each in swept if each["value"] == 0.02)
    left.plot(0.02, now["distance"], "o", color=INK)
    left.annotate("now", (0.02, now["distance"]), (6, 4), textcoords="offset points")
    left.set(xlabel="eps, the gap allowed", ylabel="distance moved", title="What it costs")
    for level, name, colour in SEXES:
        moves = [next(group["mean_change"] for group in each["groups"] if level in group["event"].split('"')) for each in swept]
        right.plot(values, moves, color=colour, linestyle="-" if level == "female" else "--", label=name)
    right.axhline(0, color=GREY, linewidth=0.8)
    right.set(xlabel="eps, the gap allowed", ylabel="mean change of the score", title="Who moves")
    right.legend()
    save(drawn, "price")


def stream():
    """The gap of all answers so far: a stream, per-group offsets, and the raw scores, where the scores of one group drift."""
    draws = np.random.default_rng(1)
    n, tolerance = 3000, 0.02
    groups = draws.integers(0, 2, n)
    raw = np.clip(draws.normal(np.where(groups == 1, 0.6, 0.5 - 0.12 * np.arange(n) / n), 0.1), 0, 1)
    program = fairc.compile(f"column g: {{a, b}}\npredict s: real in [0, 1]\nconstraint c: |E[s | g == a] - E[s | g == b]| <= {tolerance}\n")
    table = lambda rows: {"g": np.array(["a", "b"])[groups[rows]].tolist(), "s": raw[rows]}
    offsets = program.freeze(table(slice(0, 500)), "s")
    answers = {"raw scores": raw, "offsets from the first 500": np.asarray(program.apply(offsets, table(slice(0, n)), "s").y)}
    streamed, answered = fairc.Stream(program), []
    for start in range(0, n, 10):
        batch = table(slice(start, start + 10))
        answered.append(streamed.answer({"g": batch["g"]}, batch["s"]))
    answers["stream"] = np.concatenate(answered)
    drawn, axes = figure(7.2, 3.2)
    axes.axhspan(0, tolerance, color=PALE[GREEN])
    for (name, made), colour, style in zip(answers.items(), [GREY, ORANGE, GREEN], [":", "--", "-"]):
        first, second = (np.cumsum(made * (groups == level)) / np.maximum(np.cumsum(groups == level), 1) for level in (0, 1))
        ends = np.arange(n)[49::10]
        axes.plot(ends, np.abs(first - second)[ends], color=colour, linestyle=style, label=name)
    axes.set(xlabel="answers so far", ylabel="gap over all answers", xlim=(0, n), ylim=(0, None))
    axes.annotate("allowed", (n * 0.99, tolerance / 2), ha="right", va="center", color=GREEN, fontsize=9.5)
    axes.legend(loc="upper left", ncols=3, bbox_to_anchor=(0, 1.16))
    save(drawn, "stream")


def cells():
    """How the events of a spec cut the samples into cells, and what a row then reads."""
    people, _ = credit()
    drawn, axes = figure(7.2, 3.0)
    bare(axes, 14.4, 6.0)
    for column, (sex, name, colour) in enumerate(SEXES):
        for row, (outcome, word) in enumerate([(1, "repaid"), (0, "not repaid")]):
            count = int(((people["sex"] == sex) & (people["credit_good"] == outcome)).sum())
            x, y = 2.4 + 3.1 * column, 3.0 - 1.9 * row
            box(axes, (x, y), (2.9, 1.7), f"cell {2 * column + row + 1}\n{count} people", colour)
            if column == 0:
                axes.text(2.1, y + 0.85, word, ha="right", va="center")
        axes.text(2.4 + 3.1 * column + 1.45, 5.0, name, ha="center", weight="bold")
    axes.text(9.2, 4.2, "E[score | sex == female]", family="monospace", fontsize=9.5)
    axes.text(9.2, 3.6, "reads cells 1 and 2", fontsize=10)
    axes.text(9.2, 2.6, "E[score | credit_good == 1]", family="monospace", fontsize=9.5)
    axes.text(9.2, 2.0, "reads cells 1 and 3", fontsize=10)
    axes.text(2.4, 0.4, "Within a cell all predictions move by the same amount, up to their bounds.", fontsize=10, color=GREY)
    save(drawn, "cells")


def labels():
    """When labels are known, and so when a row that reads them can be enforced."""
    drawn, axes = figure(7.2, 2.6)
    bare(axes, 14.4, 5.2)
    stages = [("training", "outcomes known", GREEN), ("prediction", "outcomes unknown", GREY), ("audit, later", "outcomes known", GREEN)]
    for place, (name, known, colour) in enumerate(stages):
        x = 2.8 + 3.95 * place
        box(axes, (x, 3.4), (3.4, 1.5), "", colour)
        axes.text(x + 1.7, 4.4, name, ha="center", va="center", weight="bold")
        axes.text(x + 1.7, 3.85, known, ha="center", va="center", fontsize=9.5)
        if place:
            arrow(axes, (x - 0.55, 4.15), (x, 4.15), GREY)
        for line, kept in enumerate(["enforced" if place < 2 else "checked", ["enforced", "left out", "checked"][place]]):
            axes.text(x + 1.7, 2.3 - 1.2 * line, kept, ha="center", va="center", color=GREEN if kept != "left out" else RED)
    axes.text(2.5, 2.3, "rows on columns", ha="right", va="center", fontsize=9.5)
    axes.text(2.5, 1.1, "rows on labels", ha="right", va="center", fontsize=9.5)
    save(drawn, "labels")


def decisions():
    """Scores of both groups with the thresholds that give equal rates of selection."""
    people, _ = credit()
    program = fairc.compile("column sex: {female, male}\npredict granted: {0, 1} from score\nuse demographic_parity(sex, 2%) as rates\n")
    decided = np.asarray(program.decide(people).d)
    drawn, panels = figure(columns=2, sharey=True)
    for axes, (level, name, colour) in zip(panels, SEXES):
        own, taken = people["score"][people["sex"] == level], decided[people["sex"] == level]
        threshold = own[taken == 1].min()
        edges = np.linspace(0, 1, 41)
        axes.hist([own[taken == 0], own[taken == 1]], bins=edges, stacked=True, color=[PALE[colour], colour], label=["refused", "granted"])
        axes.axvline(0.5, color=GREY, linestyle=":", label="cutoff 0.5")
        axes.axvline(threshold, color=INK, label=f"threshold {threshold:.3f}")
        axes.set(xlabel="score", xlim=(0, 1), title=f"{name}: {np.mean(own >= 0.5):.1%} → {taken.mean():.1%} granted")
        axes.title.set_fontsize(11)
        axes.legend(loc="upper left", fontsize=9)
    panels[0].set_ylabel("people")
    save(drawn, "decisions")


PICTURES = {
    "before-and-after": before_and_after,
    "cells": cells,
    "decisions": decisions,
    "labels": labels,
    "pipeline": pipeline,
    "price": price,
    "projection": projection,
    "stream": stream,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or PICTURES:
        PICTURES[wanted]()
