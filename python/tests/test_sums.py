"""Samples that stay where they are give what the solver on all samples gives."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch._subclasses.fake_tensor import FakeTensorMode

import fairc
from fairc.torch import FairnessLayer, _by_cell
from fairc.torch._sums import Group, Placed, Rows, Samples, Table

from conftest import people
from test_torch import DATA, N, NUMBERS, Z, columns

#: Rows that see groups alone.
SERVED = [name for name in NUMBERS if name != "covariance"]


def apart(program, data=None, **options):
    layer = FairnessLayer(program, data, **options)
    layer._apart = True
    return layer


@pytest.fixture(params=SERVED)
def case(request):
    program = fairc.compile(NUMBERS[request.param])
    return FairnessLayer(program), apart(program), columns(request.param)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_values_are_those_of_the_whole(case, kind):
    whole, layer, data = case
    z = Z.to(kind).unsqueeze(1)
    found, expected = layer(z, columns=data), whole(z, columns=data)
    assert found.dtype == kind and found.shape == z.shape
    # f32 is drawn in by another margin for rounding.
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-14 if kind == torch.float64 else 1e-6)
    problem = layer.program.encode(data).bind()
    assert problem.violation(found.squeeze(1).numpy()) <= (0 if kind == torch.float32 else 1e-15)
    assert (layer.last.status, layer.last.rows) == (whole.last.status, whole.last.rows)
    assert layer.last.multipliers == pytest.approx(whole.last.multipliers, rel=1e-5, abs=1e-9)
    assert layer.last.row_violation <= 1e-15


def test_derivatives_of_both_orders(case):
    whole, layer, data = case
    z = Z.clone().requires_grad_()
    function = lambda z: layer(z, columns=data)
    assert torch.autograd.gradcheck(function, (z,), eps=1e-7, atol=1e-6)
    assert torch.autograd.gradgradcheck(lambda z: function(z) ** 2, (z,), eps=1e-7, atol=1e-5)
    v = torch.linspace(-1, 2, N, dtype=torch.float64)
    gradients = [torch.autograd.grad((one(z, columns=data) * v).sum(), z)[0] for one in (whole, layer)]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-13)
    assert any(multiplier != 0 for multiplier in layer.last.multipliers)


@pytest.mark.parametrize("name", SERVED)
def test_rows_of_a_table(name):
    """The table is where the samples are: cells and sums of a batch are found there."""
    program = fairc.compile(NUMBERS[name])
    table = {key: column.numpy() for key, column in columns(name).items()}
    layer, whole = apart(program, table), FairnessLayer(program, table)
    rows = torch.tensor([5, 3, 40, 41, 42, 7, 8, 20, 21, 3])
    for some in (rows, rows[:4], rows.int(), None, rows[:0]):
        z = Z if some is None else Z[some]
        z = z.clone().requires_grad_()
        torch.testing.assert_close(layer(z, some), whole(z, some), rtol=0, atol=1e-14)
        assert (layer.last.n, layer.last.rows) == (len(z), whole.last.rows)
        gradients = [torch.autograd.grad((one(z, some) ** 2).sum(), z)[0] for one in (layer, whole)]
        torch.testing.assert_close(*gradients, rtol=0, atol=1e-13)
    for wrong, words in (([0, N], f"there is no sample {N} among {N}"), ([0, -1], r"`rows\[1\]` is -1"), ([0], "has 1 values")):
        with pytest.raises((ValueError, fairc.DataError), match=words):
            layer(Z[:2], torch.tensor(wrong))
    torch.testing.assert_close(layer(Z), whole(Z), rtol=0, atol=1e-14)


def test_cells_are_learned_from_batch_to_batch():
    layer, whole = apart(NUMBERS["odds"]), FairnessLayer(NUMBERS["odds"])
    for part in (slice(0, 1), slice(0, 9), slice(9, N), slice(3, 4)):
        batch = {name: values[part] for name, values in columns("odds").items()}
        torch.testing.assert_close(layer(Z[part], columns=batch), whole(Z[part], columns=batch), rtol=0, atol=1e-14)


def test_few_passes_over_the_samples(monkeypatch):
    passes = []
    inner = Samples.sums
    monkeypatch.setattr(Samples, "sums", lambda *arguments: passes.append(1) or inner(*arguments))
    data = people(5000, seed=3)
    layer = apart(NUMBERS["odds"])
    codes = {"sex": torch.tensor([float(s == "male") for s in data["sex"]]), "income": torch.tensor(data["income"])}
    layer(torch.tensor(data["score"]), columns=codes)
    assert 2 <= len(passes) <= 5


class Crossing(Group):
    """Notes how many numbers leave the device."""

    def __init__(self, device):
        super().__init__(False, None, device)
        self.crossed = []

    def add_up(self, sums):
        assert sums.device == self.device
        self.crossed.append(sums.numel())
        return sums


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_on_a_gpu_sums_alone_leave_it(weighted, kind, monkeypatch):
    """On tensors without numbers that claim to be on a GPU: torch refuses operations between two devices."""
    n, cells, cuts = 500, 3, 8
    # They have no numbers to hand over.
    hand_over = lambda sums: SimpleNamespace(numpy=lambda: np.zeros(sums.shape))
    monkeypatch.setattr(torch.Tensor, "cpu", hand_over)
    with FakeTensorMode():
        z = torch.empty(n, 1, device="cuda:0", dtype=kind)
        group = Crossing(z.device)
        # A batch of rows of a table that is there.
        numbers = lambda *shape: torch.zeros(*shape, device="cuda:0", dtype=torch.float64)
        known = SimpleNamespace(count=lambda: cells)
        table, rows = Table.__new__(Table), Rows.__new__(Rows)
        every = _by_cell.Cells(torch.zeros(2 * n, device="cuda:0", dtype=torch.int64), cells)
        whole = Placed(every, numbers(2 * n) if weighted else None, None)
        table.known = (known, z.device, whole, numbers(3, 2 * n))
        rows.table, rows.rows = table, torch.zeros(n, device="cuda:0", dtype=torch.int64)
        placed = rows.placed(known, z.device)
        assert (placed.sums.device, placed.sums.shape) == (z.device, (3 * cells,))
        samples = Samples(z, placed.cells, placed.weight, group)
        between, by_cell = samples.sums(np.zeros((cells, cuts)), np.zeros(cells), 0.0, 1.0)
        assert (between.shape, by_cell.shape) == ((2, cells * (cuts + 1)), (3, cells))
        assert (samples.y.device, samples.y.dtype, samples.y.shape) == (z.device, kind, (n,))
        for transposed in (False, True):
            u = samples.derivative(z, numbers(2, cells), transposed)
            assert (u.device, u.dtype, u.shape) == (z.device, kind, z.shape)
    assert group.crossed == [2 * cells * (cuts + 1) + 3 * cells, cells, cells]


@pytest.mark.parametrize("n", [0, 1, 1023, 1024, 1025, 5000])
@pytest.mark.parametrize("cells", [1, 3, 64])
def test_sums_by_products_are_those_by_adding(n, cells, monkeypatch):
    """What a GPU does, on the host: in one piece and in many."""
    random = torch.Generator().manual_seed(n)
    lines, parted = (torch.randn(2, n, generator=random, dtype=torch.float64) for _ in range(2))
    cell, part = (torch.randint(most, (n,), generator=random) for most in (cells, 9))
    for at_a_time in (1 << 25, 1):
        monkeypatch.setattr(_by_cell, "AT_A_TIME", at_a_time)
        places = _by_cell.Cells(cell, cells)
        for divided in ((None, None, 1), (parted, part, 9)):
            for _ in range(2):
                found = places._by_products(lines, *divided)
                torch.testing.assert_close(found, places.sums(lines, *divided), rtol=0, atol=1e-11)


def test_rows_that_need_the_samples_go_another_way():
    layer = apart(NUMBERS["covariance"])
    expected = FairnessLayer(NUMBERS["covariance"])(Z, columns=columns("covariance"))
    for _ in range(2):
        assert torch.equal(layer(Z, columns=columns("covariance")), expected)


def test_errors_name_the_place(parity):
    layer = apart(NUMBERS["parity"])
    z = Z.clone()
    z[7] = float("inf")
    with pytest.raises(ValueError, match=r"`z\[7\]` is inf, expected a finite number"):
        layer(z, columns=columns("parity"))
    codes = {"sex": columns("parity")["sex"].clone(), "income": columns("parity")["income"]}
    codes["sex"][3] = 7
    with pytest.raises(fairc.DataError, match="7"):
        layer(Z, columns=codes)
    tight = "column sex: {0, 1}\nlabel income: {0, 1}\npredict score: real in [0, 1]\n"
    tight += "constraint a: E[score | sex == 0] >= 0.9\nconstraint b: E[score] <= 0.1\n"
    with pytest.raises(fairc.InfeasibleError):
        apart(tight)(Z, columns=columns("parity"))
