"""Fingerprints at random: spellings of one spec have one, specs that mean different things have two.

A constraint is made as data: terms, events, a limit. What is written are spellings of it that are equal by algebra and logic,
and changed constraints, of which numpy shows on random data that their rows have other values.

    python tests/oracle/fingerprints.py --fairc target/debug/fairc [--cases 500] [--seed 1]
"""

import argparse
import copy
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

LEVELS = {"sex": ["female", "male"], "race": ["white", "black", "asian"]}
HEADER = """\
column sex: {female, male}
column race: {white, black, asian}
column age: int in [18, 60]
predict score: real in [0, 1]
"""
OPS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
SAMPLES = 4000


# -- events: ("in", column, levels), ("cmp", op, number), ("and" | "or", [events]), ("not", event)


def random_event(rng, depth=2):
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        column = rng.choice(list(LEVELS))
        levels = rng.sample(LEVELS[column], rng.randint(1, len(LEVELS[column]) - 1))
        return ("in", column, tuple(levels))
    if kind < 0.6:
        return ("cmp", rng.choice(list(OPS)), rng.randint(22, 55))
    if kind < 0.7:
        return ("not", random_event(rng, depth - 1))
    return (rng.choice(["and", "or"]), [random_event(rng, depth - 1) for _ in range(rng.randint(2, 3))])


def holds(event, data):
    match event:
        case ("in", column, levels):
            return np.isin(data[column], levels)
        case ("cmp", op, number):
            return OPS[op](data["age"], number)
        case ("not", inner):
            return ~holds(inner, data)
        case ("and", parts):
            return np.logical_and.reduce([holds(part, data) for part in parts])
        case ("or", parts):
            return np.logical_or.reduce([holds(part, data) for part in parts])
    raise ValueError(event)


def spelled(event, rng):
    """One of the many texts of an event, in brackets where others may stand beside it."""
    match event:
        case ("in", column, levels):
            others = [level for level in LEVELS[column] if level not in levels]
            ways = [f"{column} in {{{', '.join(rng.sample(levels, len(levels)))}}}"]
            ways.append("(" + " or ".join(f"{column} == {level}" for level in rng.sample(levels, len(levels))) + ")")
            ways.append("(" + " and ".join(f"{column} != {level}" for level in rng.sample(others, len(others))) + ")")
            ways.append(f"not ({column} in {{{', '.join(others)}}})")
            return rng.choice(ways)
        case ("cmp", op, number):
            ways = [f"age {op} {number}", f"{number} {MIRRORED[op]} age", f"not (age {NEGATED[op]} {number})"]
            ways.append(f"(age + 2) {op} {number + 2}")
            ways.append(f"age - {number} {op} 0")
            return rng.choice(ways)
        case ("not", inner):
            if rng.random() < 0.4 and inner[0] in ("and", "or"):
                other = "or" if inner[0] == "and" else "and"
                return spelled((other, [("not", part) for part in inner[1]]), rng)
            return f"not ({spelled(inner, rng)})"
        case (word, parts):
            parts = rng.sample(parts, len(parts)) + ([rng.choice(parts)] if rng.random() < 0.2 else [])
            if rng.random() < 0.2:
                other = "or" if word == "and" else "and"
                return "not (" + f" {other} ".join(f"not ({spelled(part, rng)})" for part in parts) + ")"
            return "(" + f" {word} ".join(f"({spelled(part, rng)})" for part in parts) + ")"
    raise ValueError(event)


# -- constraints: terms (hundredths, "E" | "Sum", of age?, event), "abs" | "<=" | "==", a limit in hundredths, options


def random_constraint(rng):
    terms = []
    for _ in range(rng.randint(1, 3)):
        hundredths = rng.choice([-1, 1]) * rng.choice([100, 50, 25, 80, 120, 200, 7])
        terms.append((hundredths, rng.choice(["E", "E", "Sum"]), rng.random() < 0.3, random_event(rng)))
    return {"terms": terms, "kind": rng.choice(["abs", "<=", "<=", "=="]), "limit": rng.randint(1, 99), "min_count": 1, "soft": None}


def number(hundredths):
    return repr(hundredths / 100).removesuffix(".0")


