"""``raw(score)``: predictions as they were handed in, in every call and in the derivatives of the layer."""

import numpy as np
import pytest

import fairc

from conftest import people

HEADER = """
column sex: {0, 1}
column age: real
predict score: real in [0, 1]
param eps = 0.02 in [0, 1]
"""
#: Raw predictions in limits, in coefficients beside a column, in totals, in deviations, in bounds of single predictions.
BODIES = {
    "limit": "constraint c: E[score | sex == 0] >= E[raw(score) | sex == 0] + 0.05",
    "equality": "constraint c: E[score] == 0.9 * E[raw(score)]\nconstraint d: |E[score | sex == 0] - E[score | sex == 1]| <= eps",
    "factor": "constraint c: E[raw(score) * score | sex == 1] - E[raw(score) * score | sex == 0] <= eps",
    "beside a column": "constraint c: E[exp(raw(score) * age) * score | sex == 1] <= E[exp(raw(score)) * score | sex == 0] / 2",
    "coefficient": "constraint c: E[score | sex == 1] * E[raw(score)] <= 0.2",
    "covariance": "constraint c: |Cov[score, raw(score)]| <= 0.5 * Var[raw(score)]",
    "floor": "constraint c: each where sex == 0: score >= raw(score) + 0.15\nconstraint d: |E[score | sex == 0] - E[score | sex == 1]| <= eps",
    "both bounds": "constraint c: each: |score - raw(score)| <= 0.02 + 0.1 * abs(raw(score))\nconstraint d: E[score | sex == 0] >= E[score | sex == 1] - 0.05",
    "turned bounds": "constraint c: each where sex == 1: -2 * score >= -1.5 * raw(score) - 0.1\nconstraint d: E[score] == 0.45",
    "distance": "constraint c: E[|score - 0.9 * raw(score)| | sex == 0] <= 0.02\nconstraint d: E[score] <= E[raw(score)] - 0.03",
    "bend": "constraint c: E[max(score - raw(score) / 2, 0) | sex == 1] <= E[raw(score)] / 4",
    "distance within bounds": "constraint c: each where sex == 0: score >= raw(score) + 0.15\nconstraint d: E[|score - 0.6 * raw(score)|] <= 0.3",
    "soft": "constraint c (soft = 0.4): |E[raw(score) * score | sex == 0] - E[score | sex == 1]| <= eps",
}
N = 60
DATA = people(N, seed=11)
CODES = {"sex": (DATA["sex"] == "male").astype(float), "age": np.linspace(-1, 1, N)}
WEIGHT = np.random.default_rng(2).choice([0.0, 1.0, 2.5], N)


def compiled(name: str, weighted: bool = False) -> fairc.Program:
    return fairc.compile(HEADER + ("weight w\n" if weighted else "") + BODIES[name])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", BODIES)
def test_derivatives_are_those_of_finite_differences(name, weighted):
    torch = pytest.importorskip("torch")
    from fairc.torch import FairnessLayer

    program = compiled(name, weighted)
    data = {**CODES, **({"w": WEIGHT} if weighted else {})}
    by_table = FairnessLayer(program, data)
    by_batch = FairnessLayer(program)
    columns = {key: torch.tensor(values) for key, values in data.items()}
    v = torch.tensor(np.random.default_rng(5).normal(size=N))
    z = torch.tensor(DATA["score"]).requires_grad_()
    found = []
    for layer, batch in [(by_table, {}), (by_batch, {"columns": columns})]:
        fair = layer(z, **batch)
        np.testing.assert_allclose(fair.detach().numpy(), program.project({**data, "score": DATA["score"]}).y, atol=1e-12)
        (found_here,) = torch.autograd.grad((fair * v).sum(), z)
        found.append(found_here.numpy())
        assert layer.last.status == "optimal"
    np.testing.assert_array_equal(*found)
    # Central differences wherever both sides are on one piece: where halving the step changes nothing.
    value = lambda at: float((by_table(torch.tensor(at)) * v).sum())
    compared = 0
    for sample in range(N):
        slopes = []
        for step in (2e-6, 1e-6):
            up, down = DATA["score"].copy(), DATA["score"].copy()
            up[sample] += step
            down[sample] -= step
            slopes.append((value(up) - value(down)) / (2 * step))
        if abs(slopes[0] - slopes[1]) < 1e-6 * max(1, abs(slopes[0])):
            compared += 1
            assert abs(found[0][sample] - slopes[1]) < 2e-6 * max(1, abs(slopes[1])), f"{name}: sample {sample}"
    assert compared > N * 0.8
    # And not those without what goes through the rows.
    problem = by_table.data.bind(raw=DATA["score"])
    plain = problem.project(DATA["score"]).vjp(v.numpy()).z
    assert np.abs(plain - found[0]).max() > 1e-4, name


