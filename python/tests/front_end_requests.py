"""What is asked of the command line and the package alike: specs, people, and requests about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PARITY = """
column sex: {female, male}
label hired: {0, 1}
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]
constraint parity: |E[score | sex == female] - E[score | sex == male]| <= eps
"""
WIDE = PARITY + """
column age: int in [18, 99]
weight w
constraint odds (min_count = 2): forall c in hired:
    |E[score | sex == female, hired == c] - E[score | sex == male, hired == c]| <= 2 * eps
constraint trained (enforce = train): E[score | sex == female] >= 0.4
constraint cap: each where age < 30: score <= 0.8
constraint budget (soft = 0.01): E[score] == 50%
"""
ONE_LABEL = """
column sex: {female, male}
label hired: {0, 1}
predict score: real in [0, 1]
constraint chance: E[score | sex == female, hired == 1] >= 50%
constraint parity: |E[score | sex == female] - E[score | sex == male]| <= 2%
constraint trained (enforce = train): E[score | sex == male] <= 60%
"""
OPEN = "column sex: {female, male}?\npredict score: real in [0, 1]\nuse demographic_parity(sex, 5%)\n"
CONFLICT = """
column sex: {female, male}
predict score: real in [0, 1]
constraint low: each where sex == female: score <= 0.2
constraint high: E[score | sex == female] >= 0.5
constraint free: E[score | sex == male] <= 0.9
"""
CROSSED = """
column sex: {female, male}
predict score: real in [0, 1]
param a = 0.6 in [0, 1]
param b = 0.4 in [0, 1]
constraint least: E[score | sex == female] >= a
constraint most: E[score | sex == female] <= b
"""
HALF = "column sex: {female, male}\npredict score: real in [0, 1]\nconstraint half: Sum[score | sex == male] == 2.5\n"
NO_PARAM = "column sex: {female, male}\npredict score: real in [0, 1]\nuse demographic_parity(sex, 5%)\n"
BY_PARAM = """
column age: int in [0, 99]
predict score: real in [0, 1]
param young = 40 in [20, 60]
constraint parity: |E[score | age < young] - E[score | age >= young]| <= 10%
"""
TABLE = """
column sex: {female, male}
column age: int in [18, 99]
predict score: real in [0, 1]
group stage = {young: age < 30, woman: sex == female, rest: otherwise}
param tol[stage] = {young: 20%, otherwise: 10%} in [0, 1]
constraint near: forall a in stage: |E[score | stage == a] - E[score]| <= tol[a]
"""
NEAR = """
column age: int in [18, 99]
column id: key
predict score: real in [0, 1]
relation near: (i, j) by id, distance: real in [0, 1]
constraint close: each (i, j) in near: |score[i] - score[j]| <= 2 * distance
constraint ordered: each (i, j) in near where i.age < j.age: score[i] <= score[j]
constraint all: E[score] <= 0.5
"""

PEOPLE = {
    "sex": ["female", "male", "male", "female", "male", "female", "male", "male", "female", "female"],
    "age": [23, 31, 45, 52, 28, 61, 35, 49, 22, 70],
    "hired": [1, 0, 1, 0, 0, 1, 1, 1, 0, 1],
    "w": [1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 1.5, 1.0, 0.25, 2.0],
    "score": [0.25, 0.75, 0.9, 0.4, 0.65, 0.3, 0.85, 1.02, 0.1, 0.55],
}
WOMEN = {name: [value for value, sex in zip(values, PEOPLE["sex"], strict=True) if sex == "female"]
         for name, values in PEOPLE.items()}
INSIDE = {**PEOPLE, "score": [min(score, 1.0) for score in PEOPLE["score"]]}
UNLABELLED = {name: values for name, values in PEOPLE.items() if name != "hired"}


KEYED = {"id": [f"p{k}" for k in range(10)], **PEOPLE}
PAIRS = {"i": ["p0", "p1", "p2", "p7", "p7", "x"], "j": ["p1", "p2", "p3", "p8", "p7", "p1"], "distance": [0.1, 0.0, 0.25, 0.3, 0.1, 0.1]}
GIVEN = {"relations": {"near": "near.csv"}}

#: Equal scores, for shares and draws.
TIED = [0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 0.75, 0.5, 0.25, 0.5]
DECIDED = PARITY.replace("real in [0, 1]", "{0, 1}", 1)


def changed(**columns: list[Any]) -> dict[str, list[Any]]:
    return {**PEOPLE, **columns}


@dataclass
class Request:
    """A task on a spec and data, in the words of Python; the options of the command line follow from them."""

    name: str
    task: str
    spec: str = PARITY
    data: dict[str, list[Any]] = field(default_factory=lambda: PEOPLE)
    #: Of the call in Python; `predictions` is a column.
    asked: dict[str, Any] = field(default_factory=dict)
    #: What the per-group offsets are fitted with; text is taken for the shifts themselves.
    fitted: Any = None
    #: Of a stream: samples answered together.
    batch: int = 1
    #: The table of a relation, in `near.csv`.
    pairs: dict[str, list[Any]] | None = None
    #: What must come of it: `ok`, `no` or the start of what is refused.
    ends: str = "ok"


REQUESTS = [
    Request("violated", "audit", ends="no"),
    Request("held", "audit", data=INSIDE, asked={"params": {"eps": 0.9}}),
    Request("nothing to compare", "audit", data=WOMEN, ends="no"),
    Request("unchecked is allowed", "audit", data=WOMEN, asked={"allow_unchecked": True}),
    Request("weights, skips, soft rows and bounds of single samples", "audit", WIDE, asked={"bootstrap": 50, "seed": 3}, ends="no"),
    Request("no label", "audit", ONE_LABEL, UNLABELLED, ends="no"),
    Request("a tolerance of one's own", "audit", data=INSIDE, asked={"tolerance": 0.9}),
    Request("the head of the report", "audit", asked={
        "title": "Spring", "model": "credit", "model_version": "3.1", "period": "2026", "population": "applicants", "auditor": "us",
        "date": "1 May"}, ends="no"),
    Request("a reference and a least share", "audit", asked={"reference": {"sex": "female"}, "min_share": 0.25}, ends="no"),
    Request("a reference that is none", "audit", asked={"reference": {"sex": "femle"}}, ends="the report has no group `femle`"),
    Request("a share that is none", "audit", asked={"min_share": 1.5}, ends="a share is a number from 0 to 1"),
    Request("a tolerance that is none", "audit", asked={"tolerance": -1.0}, ends="a tolerance is a number"),
    Request("samples in no level, and near misses", "audit", OPEN, changed(sex=["Female ", None, *PEOPLE["sex"][2:]]), ends="no"),
    Request("a level that is not declared", "audit", data=changed(sex=["femal", *PEOPLE["sex"][1:]]), ends="E0702"),
    Request("a null", "audit", data=changed(sex=[None, *PEOPLE["sex"][1:]]), ends="E0703"),
    Request("text for a prediction", "project", data=changed(score=["x", *map(str, PEOPLE["score"][1:])]), ends="E0705"),
    Request("spaces around a prediction", "project", data=changed(score=[" 0.5", *map(str, PEOPLE["score"][1:])]), ends="E0705"),
    Request("a decimal comma", "project", data=changed(score=["0,5", *map(str, PEOPLE["score"][1:])]), ends="E0705"),
    Request("a prediction that is no number", "project", data=changed(score=[float("nan"), *PEOPLE["score"][1:]]), ends="E0707"),
    Request("no column of the spec", "audit", data={"gender": PEOPLE["sex"], "score": PEOPLE["score"]}, ends="E0701"),
    Request("no predictions", "audit", data={"sex": PEOPLE["sex"], "scores": PEOPLE["score"]}, ends="`data.csv` has no column `score`"),
    Request("other predictions", "audit", data={"sex": PEOPLE["sex"], "raw": PEOPLE["score"]}, asked={"predictions": "raw"}, ends="no"),
    Request("a wrong name for predictions", "audit", asked={"predictions": "scor"}, ends="`data.csv` has no column `scor`"),
    Request("no samples", "audit", data={name: [] for name in PEOPLE}, ends="`data.csv` has no rows"),
    Request("plain", "project"),
    Request("weights, skips, soft rows and bounds of single samples", "project", WIDE),
    Request("without training", "project", WIDE, asked={"purpose": "inference"}),
    Request("nothing to compare", "project", data=WOMEN),
    Request("all promises are asked for", "project", data=WOMEN, asked={"require_all": True}, ends="a promise was not enforced"),
    Request("all promises are enforced", "project", asked={"require_all": True}),
    Request("a conflict", "project", CONFLICT, ends="E0801"),
    Request("a conflict, relaxed", "project", CONFLICT, asked={"on_infeasible": "relax"}),
    Request("sides that cross", "project", CROSSED, ends="E0801"),
    Request("sides that cross, relaxed", "project", CROSSED, asked={"on_infeasible": "relax"}, ends="E0801"),
    Request("an unknown param", "project", asked={"params": {"epps": 0.1}}, ends="there is no param `epps`"),
    Request("a param out of its range", "project", asked={"params": {"eps": 2.0}}, ends="E0504"),
    Request("an entry of a table", "project", TABLE, asked={"params": {"tol[woman]": 0.01}}),
    Request("an entry of a table", "audit", TABLE, asked={"params": {"tol[woman]": 0.01}}, ends="no"),
    Request("a table for an entry", "project", TABLE, asked={"params": {"tol": 0.1}}, ends="there is no param `tol`"),
    Request("an entry of a table", "price", TABLE, asked={"sweep": {"tol[rest]": [0.0, 0.05]}}),
    Request("plain", "decide", data=INSIDE, asked={"params": {"eps": 0.25}}),
    Request("another cutoff", "decide", asked={"cutoff": 0.7, "params": {"eps": 0.25}}),
    Request("drawn", "decide", asked={"randomize": 3}),
    Request("weights, skips, soft rows and bounds of single samples", "decide", WIDE),
    Request("a conflict", "decide", CONFLICT, ends="E0801"),
    Request("no choice of whole decisions", "decide", HALF, ends="no decisions of 0 and 1 keep all rows"),
    Request("the nearest", "decide", HALF, asked={"on_infeasible": "relax"}),
    Request("no probabilities", "decide", HALF.replace("[0, 1]", "[0, 2]"), ends="`score` is declared in [0, 2]"),
    Request("gains of a column", "decide", WIDE, asked={"gain": "w", "params": {"eps": 0.25}}),
    Request("drawn by a column", "decide", data=changed(score=TIED), asked={"randomize": 5, "key": "age"}),
    Request("all promises are asked for", "decide", data=WOMEN, asked={"require_all": True}, ends="a promise was not enforced"),
    Request("a threshold for each group", "decide", data=INSIDE, asked={"freeze": "thresholds.json", "params": {"eps": 0.25}}),
    Request("thresholds as SQL", "decide", ONE_LABEL, INSIDE, asked={"freeze": "thresholds.sql", "randomize": 2, "params": {}}),
    Request("thresholds applied", "thresholds", data=changed(score=TIED), fitted={}),
    Request("thresholds applied, drawn", "thresholds", data=changed(score=TIED), asked={"randomize": 4, "key": "age"}, fitted={}),
    Request("thresholds of other params", "thresholds", asked={"params": {"eps": 0.05}}, fitted={}, ends="the thresholds were fitted with"),
    Request("thresholds that are none", "thresholds", fitted="{}", ends="cannot use the thresholds"),
    Request("decisions", "audit", DECIDED, changed(score=[1, 0, 1, 0, 1, 1, 0, 1, 0, 0]), ends="no"),
    Request("scores for decisions", "audit", DECIDED, INSIDE, ends="E0707"),
    Request("decisions are not moved", "project", DECIDED, INSIDE, ends="`score` is decided 0 or 1"),
    Request("decisions have no price", "price", DECIDED, INSIDE, ends="`score` is decided 0 or 1"),
    Request("shifts", "freeze"),
    Request("shifts without labels and training", "freeze", ONE_LABEL),
    Request("shifts as SQL", "freeze", asked={"to": "sql", "params": {"eps": 0.1}}),
    Request("SQL has no bounds of single samples", "freeze", CONFLICT.replace("0.5", "0.1"), asked={"to": "sql"}, ends="`each` constraints bound"),
    Request("shifts that there are not", "freeze", CONFLICT, ends="E0801"),
    Request("shifts of least violation", "freeze", CONFLICT.replace("low:", "low (min_count = 1):"), asked={"on_infeasible": "relax"}),
    Request("shifts applied", "apply", fitted={}),
    Request("shifts applied to others", "apply", data=WOMEN, fitted={}),
    Request("shifts of other params", "apply", asked={"params": {"eps": 0.05}}, fitted={}, ends="the shifts were fitted with"),
    Request("shifts that are none", "apply", fitted="{}", ends="cannot use the shifts"),
    Request("one by one", "stream"),
    Request("smooth, with a window", "stream", WIDE, asked={"method": "smooth", "window": 4}, batch=3),
    Request("prices", "stream", asked={"method": "primal_dual"}, batch=5),
    Request("no label", "stream", ONE_LABEL, UNLABELLED, batch=2),
    Request("a window of nothing", "stream", asked={"window": 0}, ends="`window` is 0"),
    Request("a level that is not declared", "stream", data=changed(sex=["f", *PEOPLE["sex"][1:]]), ends="E0702"),
    Request("values that were asked for", "price", WIDE, asked={"sweep": {"eps": [0.1, 0.0, 0.05, 0.1]}}),
    Request("values worth a look", "price"),
    Request("what decisions gain", "price", PARITY, INSIDE, asked={"decide": True, "cutoff": 0.4, "sweep": {"eps": [0.0, 0.2]}}),
    Request("gains of a column", "price", DECIDED, INSIDE, asked={"decide": True, "gain": "w", "sweep": {"eps": [0.0, 0.2]}}),
    Request("a param of events", "price", BY_PARAM, asked={"sweep": {"young": [30, 40, 50]}}),
    Request("values that none satisfies", "price", CROSSED, asked={"sweep": {"b": [0.1, 0.2]}}, ends="no"),
    Request("no param", "price", NO_PARAM, ends="no row of `spec.fair` reads a param"),
    Request("an unknown param", "price", asked={"sweep": {"epps": [0.1]}}, ends="there is no param `epps`"),
    Request("all rows can hold", "check", WIDE),
    Request("a conflict", "check", CONFLICT, ends="no"),
    Request("sides that cross", "check", CROSSED, ends="E0801"),
    Request("nothing to check", "check", data=WOMEN, ends="no"),
    Request("pairs", "check", NEAR, KEYED, GIVEN, pairs=PAIRS),
    Request("pairs, in batches", "check", NEAR, KEYED, {**GIVEN, "batch": 4}, pairs=PAIRS),
    Request("pairs", "project", NEAR, KEYED, GIVEN, pairs=PAIRS),
    Request("pairs", "audit", NEAR, KEYED, GIVEN, pairs=PAIRS, ends="no"),
    Request("no pairs", "audit", NEAR, KEYED, GIVEN, pairs={name: [] for name in PAIRS}, ends="no"),
    Request("pairs of a file that the spec names", "project", NEAR.replace("near:", 'near from "near.csv":', 1), KEYED, pairs=PAIRS),
    Request("no table of pairs", "project", NEAR, KEYED, ends="E0709"),
    Request("a table of pairs that is not there", "project", NEAR, KEYED, GIVEN, ends="cannot read `near.csv`: there is no such file"),
    Request("a table of pairs without a column", "project", NEAR, KEYED, GIVEN, pairs={"i": ["p0"], "k": ["p1"], "distance": [0.0]}, ends="E0701"),
    Request("a pair without a key", "project", NEAR, KEYED, GIVEN, pairs={**PAIRS, "j": [None, *PAIRS["j"][1:]]}, ends="E0708"),
    Request("a key that two samples have", "project", NEAR, {**KEYED, "id": ["p1", *KEYED["id"][1:]]}, GIVEN, pairs=PAIRS, ends="E0708"),
    Request("a distance out of its range", "project", NEAR, KEYED, GIVEN, pairs={**PAIRS, "distance": [2.0, *PAIRS["distance"][1:]]}, ends="E0704"),
    Request("a relation that is none", "project", NEAR, KEYED, {"relations": {"nea": "near.csv"}}, pairs=PAIRS, ends="no constraint of the spec is about a relation `nea`"),
    Request("a spec without relations", "project", asked=GIVEN, pairs=PAIRS, ends="no constraint of the spec is about a relation `near`"),
    Request("rows about pairs are not frozen", "freeze", NEAR, KEYED, ends="E0709"),
    Request("rows about pairs are not decided", "decide", NEAR, KEYED, ends="E0709"),
    Request("rows about pairs in a stream", "stream", NEAR, KEYED, ends="E0709"),
    Request("batches, and near misses", "check", OPEN, changed(sex=["MALE", *PEOPLE["sex"][1:]]), asked={"batch": 4, "seed": 7}),
]