def coefficient(hundredths, rng):
    ways = [number(hundredths), number(hundredths), f"{hundredths}%", f"({number(hundredths * 2)} / 2)"]
    if hundredths % 4 == 0:
        ways.append(f"({number(hundredths // 4)} * 4)")
    return rng.choice(ways)


def term_text(term, rng, names):
    hundredths, aggregate, aged, event = term
    condition = spelled(event, rng)
    if rng.random() < 0.25:
        name = f"e{len(names)}"
        names.append(f"event {name} = {condition}")
        condition = name
    value = rng.choice(["age * score", "score * age"]) if aged else "score"
    size = abs(hundredths)
    factor = coefficient(size, rng)
    ways = [f"{factor} * {aggregate}[{value} | {condition}]", f"{aggregate}[{value} | {condition}] * {factor}"]
    ways.append(f"{aggregate}[{factor} * {value} | {condition}]")
    ways.append(f"({aggregate}[{value} | {condition}] / 2 + {aggregate}[{value} / 2 | {condition}]) * {factor}")
    if size == 100:
        ways.append(f"{aggregate}[{value} | {condition}]")
    text = rng.choice(ways)
    if rng.random() < 0.2:
        name = f"x{len(names)}"
        names.append(f"let {name} = {text}")
        text = name
    return text


def summed(terms, rng, names):
    text = ""
    for term in terms:
        sign = "-" if term[0] < 0 else "+"
        text += f" {sign} {term_text(term, rng, names)}" if text else ("-" if term[0] < 0 else "") + f"{term_text(term, rng, names)}"
    return text or "0"


def negative(terms):
    return [(-term[0], *term[1:]) for term in terms]


def body(constraint, rng, names):
    terms = rng.sample(constraint["terms"], len(constraint["terms"]))
    limit = coefficient(constraint["limit"], rng)
    if constraint["kind"] == "abs":
        terms = negative(terms) if rng.random() < 0.5 else terms
        inside = summed(terms, rng, names)
        return rng.choice([f"|{inside}| <= {limit}", f"abs({inside}) <= {limit}", f"-{limit} <= {inside} <= {limit}", f"{limit} >= |{inside}|",
                           f"{inside} == 0 +/- {limit}", f"max({inside}, -({inside})) <= {limit}"])
    cut = rng.randint(1, len(terms))
    left, right = terms[:cut], negative(terms[cut:])
    op, mirrored = ("==", "==") if constraint["kind"] == "==" else ("<=", ">=")
    lhs = summed(left, rng, names)
    rhs = f"{limit} + {summed(right, rng, names)}" if right and right[0][0] > 0 else f"{limit} {summed(right, rng, names)}" if right else limit
    if right and right[0][0] < 0:
        rhs = f"{limit} - ({summed(negative(right), rng, names)})"
    return rng.choice([f"{lhs} {op} {rhs}", f"{rhs} {mirrored} {lhs}", f"{lhs} - ({rhs}) {op} 0", f"0 {mirrored} {lhs} - ({rhs})"])


def spec(constraints, rng):
    lines, names = [], []
    for index in rng.sample(range(len(constraints)), len(constraints)):
        constraint = constraints[index]
        options = [f"min_count = {constraint['min_count']}"] * (constraint["min_count"] > 1)
        options += [f"soft = {constraint['soft']}"] * (constraint["soft"] is not None)
        options = f" ({', '.join(rng.sample(options, len(options)))})" if options else ""
        lines.append(f"constraint c{rng.randint(0, 10**9)}{options}: {body(constraint, rng, names)}")
    declared = names + lines
    rng.shuffle(declared)
    return HEADER + "\n".join(declared) + "\n"


# -- what a spec means, on data


def random_data(seed):
    draw = np.random.default_rng(seed)
    data = {column: draw.choice(levels, SAMPLES) for column, levels in LEVELS.items()}
    data["age"] = draw.integers(18, 61, SAMPLES)
    return data, draw.uniform(0, 1, (3, SAMPLES))


