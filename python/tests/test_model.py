"""The model, loaders and trainer: what tests of the reference package ask for, and what it cannot do.

Its intentions: wrapping, bounds, metrics, loaders, training, checkpoints, inference on streams.
"""

import copy
import math
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

import fairc
from fairc.torch import (
    FairModel,
    FairTrainer,
    StratifiedBatches,
    create_dataloaders,
    create_stratified_dataloaders,
)


def data(n=400, seed=0, groups=2):
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, 4)).astype(np.float32)
    x[:, 0] = random.integers(0, groups, n)
    x[:, 1] = random.integers(0, 2, n)
    y = (random.random(n) < 1 / (1 + np.exp(-x[:, 2] - 0.8 * x[:, 0]))).astype(np.float32)
    return x, y


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())


def gap(fair, group):
    fair = fair.detach().numpy().reshape(-1).astype(float)
    values = [fair[group == value].mean() for value in np.unique(group)]
    return max(values) - min(values)


X, Y = (torch.tensor(part) for part in data())


# Wrapping


def test_wrap_keeps_the_network_and_finds_its_bounds():
    net = network()
    model = FairModel.wrap(net, protected_attr_idx=0)
    assert model.network is net and model.prediction_bounds == (0.0, 1.0)
    assert FairModel.wrap(net[:3], 0).prediction_bounds == (-math.inf, math.inf)
    assert FairModel.wrap(nn.Sequential(net[:3], nn.Tanh()), 0).prediction_bounds == (-1.0, 1.0)
    assert FairModel.wrap(net, 0, prediction_bounds=(0.1, 0.8)).prediction_bounds == (0.1, 0.8)
    fair = model(X)
    assert fair.shape == (400, 1) and gap(fair, X[:, 0].numpy()) <= 0.05


def test_wrap_does_not_train_or_evaluate_the_network():
    net = network().train()
    FairModel.wrap(net, 0)
    assert net.training


def test_the_backbone_may_be_blind():
    net = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    model = FairModel.wrap(net, 0, exclude_protected_from_backbone=True)
    assert model(X).shape == (400, 1)
    with pytest.raises(RuntimeError):
        FairModel.wrap(net, 0)(X)


def test_a_network_of_linear_layers_is_built():
    model = FairModel(input_dim=4, hidden_dims=[8, 4], activation="tanh", fairness_tolerance=0.01)
    assert [type(layer).__name__ for layer in model.network] == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert gap(model(X), X[:, 0].numpy()) <= 0.01
    with pytest.raises(ValueError, match="hand over `custom_network`"):
        FairModel(input_dim=4)
    with pytest.raises(ValueError, match="`activation` is 'relo'"):
        FairModel(input_dim=4, hidden_dims=[2], activation="relo")


# Bounds


def test_bounds_are_checked_and_hold():
    with pytest.raises(ValueError, match="expected the lower one first"):
        FairModel(4, [8], prediction_bounds=(1.0, 0.0))
    model = FairModel(4, [8], prediction_bounds=(0.2, 0.3))
    fair = model(X * torch.tensor([1, 10, 10, 10])).detach()
    assert fair.min() >= np.float32(0.2) and fair.max() <= np.float32(0.3)


# Metrics


@pytest.mark.parametrize("metric", ["mean_pred", "mean_residual", "equalized_odds"])
@pytest.mark.parametrize("attributes", [[0], [0, 1]])
def test_metrics_hold_on_every_batch(metric, attributes):
    model = FairModel.wrap(network(), attributes, fairness_metric=metric, fairness_tolerance=0.01)
    assert model.requires_targets == (metric != "mean_pred")
    fair = model(X, Y).detach().double().numpy().reshape(-1)
    label = Y.numpy().astype(float)
    for index in attributes:
        group = X[:, index].numpy()
        for value in (0, 1):
            if metric == "mean_residual":
                assert abs((label - fair)[group == value].mean()) <= 0.01 + 1e-9
            if metric == "equalized_odds":
                means = [fair[(group == g) & (label == value)].mean() for g in (0, 1)]
                assert abs(means[0] - means[1]) <= 0.01
        if metric == "mean_pred":
            assert gap(torch.tensor(fair), group) <= 0.01
    assert model.gap(fair, X, Y) <= 0.01 + 1e-9


