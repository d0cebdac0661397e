"""Verdicts of `fairc audit` on random specs, against exact fractions computed here from what the specs say.

    python verdicts.py FAIRC [COUNT] [SEED]        # the path of the binary; 2000 specs, seed 1

Each spec has two to six constraints on quantities that overlap, so that rows are merged; data have weights, offsets up to
epoch milliseconds, odd level names, nulls and undeclared levels. The oracle reads the constraints one by one, makes every
comparison of each with Python's fractions, and compares for every promise: the verdict, how many comparisons were made and
not made, and the value and both sides of each, in the direction in which the constraint is written. It shares nothing with
fairc. Comparisons nearer to their limit than rounding can tell (1e-10 to 1e-7 of the row's size) are left out; those that lie
exactly on it have to be held.
"""

import csv
import io
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction as F

LEVELS = [
    ["a", "b"],
    ["x*y", "x", "y"],
    ["x", "y*z", "z"],
    ["a,b", "a b", "A"],
    ['say "hi"', "it's", "<b>"],
    ["9007199254740992", "9007199254740993"],
    ["1", "2.5", "-3"],
    ["Männer", "女", "a == b"],
    ["p", "q", "r", "s", "t"],
    ["forall", "true", "null"],
]
WORD = lambda text: text.isascii() and text.isalpha() and text not in RESERVED
RESERVED = {"forall", "true", "null", "and", "or", "not", "in", "each", "where", "E", "P", "N"}


def quoted(level):
    """A level as a spec writes it."""
    try:
        float(level)
        return level
    except ValueError:
        return level if WORD(level) else "`" + level + "`"


def number(value):
    """A decimal text of a float, and the fraction that it stands for once it is read."""
    text = repr(float(value))
    return text, F(float(text))


class Table:
    """The data as texts for the file and as fractions for the oracle."""

    def __init__(self, rng):
        self.n = n = rng.choice([1, 2, 3, 5, 8, 13, 30, 60]) if rng.random() < 0.5 else rng.randint(4, 40)
        self.g_levels = rng.choice(LEVELS)
        self.h_levels = rng.choice([levels for levels in LEVELS if len(levels) <= 3])
        self.nullable = rng.random() < 0.4
        self.weighted = rng.random() < 0.5
        self.labelled = rng.random() < 0.7
        odd = ["", "Other", self.g_levels[0] + " ", self.g_levels[0].upper() + "?"] if self.nullable else []
        self.g = [rng.choice(self.g_levels * 3 + odd) for _ in range(n)]
        self.h = [rng.choice(self.h_levels) for _ in range(n)]
        offset = rng.choice([0, 0, 1000, 1e9, 1.7e12])
        scale = rng.choice([1, 14, 1e4])
        self.x = [number(offset + round(rng.uniform(-1, 1) * scale, 3)) for _ in range(n)]
        self.bounded = rng.random() < 0.7
        spread = 1 if self.bounded else rng.choice([1e-6, 1, 1e6])
        self.score = [number(round(rng.random(), rng.choice([1, 3, 17])) * spread) for _ in range(n)]
        self.y = [rng.randint(0, 1) for _ in range(n)]
        weights = rng.choice([[1, 2, 3], [0.5, 2, 1e-3, 1e3], [0, 1, 2.25]])
        self.w = [number(rng.choice(weights)) if self.weighted else ("", F(1)) for _ in range(n)]
        levels = lambda values, of: [self.member(value, of) for value in values]
        self.samples = list(zip(levels(self.g, self.g_levels), levels(self.h, self.h_levels), [v for _, v in self.x], self.y))

    def csv(self):
        out = io.StringIO()
        names = ["g", "h", "x", "score"] + ["y"] * self.labelled + ["w"] * self.weighted
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(names)
        for i in range(self.n):
            cells = {"g": self.g[i], "h": self.h[i], "x": self.x[i][0], "score": self.score[i][0], "y": self.y[i], "w": self.w[i][0]}
            lines.writerow([cells[name] for name in names])
        return out.getvalue()

    def header(self):
        listed = lambda levels: "{" + ", ".join(map(quoted, levels)) + "}"
        null = "?" if self.nullable else ""
        lines = [
            f"column g: {listed(self.g_levels)}{null}",
            f"column h: {listed(self.h_levels)}",
            "column x: real",
            "label y: {0, 1}",
            "predict score: real in [0, 1]" if self.bounded else "predict score: real",
            "group gh = g * h",
        ]
        return "\n".join(lines + (["weight w"] if self.weighted else [])) + "\n"

    def member(self, value, levels):
        """The level that a text of the data is, as the language says: numbers match by value."""
        for level in levels:
            if value == level:
                return level
            try:
                # White space counts.
                if value == value.strip() and F(value) == F(level):
                    return level
            except ValueError:
                pass
        return None