def test_derivatives_in_single_precision_are_near():
    torch = pytest.importorskip("torch")
    from fairc.torch import FairnessLayer

    layer, gradients = FairnessLayer(compiled("factor"), CODES), []
    for kind in (torch.float64, torch.float32):
        z = torch.tensor(DATA["score"], dtype=kind).requires_grad_()
        (layer(z) ** 2).sum().backward()
        gradients.append(z.grad.double().numpy())
    np.testing.assert_allclose(*gradients, atol=1e-5)


def test_what_the_layer_cannot_is_refused():
    torch = pytest.importorskip("torch")
    from fairc.torch import FairnessLayer

    z = torch.tensor(DATA["score"]).requires_grad_()
    layer = FairnessLayer(compiled("limit"), CODES)
    (first,) = torch.autograd.grad((layer(z) ** 2).sum(), z, create_graph=True)
    with pytest.raises(NotImplementedError, match="first order"):
        first.sum().backward()
    event = fairc.compile(HEADER + "constraint c: E[score | raw(score) >= 0.5] >= 0.6")
    with pytest.raises(fairc.DataError, match="an event cannot depend on them there"):
        FairnessLayer(event, CODES)
    with pytest.raises(fairc.DataError, match="this batch has none"):
        compiled("limit").encode(CODES).bind()
    with pytest.raises(fairc.DataError, match="59 raw predictions for 60 samples"):
        compiled("limit").encode(CODES).bind(raw=DATA["score"][1:])


def test_every_call_knows_what_it_is_given():
    program, table = compiled("floor"), {**CODES, "score": DATA["score"], "other": DATA["score"] + 0.01}
    by_column = program.project(table)
    by_vector = program.project(CODES, DATA["score"])
    np.testing.assert_array_equal(by_column.y, by_vector.y)
    assert (by_column.y >= np.where(CODES["sex"] == 0, DATA["score"] + 0.15, 0) - 1e-12).all()
    assert not np.array_equal(program.project(table, "other").y, by_column.y)
    assert program.price(CODES, DATA["score"], sweep={"eps": [0.0, 0.5]}).json() == program.price(table, sweep={"eps": [0.0, 0.5]}).json()
    shifts = program.freeze(table)
    assert shifts == program.freeze(CODES, DATA["score"])
    np.testing.assert_allclose(program.apply(shifts, CODES, DATA["score"]).y, by_column.y, atol=1e-9)
    fair = by_column.y
    unknown = program.audit(CODES, fair)
    assert (unknown.verdict, unknown.passed) == ("not checked", False)
    assert "the raw predictions, which were not given" in unknown.text()
    assert program.audit(CODES, fair, raw=DATA["score"]).verdict == "held"
    assert program.audit({**table, "fair": fair}, "fair", raw="score").verdict == "held"
    assert program.audit({**table, "fair": fair}, "fair", raw="other").verdict == "violated"
    with pytest.raises(fairc.DataError, match="59 raw predictions for 60 samples"):
        program.audit(CODES, fair, raw=DATA["score"][1:])
    with pytest.raises(fairc.DataError, match="no column `row`"):
        program.audit(table, "other", raw="row")
    wild = DATA["score"].copy()
    wild[7] = np.nan
    with pytest.raises(fairc.DataError, match="NaN|nan"):
        program.audit(CODES, fair, raw=wild)


def test_decisions_and_streams_know_it_too():
    spec = HEADER + "constraint c: E[score | sex == 0, raw(score) >= 0.5] >= 0.5 * P[raw(score) >= 0.5]"
    program = fairc.compile(spec)
    table = {**CODES, "score": DATA["score"]}
    assert program.decide(table).verdict == "held"
    stream = fairc.Stream(compiled("limit"), method="hard")
    part = lambda at: {key: values[at : at + 20] for key, values in CODES.items()}
    parts = [stream.answer(part(at), DATA["score"][at : at + 20]) for at in (0, 20, 40)]
    women = CODES["sex"] == 0
    fair = np.concatenate(parts)
    assert fair[women].mean() >= DATA["score"][women].mean() + 0.05 - 1e-9