def test_other_names_and_unknown_metrics():
    for name in ("demographic_parity", "Mean_Residual_Fairness", "equalized_residuals"):
        FairModel.wrap(network(), 0, fairness_metric=name)
    with pytest.raises(ValueError, match="`fairness_metric` is 'nonsense', expected one of"):
        FairModel.wrap(network(), 0, fairness_metric="nonsense")


def test_metrics_that_need_labels_ask_for_them():
    model = FairModel.wrap(network(), 0, fairness_metric="equalized_odds")
    with pytest.raises(ValueError, match="read the label; hand it over as `y`"):
        model(X)


def test_metrics_of_ones_own():
    own = "constraint low: E[score | x0 == 1] >= 0.6\nconstraint gap: |E[score | x0 == 0] - E[score | x0 == 1]| <= eps\n"
    model = FairModel.wrap(network(), 0, fairness_metric=own, fairness_tolerance=0.02)
    fair, group = model(X), X[:, 0].numpy()
    assert fair.detach().double().numpy().reshape(-1)[group == 1].mean() >= 0.6 and gap(fair, group) <= 0.02
    with pytest.raises(fairc.CompileError) as caught:
        FairModel.wrap(network(), 0, fairness_metric="constraint a: E[score * score] <= 1\n")
    assert caught.value.code == "E0401"


def test_any_number_of_attributes_with_any_values():
    x, y = data(groups=5)
    x[:, 1], x[:, 3] = np.arange(400) % 3, np.arange(400) % 2
    model = FairModel.wrap(network(), [0, 1, 3], levels={0: range(5), 1: [0, 1, 2]}, fairness_tolerance=0.01)
    assert len(model.program.rows) == 10 + 3 + 1
    fair = model(torch.tensor(x))
    assert all(gap(fair, x[:, index]) <= 0.01 for index in (0, 1, 3))


def test_values_that_are_no_level_are_told():
    x = X.clone()
    x[7, 0] = 2
    with pytest.raises(fairc.DataError) as caught:
        FairModel.wrap(network(), 0)(x)
    assert caught.value.code == "E0702" and "row 8" in caught.value.message


def test_the_tolerance_can_be_changed():
    model = FairModel.wrap(network(), 0, fairness_tolerance=0.5)
    model.fairness_tolerance = 0.001
    assert gap(model(X), X[:, 0].numpy()) <= 0.001


def test_gradients_reach_the_network():
    model = FairModel.wrap(network(), 0, fairness_tolerance=0.01)
    nn.functional.binary_cross_entropy(model(X).clamp(1e-6, 1 - 1e-6), Y.unsqueeze(1)).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    assert sum(p.grad.abs().sum() for p in model.parameters()) > 0


def test_a_batch_without_a_group_is_answered():
    women = X[X[:, 0] == 0]
    model = FairModel.wrap(network(), 0)
    assert model(women).shape == (len(women), 1)
    assert [row.status for row in model.layer.last.rows] == ["skipped"]


# Loaders


def test_stratified_batches_have_their_shares_and_drop_nothing():
    x, y = data(n=1003, groups=3)
    (loader,) = create_stratified_dataloaders(x, y, protected_attr_idx=[0, 1], batch_size_train=100)
    sizes, seen = [], []
    cells = {(a, b): ((x[:, 0] == a) & (x[:, 1] == b)).sum() for a in range(3) for b in range(2)}
    for bx, by in loader:
        assert by.shape == (len(bx), 1) and bx.dtype == torch.float32
        sizes.append(len(bx))
        seen.append(bx)
        for (a, b), total in cells.items():
            share = total / len(loader)
            assert abs(int(((bx[:, 0] == a) & (bx[:, 1] == b)).sum()) - share) <= 2
    assert max(sizes) - min(sizes) <= 1 and max(sizes) <= 100
    whole = torch.cat(seen).numpy()
    assert sorted(map(tuple, whole)) == sorted(map(tuple, x))