class Event:
    """A set of samples: its text, whether it holds for each sample, and for anyone (levels of g and h, x, y)."""

    def __init__(self, t, text, test):
        self.text, self.test = text, test
        self.holds = [test(*sample) for sample in t.samples]
        xs = sorted({v for _, v in t.x})
        in_no_level = [None] * t.nullable
        anyone = itertools.product([*t.g_levels, *in_no_level], t.h_levels, [xs[0] - 1, *xs])
        with_label = [(test(*sample, 0), test(*sample, 1)) for sample in anyone]
        # A label is read only where it can make a difference, and an event that cannot but hold is no condition.
        self.label = any(zero != one for zero, one in with_label)
        self.always = all(zero and one for zero, one in with_label)


def event(rng, t, depth=0):
    """A random event."""
    kind = rng.randrange(9 if depth < 2 else 5)
    if kind in (0, 1):
        return in_group(t, rng.choice(t.g_levels))
    if kind == 2:
        level = rng.choice(t.h_levels)
        return Event(t, f"h == {quoted(level)}", lambda g, h, x, y: h == level)
    if kind == 3:
        a, b = rng.choice(t.g_levels), rng.choice(t.h_levels)
        return Event(t, f"gh == {quoted(a)} * {quoted(b)}", lambda g, h, x, y: g == a and h == b)
    if kind == 4:
        text, cut = rng.choice(t.x)
        return Event(t, f"x >= {text}", lambda g, h, x, y: x >= cut)
    if kind == 5:
        value = rng.randint(0, 1)
        return Event(t, f"y == {value}", lambda g, h, x, y: y == value)
    if kind == 6:
        inner = event(rng, t, depth + 1)
        return Event(t, f"not ({inner.text})", lambda *sample: not inner.test(*sample))
    one, two = event(rng, t, depth + 1), event(rng, t, depth + 1)
    if kind == 7:
        return Event(t, f"({one.text} and {two.text})", lambda *sample: one.test(*sample) and two.test(*sample))
    return Event(t, f"({one.text} or {two.text})", lambda *sample: one.test(*sample) or two.test(*sample))


def in_group(t, level):
    return Event(t, f"g == {quoted(level)}", lambda g, h, x, y: g == level)


def everyone(t):
    return Event(t, "", lambda *sample: True)


class Quantity:
    """A number of the batch that is affine in the prediction: text, value, what of it is constant, the size of its parts."""

    def __init__(self, text, value, constant, size, events, label):
        self.text, self.value, self.constant, self.size = text, value, constant, size
        self.events, self.label = events, label

    def missing(self, t, least):
        """Whether an event of it has too few samples, or no weight; None where that is open."""
        is_open = False
        for event in self.events:
            # A sample of weight 0 is none, and an aggregate without a condition has no event that could be too small.
            count = sum(1 for i in range(t.n) if event.holds[i] and t.w[i][1] > 0)
            # A condition that nobody can fail is none too, if the compiler sees that.
            is_open = is_open or bool(event.always and event.text and 0 < count < least)
            if count < (1 if event.always else least):
                return True
        return None if is_open else False