def meaning(constraints, data, scores):
    """The rows as a set: for each its values on the scores, both ways round, and its options."""
    rows = set()
    for constraint in constraints:
        values = np.zeros(len(scores))
        for hundredths, aggregate, aged, event in constraint["terms"]:
            inside = holds(event, data)
            value = (scores * data["age"] if aged else scores)[:, inside]
            size = max(inside.sum(), 1)
            values += hundredths / 100 * (value.sum(axis=1) / (size if aggregate == "E" else 1))
        if np.abs(values).max() < 1e-12:
            continue  # A condition on numbers alone constrains nothing, or is refused.
        limit = constraint["limit"] / 100
        options = (constraint["min_count"], constraint["soft"])
        rounded = lambda row: tuple(f"{entry:.9g}" for entry in row)
        if constraint["kind"] in ("abs", "=="):
            other = -limit if constraint["kind"] == "abs" else limit
            rows.add((rounded(values - limit), options))
            rows.add((rounded(other - values), options))
        else:
            rows.add((rounded(values - limit), options))
    return rows


def changed(constraints, rng):
    constraints = copy.deepcopy(constraints)
    one = rng.choice(constraints)
    place = rng.randrange(len(one["terms"]))
    hundredths, aggregate, aged, event = one["terms"][place]
    match rng.randrange(8):
        case 0:
            one["limit"] += 1
        case 1:
            one["terms"][place] = (-hundredths, aggregate, aged, event)
        case 2:
            one["terms"][place] = (hundredths + 1, aggregate, aged, event)
        case 3:
            one["terms"][place] = (hundredths, "Sum" if aggregate == "E" else "E", aged, event)
        case 4:
            one["terms"][place] = (hundredths, aggregate, not aged, event)
        case 5:
            one["terms"][place] = (hundredths, aggregate, aged, other_event(event, rng))
        case 6:
            one["min_count"] += 1
        case 7:
            one["soft"] = 2 if one["soft"] is None else None
    return constraints


def other_event(event, rng):
    match event:
        case ("in", column, levels):
            left = [level for level in LEVELS[column] if level not in levels]
            return ("in", column, (rng.choice(left), *levels[1:]))
        case ("cmp", op, limit):
            return rng.choice([("cmp", op, limit + 1), ("cmp", {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[op], limit), ("cmp", NEGATED[op], limit)])
        case ("not", inner):
            return rng.choice([inner, ("not", other_event(inner, rng))])
        case (word, parts):
            parts = list(parts)
            place = rng.randrange(len(parts))
            parts[place] = other_event(parts[place], rng)
            return (word, parts)
    raise ValueError(event)


def fingerprints(fairc, texts):
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(texts), 100):
            paths = []
            for index, text in enumerate(texts[start : start + 100]):
                path = Path(folder) / f"{index}.fair"
                path.write_text(text)
                paths.append(str(path))
            out = subprocess.run([fairc, "check", "--format", "json", *paths], capture_output=True, text=True, check=False).stdout
            found += [one["fingerprint"] for one in json.loads(out)["specs"]]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fairc", default="target/debug/fairc")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    data, scores = random_data(args.seed)
    cases = []
    for _ in range(args.cases):
        constraints = [random_constraint(rng) for _ in range(rng.randint(1, 3))]
        other = changed(constraints, rng)
        differs = meaning(constraints, data, scores) != meaning(other, data, scores)
        cases.append((spec(constraints, rng), spec(constraints, rng), spec(other, rng), differs))
    texts = [text for case in cases for text in case[:3]]
    found = fingerprints(args.fairc, texts)
    broken = differing = refused = 0
    for index, (first, second, other, differs) in enumerate(cases):
        a, b, c = found[3 * index : 3 * index + 3]
        if None in (a, b, c):
            # Rows that nothing satisfies are refused: in both spellings, or in none.
            refused += 1
            if (a is None) != (b is None):
                broken += 1
                print(f"case {index}: one of two spellings is refused\n{first}\n{second}")
            continue
        differing += differs
        if a != b:
            broken += 1
            print(f"case {index}: two spellings, two fingerprints\n{first}\n{second}") if broken <= 5 else None
        if differs and a == c:
            broken += 1
            print(f"case {index}: two meanings, one fingerprint\n{first}\n{other}") if broken <= 5 else None
    print(f"{len(cases)} specs in two spellings, {differing} of them beside one of another meaning: {broken} wrong, {refused} refused")
    sys.exit(broken > 0 or refused > len(cases) / 2)


if __name__ == "__main__":
    main()