def test_epochs_differ_and_repeat_with_the_seed():
    cells = np.repeat([0, 1, 2], [50, 30, 7])
    first, same = StratifiedBatches(cells, 16, seed=3), StratifiedBatches(cells, 16, seed=3)
    one, two = list(first), list(first)
    assert one != two and one == list(same)
    same.set_epoch(1)
    assert two == list(same)
    assert list(StratifiedBatches(cells, 16, seed=4)) != one
    for batches in (one, two):
        assert sorted(sum(batches, [])) == list(range(87))
    with pytest.raises(ValueError, match="`batch_size` is 0"):
        StratifiedBatches(cells, 0)
    with pytest.raises(ValueError, match="no samples"):
        StratifiedBatches([], 4)


def test_three_loaders_and_both_kinds_of_input():
    x, y = data(200)
    loaders = create_stratified_dataloaders(torch.tensor(x), torch.tensor(y), x, y, x, y, by_label=True, batch_size_eval=64)
    assert [sum(len(bx) for bx, _ in loader) for loader in loaders] == [200, 200, 200]
    order = [torch.cat([bx for bx, _ in loaders[1]]) for _ in range(2)]
    assert torch.equal(*order)
    plain = create_dataloaders(x, y, x, y, batch_size_train=64)
    assert [len(loader) for loader in plain] == [4, 4] and len(create_dataloaders(x, y)) == 1


# Training


def trained(metric="mean_pred", epochs=8, **options):
    x, y = data(600, seed=1)
    loaders = create_stratified_dataloaders(x, y, *data(300, seed=2), *data(300, seed=3), batch_size_train=150, batch_size_eval=100)
    model = FairModel.wrap(network(), 0, fairness_metric=metric, fairness_tolerance=0.02)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    trainer = FairTrainer(model, nn.MSELoss(), optimiser, **options)
    return trainer, loaders, trainer.fit(loaders[0], loaders[1], epochs=epochs, verbose=0)


@pytest.mark.parametrize("metric", ["mean_pred", "mean_residual", "equalized_odds"])
def test_training_lowers_the_loss_and_keeps_the_gap(metric):
    trainer, loaders, history = trained(metric)
    assert history["train_loss"][-1] < history["train_loss"][0]
    assert {len(values) for values in history.values()} == {8}
    # The loaders keep the shares of the groups, not those of the labels in them.
    assert metric != "mean_pred" or max(history["train_fairness_gap"]) <= 0.0205
    metrics = trainer.evaluate(loaders[2], return_predictions=True)
    assert metrics["predictions"].shape == (300, 1) and metrics["predictions"].min() >= 0
    assert metrics["fairness_gap_attr_0"] == metrics["pooled_fairness_gap"] <= 0.06
    assert metrics["weighted_avg_fairness_gap"] == metrics["fairness_gap"]
    assert set(metrics["protected"]) == {0}


def test_early_stopping_restores_the_best_weights():
    trainer, loaders, history = trained(epochs=60, early_stopping_patience=3, early_stopping_delta=0.01)
    assert len(history["val_loss"]) < 60
    again, _ = trainer._epoch(loaders[1], training=False)
    assert again == pytest.approx(min(history["val_loss"][: -3]), abs=1e-6)


def test_schedules_step():
    x, y = data(100)
    (loader,) = create_stratified_dataloaders(x, y)
    model = FairModel.wrap(network(), 0)
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, 1, gamma=0.5)
    history = FairTrainer(model, nn.MSELoss(), optimiser, scheduler=schedule).fit(loader, epochs=3, verbose=0)
    assert history["learning_rate"] == [1.0, 0.5, 0.25]


def test_progress_is_printed(capsys):
    x, y = data(100)
    (loader,) = create_stratified_dataloaders(x, y)
    model = FairModel.wrap(network(), 0)
    trainer = FairTrainer(model, nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1))
    trainer.fit(loader, epochs=4, log_interval=2)
    assert capsys.readouterr().out.count("train fairness gap") == 2


# Checkpoints


