"""The layers and the trainer on a GPU: what the host finds, on the device. Not run where torch finds none."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import fairc
from fairc.torch import FairModel, FairnessLayer, FairTrainer, create_stratified_dataloaders

from conftest import people
from test_model import X, Y, network
from test_torch import CODES, N, NUMBERS, Z, columns

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")

GPU = "cuda:0"


def there(values):
    return {name: value.to(GPU) for name, value in values.items()}


def close(found, expected, kind=torch.float64):
    """Values of a GPU and of the host: sums in another order, and in f32 another margin."""
    assert found.device.type == "cuda" and found.dtype == kind
    torch.testing.assert_close(found.cpu(), expected, rtol=0, atol=1e-13 if kind == torch.float64 else 2e-6)


@pytest.fixture(params=NUMBERS)
def case(request):
    return request.param, fairc.compile(NUMBERS[request.param]), columns(request.param)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(N,), (N, 1)])
def test_values_and_derivatives(case, kind, shape, apart):
    """Of batches that are solved on the host, as small ones are, and on sums, as large ones are."""
    name, program, data = case
    v = torch.linspace(-1, 2, N, dtype=kind).reshape(shape)
    found = []
    for place, codes in (("cpu", data), (GPU, there(data)), (GPU, data)):
        layer = FairnessLayer(program)
        layer._apart = apart and place == GPU
        z = Z.to(kind).reshape(shape).to(place, copy=True).requires_grad_()
        fair = layer(z, columns=codes)
        (gradient,) = torch.autograd.grad((fair**2 * v.to(place)).sum(), z, create_graph=True)
        (second,) = torch.autograd.grad((gradient * v.to(place)).sum(), z)
        found.append((fair.detach(), gradient.detach(), second, layer.last))
    for fair, gradient, second, last in found[1:]:
        close(fair, found[0][0], kind)
        close(gradient, found[0][1], kind)
        close(second, found[0][2], kind)
        assert [row.status for row in last.rows] == [row.status for row in found[0][3].rows]
        problem = program.encode({key: value.cpu() for key, value in data.items()}).bind()
        assert problem.violation(fair.reshape(-1).cpu().numpy()) <= (0 if kind == torch.float32 else 1e-15)


@pytest.mark.parametrize("name", [name for name in NUMBERS if name not in ("covariance", "bends")])
def test_rows_of_a_table_stay_there(name, monkeypatch):
    """No tensor as long as the batch goes to the host, forward or backward."""
    program, n = fairc.compile(NUMBERS[name]), 5000
    table = people(n, seed=4)
    table = {
        "sex": (table["sex"] == "male").astype(float),
        "income": table["income"],
        "w": np.random.default_rng(0).choice([0.0, 1.0, 2.5], n),
        "score": table["score"],
    }
    rows = torch.randperm(n, generator=torch.Generator().manual_seed(1))[:2000]
    z = torch.tensor(table["score"])[rows]
    host, layer = FairnessLayer(program, table), FairnessLayer(program, table)
    expected = host(z, rows)
    layer._apart = True
    layer(z.to(GPU), rows.to(GPU))
    crossed = []
    for method in ("cpu", "numpy", "tolist", "item"):
        inner = getattr(torch.Tensor, method)

        def note(tensor, *arguments, inner=inner, **named):
            if tensor.is_cuda:
                crossed.append(tensor.numel())
            return inner(tensor, *arguments, **named)

        monkeypatch.setattr(torch.Tensor, method, note)
    there = z.to(GPU).requires_grad_()
    fair = layer(there, rows.to(GPU))
    fair.sum().backward()
    monkeypatch.undo()
    close(fair.detach(), expected)
    assert crossed and max(crossed) < 500, crossed
    assert there.grad.is_cuda


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_compiled_graphs(backend):
    if backend == "inductor":
        pytest.importorskip("triton")
    torch._dynamo.reset()
    layer = FairnessLayer(fairc.compile(NUMBERS["odds"]))
    codes = there(CODES)

    def loss(z):
        return (layer(torch.sigmoid(z), columns=codes) ** 2).sum()

    found = []
    for function in (loss, torch.compile(loss, backend=backend, fullgraph=True)):
        z = Z.to(GPU).requires_grad_()
        found.append(torch.autograd.grad(function(z), z)[0])
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)


def test_derivatives_by_params():
    found = []
    for place in ("cpu", GPU):
        layer = FairnessLayer(NUMBERS["parity"])
        eps = torch.tensor(0.01, dtype=torch.float64, device=place, requires_grad=True)
        fair = layer(Z.to(place), sex=CODES["sex"].to(place), params={"eps": eps})
        found.append(torch.autograd.grad((fair**2).sum(), eps)[0].cpu())
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)
    assert found[0] != 0


@pytest.mark.parametrize("narrow", [torch.float16, torch.bfloat16])
def test_narrow_floats_under_autocast(narrow):
    layer = FairnessLayer(NUMBERS["parity"])
    net = network().to(GPU)
    with torch.autocast("cuda", dtype=narrow):
        z = net(X.to(GPU))
        fair = layer(z, sex=X[:, 0].to(GPU))
    assert fair.dtype == torch.float32 and fair.is_cuda
    values, group = fair.detach().double().cpu().reshape(-1), X[:, 0]
    assert abs(values[group == 0].mean() - values[group == 1].mean()) <= 0.02 + 1e-12
    fair.sum().backward()
    assert all(part.grad.isfinite().all() for part in net.parameters())


@pytest.mark.parametrize("apart", [False, True])
def test_on_a_stream_of_its_own(apart):
    layer, expected = FairnessLayer(NUMBERS["odds"]), FairnessLayer(NUMBERS["odds"])(Z, columns=CODES)
    layer._apart = apart
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        wide = torch.randn(2000, 2000, device=GPU)
        for _ in range(5):
            wide = wide @ wide / 2000
        # What is asked for must wait for what the stream has still to do.
        z = Z.to(GPU) + 0 * wide.sum().nan_to_num(0, 0, 0)
        fair = layer(z, columns=there(CODES))
    torch.cuda.current_stream().wait_stream(stream)
    close(fair, expected)


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_wrong_is_told(apart):
    layer = FairnessLayer(NUMBERS["parity"])
    layer._apart = apart
    z = Z.to(GPU, copy=True)
    z[7] = float("inf")
    with pytest.raises(ValueError, match=r"`z\[7\]` is inf, expected a finite number"):
        layer(z, sex=CODES["sex"].to(GPU))
    with pytest.raises(fairc.DataError, match="7"):
        layer(Z.to(GPU), sex=torch.full((N,), 7.0, device=GPU))
    assert layer(torch.zeros(0, device=GPU), sex=torch.zeros(0, device=GPU)).shape == (0,)


@pytest.mark.parametrize("cells", [2, 5, 40])
def test_large_batches_give_the_same_bits_every_time(cells):
    n = 300_000
    random = np.random.default_rng(5)
    group = random.integers(0, cells, n)
    score = np.clip(random.random(n) * 0.8 + 0.2 * group / cells, 0, 1)
    levels = ", ".join(map(str, range(cells)))
    program = fairc.compile(f"column g: {{{levels}}}\npredict s: real in [0, 1]\nuse demographic_parity(g, 0.02)\n")
    layer, z = FairnessLayer(program, {"g": group, "s": score}), torch.tensor(score)
    expected = layer(z)
    found = [layer(z.to(GPU)) for _ in range(3)]
    close(found[0], expected)
    assert program.encode({"g": group, "s": score}).bind().violation(found[0].cpu().numpy()) <= 1e-15
    if cells <= 32:
        assert all(torch.equal(again, found[0]) for again in found[1:])


def test_the_trainer():
    """A training on the GPU ends where one on the host does, and what it leaves serves both."""
    found = {}
    for place in ("cpu", GPU):
        torch.manual_seed(0)
        x, y = X.numpy(), Y.numpy()
        train, valid = create_stratified_dataloaders(x[:300], y[:300], x[300:], y[300:], batch_size_train=100)
        model = FairModel.wrap(network(), 0)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        trainer = FairTrainer(model, torch.nn.BCELoss(), optimizer, device=place)
        history = trainer.fit(train, valid, epochs=3, verbose=0)
        assert {part.device.type for part in model.parameters()} == {torch.device(place).type}
        found[place] = history
    for key, values in found["cpu"].items():
        np.testing.assert_allclose(found[GPU][key], values, rtol=0, atol=1e-4, err_msg=key)
