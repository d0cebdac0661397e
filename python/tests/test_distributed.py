"""Two processes with half of a batch each do what one does with the whole batch."""

import os

import pytest

torch = pytest.importorskip("torch")

import torch.distributed as dist
import torch.multiprocessing as mp

from fairc.torch import FairnessLayer

from test_torch import CODES, N, NUMBERS, Z, columns

#: Uneven parts.
CUTS = {2: [0, 25, N], 4: [0, 25, 26, 40, N]}


def network():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()


def inputs():
    return torch.stack([Z, CODES["sex"].double()], dim=1)


def step(net, layer, part, data):
    """The sum of squares of this part's fair predictions, and what the network gives."""
    fair = layer(net(inputs()[part]), columns={name: values[part] for name, values in data.items()})
    loss = (fair**2).sum() + fair.sum() * 0.1
    return fair, loss


def join(rank, world, store):
    """A file brings the processes together: no port that another might take, nobody whose end takes the others along."""
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=world)


def worker(rank, world, store, name, out):
    join(rank, world, store)
    torch.set_num_threads(1)
    cuts = CUTS[world]
    part = slice(cuts[rank], cuts[rank + 1])
    net = torch.nn.parallel.DistributedDataParallel(network())
    data = {**columns(name), "sex": CODES["sex"].bool()}
    layer = FairnessLayer(NUMBERS[name], distributed=True)
    sent = watched(lambda: step(net, layer, part, data)[1].backward())
    net.zero_grad()
    fair, loss = step(net, layer, part, data)
    loss.backward()
    # DDP means over processes; the loss of the whole batch is the sum.
    gradients = [p.grad * world for p in net.parameters()]
    torch.save([fair.detach(), gradients, sent, layer.last.n, of_table(net, name, part)], out.format(rank))
    # Who leaves first would take the others' connections along.
    dist.barrier()
    dist.destroy_process_group()
    # Threads of gloo can outlive it, and then abort the process as it ends.
    os._exit(0)


def of_table(net, name, part):
    """The answers of layers that have the table, on the host and where the samples are."""
    table = {key: column.numpy() for key, column in columns(name).items()}
    rows, answers = torch.arange(N)[part], []
    for there in (False, True):
        layer = FairnessLayer(NUMBERS[name], table, distributed=True)
        layer._apart = there
        with torch.no_grad():
            answers.append(layer(net(inputs()[part]), rows))
    return answers


def watched(run):
    """The sizes of the tensors that the layer sends."""
    sizes = []
    reduce, gather = dist.all_reduce, dist.all_gather
    dist.all_reduce = lambda tensor, *args, **named: sizes.append(tensor.numel()) or reduce(tensor, *args, **named)
    dist.all_gather = lambda out, tensor, **named: sizes.append(tensor.numel()) or gather(out, tensor, **named)
    run()
    dist.all_reduce, dist.all_gather = reduce, gather
    return sizes


@pytest.mark.parametrize(("world", "name"), [(2, "odds"), (2, "weighted"), (2, "covariance"), (4, "parity")])
def test_the_global_batch_is_what_counts(world, name, tmp_path):
    out = str(tmp_path / "part{}.pt")
    mp.spawn(worker, (world, str(tmp_path / "store"), name, out), nprocs=world)
    parts = [torch.load(out.format(rank)) for rank in range(world)]

    net, layer = network(), FairnessLayer(NUMBERS[name])
    fair, loss = step(net, layer, slice(0, N), columns(name))
    loss.backward()
    found = torch.cat([part[0] for part in parts])
    if name == "covariance":
        # Its rows need the samples, which all processes gather.
        assert torch.equal(found, fair.detach())
    else:
        torch.testing.assert_close(found, fair.detach(), rtol=0, atol=1e-14)
        assert max(size for part in parts for size in part[2]) < 60, "sums by cell are sent, whatever the samples"
    for answers in zip(*(part[4] for part in parts), strict=True):
        torch.testing.assert_close(torch.cat(answers), found, rtol=0, atol=1e-14)
    assert {part[3] for part in parts} == {layer.last.n}
    assert layer.program.encode(columns(name)).bind().violation(found.squeeze(1).numpy()) <= 1e-15
    for _, gradients, *_ in parts:
        for a, b in zip(gradients, net.parameters(), strict=True):
            torch.testing.assert_close(a, b.grad, rtol=1e-12, atol=1e-13)
    # What the test would not see if each process had constrained its own part.
    alone = torch.cat([
        step(network(), FairnessLayer(NUMBERS[name]), slice(a, b), columns(name))[0].detach()
        for a, b in zip(CUTS[world], CUTS[world][1:], strict=False) if b > a
    ])
    assert not torch.equal(found, alone)


def failing(rank, world, store, out):
    join(rank, world, store)
    layer = FairnessLayer(NUMBERS["parity"], distributed=True)
    told = []
    for z, sex in [(0.5, 7.0 if rank else 1.0), (float("nan") if rank else 0.5, 1.0), (0.5, float(rank))]:
        part = {"sex": torch.tensor([sex, 1.0]), "income": torch.tensor([0, 1])}
        try:
            layer(torch.tensor([z, 0.5], dtype=torch.float64), columns=part)
        except Exception as error:
            told.append(str(error))
    torch.save(told, out.format(rank))
    # Who leaves first would take the others' connections along.
    dist.barrier()
    dist.destroy_process_group()


def test_no_process_waits_for_one_that_fails(tmp_path):
    out = str(tmp_path / "told{}.pt")
    mp.spawn(failing, (2, str(tmp_path / "store"), out), nprocs=2)
    (told, other), (own, wild) = torch.load(out.format(0)), torch.load(out.format(1))
    assert told == "another process could not encode its part of the batch; its error says why"
    assert "7" in own and "sex" in own
    assert other == "the predictions of another process are not finite, or too large"
    assert wild == "`z[0]` is nan, expected a finite number"