def aggregate(t, kind, where):
    holds = where.holds
    inside = [i for i in range(t.n) if holds[i]]
    weight = sum((t.w[i][1] for i in inside), F(0))
    score = [v[1] for v in t.score]
    given = f" | {where.text}" if where.text else ""
    mean = lambda values: sum((t.w[i][1] * values[i] for i in inside), F(0)) / weight if weight else F(0)
    if kind == "E":
        value = mean(score)
        return Quantity(f"E[score{given}]", value, F(0), abs(value), [where], where.label)
    if kind == "Sum":
        value = sum((t.w[i][1] * score[i] for i in inside), F(0))
        # The sum over nobody is 0.
        return Quantity(f"Sum[score{given}]", value, F(0), abs(value), [where] if where.text else [], where.label)
    if kind == "Res":
        value, base = mean(score), mean([F(v) for v in t.y])
        return Quantity(f"E[score - y{given}]", value, -base, max(abs(value), abs(base)), [where], True)
    x = [v[1] for v in t.x]
    centre = mean(x)
    value = mean([(a - centre) * b for a, b in zip(x, score)])
    spread = mean([abs((a - centre) * b) for a, b in zip(x, score)])
    return Quantity(f"Cov[score, x{given}]", value, F(0), max(abs(value), spread), [where], where.label)


def difference(one, two):
    size = max(one.size, two.size)
    label = one.label or two.label
    return Quantity(f"{one.text} - {two.text}", one.value - two.value, one.constant - two.constant, size, one.events + two.events, label)


class Comparison:
    """One row of a promise, in the direction in which it is written."""

    def __init__(self, value, lower, upper, size, missing):
        self.value, self.lower, self.upper, self.size, self.missing = value, lower, upper, size, missing

    @property
    def excess(self):
        sides = []
        if self.lower is not None:
            sides.append(self.lower - self.value)
        if self.upper is not None:
            sides.append(self.value - self.upper)
        return max(sides)

    def near(self):
        """Whether it cannot be told here what the comparison comes to."""
        if self.missing is None:
            return True
        gap = abs(self.excess)
        return F(1, 10**10) * self.size < gap < F(1, 10**7) * self.size if gap else False


class Promise:
    def __init__(self, name, text, comparisons, label, each=False):
        self.name, self.text, self.comparisons, self.label, self.each = name, text, comparisons, label, each


def limit(rng, near, size, positive=False):
    """A limit near a value: exactly there at times, on either side else."""
    scale = float(size) if size else 1.0
    value = float(near) + rng.choice([0, 0.1, -0.1, 0.5, -0.5, 1e-5, -1e-5, 2, -2]) * scale
    if positive:
        value = abs(value)
    return number(value)


def sided(rng, t, q, least, form):
    """A comparison of `q` with limits: its text, and the row in the author's direction."""
    c_text, c = limit(rng, q.value + q.constant, q.size, positive=form in ("abs", "pm"))
    size = max(q.size, abs(c))
    missing = q.missing(t, least)
    row = lambda lower, upper, value=q.value: Comparison(value, lower, upper, size, missing)
    k = q.constant
    if form == "le":
        return f"{q.text} <= {c_text}", row(None, c - k)
    if form == "ge":
        return f"{q.text} >= {c_text}", row(c - k, None)
    if form == "rle":
        return f"{c_text} >= {q.text}", row(None, c - k)
    if form == "abs":
        return f"|{q.text}| <= {c_text}", row(-c - k, c - k)
    if form == "pm":
        d_text, d = limit(rng, q.value + q.constant, q.size)
        size = max(size, abs(d) + abs(c))
        return f"{q.text} == {d_text} +/- {c_text}", row(d - c - k, d + c - k)
    low_text, low = number(float(c) - rng.random() * float(size or 1))
    size = max(size, abs(low))
    return f"{low_text} <= {q.text} <= {c_text}", row(low - k, c - k)


def options(rng, soft):
    least, parts = 1, []
    if rng.random() < 0.3:
        least = rng.choice([2, 3, 10, 30])
        parts.append(f"min_count = {least}")
    if soft:
        parts.append(f"soft = {rng.choice([1, 10])}")
    return least, f" ({', '.join(parts)})" if parts else ""