def test_a_checkpoint_goes_on_to_the_same_weights(tmp_path):
    trainer, loaders, _ = trained(epochs=2)
    trainer.save_checkpoint(tmp_path / "run.pt")
    other = FairModel.wrap(network(), 0, fairness_tolerance=0.4)
    second = FairTrainer(other, nn.MSELoss(), torch.optim.Adam(other.parameters(), lr=0.9))
    second.load_checkpoint(tmp_path / "run.pt")
    assert second.history == trainer.history and second.best_val_loss == trainer.best_val_loss
    assert second.model.fairness_tolerance == 0.02
    batches = [list(loaders[0])] * 1
    for one in (trainer, second):
        one.fit(batches[0], epochs=2, verbose=0)
    for a, b in zip(trainer.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    stranger = FairModel.wrap(network(), 0, fairness_metric="equalized_odds")
    with pytest.raises(RuntimeError, match="belongs to a spec with the fingerprint"):
        FairTrainer(stranger, nn.MSELoss(), torch.optim.Adam(stranger.parameters())).load_checkpoint(tmp_path / "run.pt")


def test_models_are_pickled_and_copied():
    model = FairModel.wrap(network(), 0, fairness_tolerance=0.03, b_tau=1000)
    model(X[:8], inference=True)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(X), model(X))
        assert other.inference_stats()["total_samples"] == 8


# Inference on streams


@pytest.mark.parametrize("online", ["primal_dual", "smooth", "hard"])
def test_small_batches_are_answered_as_a_stream(online):
    model = FairModel.wrap(network(), 0, fairness_tolerance=0.02, b_tau=64, online=online, eta_0=0.5).eval()
    answers = [model(X[at : at + 10], inference=True).detach() for at in range(0, 400, 10)]
    pooled = gap(torch.cat(answers), X[:, 0].numpy())
    own = gap(model.network(X), X[:, 0].numpy())
    assert pooled < own and pooled <= {"primal_dual": 0.15, "smooth": 0.05, "hard": 0.0201}[online]
    if online == "primal_dual":
        stats = model.inference_stats()
        assert stats["num_batches"] > 30 and stats["lambda_final"] >= 0
    assert gap(model(X, inference=True), X[:, 0].numpy()) <= 0.02


def test_a_stream_survives_in_the_state():
    model = FairModel.wrap(network(), 0, b_tau=64, fairness_tolerance=0.02).eval()
    for at in range(0, 200, 10):
        model(X[at : at + 10], inference=True)
    other = FairModel.wrap(network(), 0, b_tau=64, fairness_tolerance=0.3).eval()
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(X[200:210], inference=True), model(X[200:210], inference=True))
    model.reset_inference_state()
    assert math.isnan(model.inference_stats()["weighted_avg_fairness_gap"])


def test_aggregate_statistics():
    model = FairModel.wrap(network(), [0, 1], fairness_tolerance=0.02, b_tau=64)
    (loader,) = create_stratified_dataloaders(X, Y, protected_attr_idx=[0, 1], batch_size_train=32)
    stats = model.get_aggregate_fairness_stats(loader)
    assert stats["total_samples"] == 400 and stats["num_batches"] == 13
    assert stats["pooled_aggregate_gap"] == max(stats["per_attribute_gaps"].values())
    assert set(stats["per_attribute_gaps"]) == {0, 1} and stats["weighted_avg_fairness_gap"] > 0


def test_the_highest_price_is_not_the_last():
    model = FairModel.wrap(network(), 0, fairness_tolerance=0.05, b_tau=64).eval()
    prices = []
    for at in range(0, 400, 10):
        model(X[at : at + 10], inference=True)
        prices.append(model.inference_stats()["lambda_final"])
    assert model.inference_stats()["lambda_max"] == max(prices) > prices[-1]
    copied = copy.deepcopy(model)
    assert copied.inference_stats()["lambda_max"] == max(prices)
    model.reset_inference_state()
    assert model.inference_stats()["lambda_max"] == 0


def test_rows_without_a_tolerance_have_a_gap_of_their_own():
    model = FairModel.wrap(network(), 0, fairness_metric="constraint low: E[score] >= 0.6\nconstraint same: |E[score | x0 == 0] - E[score]| <= eps")
    assert model.gaps(np.full(400, 0.7), X) == {"low": 0, "same": pytest.approx(0)}
    assert model.gaps(np.full(400, 0.5), X)["low"] == pytest.approx(0.1)


def test_batches_of_at_least_a_size():
    x, y = data(130)
    (loader,) = create_stratified_dataloaders(x, y, batch_size_train=60, at_least=True)
    assert [len(bx) for bx, _ in loader] == [65, 65]
    assert loader.batch_sampler.batch_size == 65