def promise(rng, t, pool, index):
    name = f"c{index}"
    least, option = options(rng, rng.random() < 0.15)
    kind = rng.randrange(10)
    if kind < 6:
        q = rng.choice(pool)
        if kind < 2:
            other = rng.choice(pool)
            # A difference in which the prediction cancels is no promise about it.
            q = difference(q, other) if other.value != q.value else q
        text, row = sided(rng, t, q, least, rng.choice(["le", "ge", "rle", "abs", "pm", "chain"]))
        return Promise(name, f"constraint {name}{option}: {text}", [row], q.label)
    of = {level: aggregate(t, "E", in_group(t, level)) for level in t.g_levels}
    pairs = list(itertools.combinations(t.g_levels, 2))
    if kind == 6:
        c_text, c = number(rng.choice([0, 0.01, 0.1, 0.5, 2]))
        rows = []
        for a, b in pairs:
            q = difference(of[a], of[b])
            rows.append(Comparison(q.value, -c, c, max(q.size, abs(c)), q.missing(t, least)))
        text = f"forall (a, b) in pairs(g): |E[score | g == a] - E[score | g == b]| <= {c_text}"
        return Promise(name, f"constraint {name}{option}: {text}", rows, False)
    if kind == 7 and t.bounded:
        c_text, c = number(rng.choice([0.5, 0.8, 0.9, 1]))
        rows = []
        for a, b in itertools.permutations(t.g_levels, 2):
            q = difference(of[a], of[b])
            rows.append(Comparison(of[a].value - c * of[b].value, F(0), None, q.size, q.missing(t, least)))
        text = f"forall (a, b) in g * g where a != b: E[score | g == a] / E[score | g == b] >= {c_text}"
        return Promise(name, f"constraint {name}{option}: {text}", rows, False)
    if kind == 8:
        where = event(rng, t)
        c_text, c = number(rng.choice([0, 0.3, 0.7, 1]))
        rows = [Comparison(t.score[i][1], None, c, max(t.score[i][1], c, F(1, 10**9)), False) for i in range(t.n) if where.holds[i]]
        return Promise(name, f"constraint {name}: each where {where.text}: score <= {c_text}", rows, where.label, each=True)
    c_text, c = limit(rng, rng.random(), F(1))
    rows = [Comparison(of[a].value, c, None, max(of[a].size, abs(c)), of[a].missing(t, least)) for a in t.g_levels]
    return Promise(name, f"constraint {name}{option}: forall a in g: E[score | g == a] >= {c_text}", rows, False)


def spec(rng):
    t = Table(rng)
    pool = []
    for _ in range(rng.randint(2, 4)):
        where = everyone(t) if rng.random() < 0.2 else event(rng, t)
        pool.append(aggregate(t, rng.choice(["E", "E", "E", "Sum", "Res", "Cov"]), where))
    promises = [promise(rng, t, pool, i) for i in range(rng.randint(2, 6))]
    return t, promises


def expected(t, p):
    """Verdict, comparisons made and not made, of a promise."""
    if p.label and not t.labelled:
        return "not checked", 0, len(p.comparisons)
    made = [c for c in p.comparisons if not c.missing]
    violated = any(c.excess > F(1, 10**9) * c.size for c in made)
    verdict = "violated" if violated else "held" if made else "not checked"
    return verdict, len(made), len(p.comparisons) - len(made)


def close(got, want, size):
    if got is None or want is None:
        return got is None and want is None
    return abs(F(got) - want) <= F(1, 10**9) * size + F(1, 10**300)


def compare_rows(t, p, rows):
    """What differs between the comparisons that fairc shows for a promise and those made here."""
    made = [c for c in p.comparisons if not c.missing]
    shown = [r for r in rows if r["constraint"] == p.name and r["skipped"] is None]
    if len(shown) != len(made):
        return f"{len(shown)} comparisons shown, {len(made)} made"
    for c in made:
        for i, r in enumerate(shown):
            straight = close(r["before"], c.value, c.size) and close(r["lower"], c.lower, c.size) and close(r["upper"], c.upper, c.size)
            if straight:
                del shown[i]
                break
        else:
            seen = [(r["before"], r["lower"], r["upper"]) for r in shown]
            return f"no comparison with {float(c.value)!r} in {c.lower and float(c.lower)!r} .. {c.upper and float(c.upper)!r} among {seen[:4]}"
    return None


def judge(answer, t, promises):
    wrong = []
    by_name = {p["constraint"]: p for p in answer["promises"]}
    for p in promises:
        if any(c.near() for c in p.comparisons if not c.missing):
            continue
        got = by_name.get(p.name)
        if got is None and p.each and not p.comparisons:
            # No sample can be in its event, which the compiler warns of.
            continue
        if got is None:
            wrong.append(f"{p.name}: no such promise")
            continue
        verdict, made, not_made = expected(t, p)
        if got["verdict"] != verdict:
            wrong.append(f"{p.name}: {got['verdict']}, expected {verdict}")
        if not p.each and not (p.label and not t.labelled):
            counts = got["comparisons"]
            if (counts["made"], counts["not_made"]) != (made, not_made):
                wrong.append(f"{p.name}: {counts}, expected {made} made and {not_made} not")
            rows = compare_rows(t, p, answer["rows"])
            if rows:
                wrong.append(f"{p.name}: {rows}")
    return wrong


def one(fairc, folder, seed):
    rng = random.Random(seed)
    t, promises = spec(rng)
    text = t.header() + "\n".join(p.text for p in promises) + "\n"
    path, data = folder / f"{seed}.fair", folder / f"{seed}.csv"
    path.write_text(text)
    data.write_text(t.csv())
    command = [fairc, "audit", str(path), "--data", str(data), "--format", "json", "--bootstrap", "0", "-q"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = run.stdout.strip().splitlines()
    answer = json.loads(lines[-1]) if lines else {}
    if run.returncode == 2 or "promises" not in answer:
        refused = {d.get("code") for d in answer.get("diagnostics", []) if d.get("severity") == "error"}
        outcome = ("refused", refused, run.stderr.strip()[:300] + json.dumps(answer.get("diagnostics", answer))[:400])
    else:
        wrong = judge(answer, t, promises)
        # Of a constraint on no sample that there can be, the compiler has told.
        listed = {p["constraint"] for p in answer["promises"]}
        verdicts = [expected(t, p)[0] for p in promises if p.name in listed]
        whole = next((v for v in ("violated", "not checked") if v in verdicts), "held")
        unsure = any(c.near() for p in promises for c in p.comparisons)
        soft = "soft" in text
        if not unsure and not soft and answer["verdict"] != whole:
            wrong.append(f"the whole: {answer['verdict']}, expected {whole}")
        if not unsure and not soft and run.returncode != (0 if whole == "held" else 1):
            wrong.append(f"exit code {run.returncode}, expected {0 if whole == 'held' else 1} for {whole}")
        outcome = ("wrong", wrong, text + data.read_text()[:1500]) if wrong else ("agreed", len(promises), "")
    path.unlink()
    data.unlink()
    return seed, outcome


def main():
    fairc = str(pathlib.Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    agreed = promises = refused = 0
    bad = []
    codes = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for seed, (kind, what, where) in pool.map(lambda seed: one(fairc, pathlib.Path(folder), seed), range(first, first + count)):
            if kind == "agreed":
                agreed, promises = agreed + 1, promises + what
            elif kind == "refused":
                refused += 1
                for code in what or {where[:200]}:
                    codes.setdefault(code, []).append(seed)
            else:
                bad.append(seed)
                if len(bad) <= 10:
                    print(f"seed {seed}: " + "; ".join(what) + f"\n{where}", file=sys.stderr)
    listed = {code: (len(seeds), seeds[:3]) for code, seeds in codes.items()}
    print(f"{agreed} specs with {promises} promises agree, {len(bad)} do not, {refused} were refused: {listed}")
    sys.exit(1 if bad or agreed < count * 0.6 else 0)


if __name__ == "__main__":
    main()
