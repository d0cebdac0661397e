"""The names of ``fairness_training`` 0.1.0: its own test suite passes after a change of the import, and what that does not ask."""

import copy
import os
import pathlib
import pickle
import re
import subprocess
import sys
import tarfile
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

import fairc
import fairc.torch
from fairc.compat import fairness_training as compat
from fairc.compat.fairness_training import viz
from fairc.compat.fairness_training.fairness_metrics import FairnessMetric

OURS = "fairc.compat.fairness_training"

#: Its tests that make constraints with CVXPY. They run with an empty module of that name, and what they ask for must come
#: about without it: here a metric whose constraints are made of CVXPY is refused, unread, since it has no spec.
CVXPY = {"test_utils.TestValidateMetric.test_invalid_metric_raises"}


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> pathlib.Path:
    """The package's tests with our import, in a folder of their own."""
    folder = tmp_path_factory.mktemp("suite")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "-d", str(folder), "fairness_training==0.1.0"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    found = list(folder.glob("fairness_training-0.1.0.tar.gz"))
    if not found:
        pytest.skip(f"fairness_training 0.1.0 cannot be downloaded: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    with tarfile.open(found[0]) as archive:
        for member in archive.getmembers():
            name = pathlib.PurePosixPath(member.name)
            if name.parent.name == "tests" and name.suffix == ".py":
                text = archive.extractfile(member).read().decode("utf-8")
                (folder / name.name).write_text(re.sub(r"\bfairness_training\b", OURS, text), encoding="utf-8")
    (folder / "cvxpy.py").write_text("")
    return folder


def test_its_own_suite_passes(suite):
    report = suite / "report.xml"
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(suite), f"--junitxml={report}"]
    source = str(pathlib.Path(fairc.__file__).parents[1])
    path = {**os.environ, "PYTHONPATH": os.pathsep.join([str(suite), source])}
    command = [sys.executable, "-m", "pytest", *options, str(suite)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=path, cwd=suite)
    cases = {f"{case.get('classname')}.{case.get('name')}": list(case) for case in ElementTree.parse(report).iter("testcase")}
    assert CVXPY <= set(cases) and len(cases) == 61, done.stdout
    failed = [name for name, ends in cases.items() if any(end.tag in ("failure", "error", "skipped") for end in ends)]
    assert not failed and done.returncode == 0, done.stdout


# Metrics


def test_metrics_have_specs_behind_them():
    text = compat.MeanPredictionParity().spec([0, 3], (0.0, 1.0))
    program = fairc.compile(text)
    assert [row.name for row in program.rows] == ["attr_0[r=0,s=1]", "attr_3[r=0,s=1]"]
    assert fairc.compile(compat.EqualizedOdds().spec(2)).needs and "-inf" not in text


def test_gaps_are_those_of_arithmetic():
    random = np.random.default_rng(1)
    group, label, score = random.integers(0, 2, 50), random.integers(0, 2, 50), random.random(50)
    means = [score[group == g].mean() for g in (0, 1)]
    residuals = [abs((label - score)[group == g].mean()) for g in (0, 1)]
    odds = [abs(score[(group == 0) & (label == c)].mean() - score[(group == 1) & (label == c)].mean()) for c in (0, 1)]
    for metric, gap in (("mean_pred", abs(means[0] - means[1])), ("mean_residual", max(residuals)), ("equalized_odds", max(odds))):
        assert compat.get_fairness_metric(metric).compute_gap(score, label, {4: group}) == pytest.approx(gap, abs=1e-12)


class Floor(FairnessMetric):
    constraints = "constraint floor: E[score | x0 == 1] >= 0.7"


def inputs(n=40, seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, 4)).astype(np.float32)
    x[:, 0] = np.arange(n) % 2
    return torch.tensor(x)


def test_a_metric_of_ones_own_is_written_in_the_language():
    compat.validate_metric(Floor(), input_dim=4)
    model = compat.FairModel(4, [8], fairness_metric=Floor())
    x = inputs()
    assert model(x)[x[:, 0] == 1].double().mean() >= 0.7 and not model.requires_targets
    assert Floor().compute_gap([0.9, 0.6], None, {0: [0, 1]}) == pytest.approx(0.1)
    assert Floor().compute_gap([0.9, 0.8], None, {0: [0, 1]}) == 0


def test_metrics_that_cannot_be_are_refused():
    class Unwritten(FairnessMetric):
        def create_constraints(self, yhat, selection_matrices, slack, y=None):
            raise AssertionError("not to be called")

    class Squared(FairnessMetric):
        constraints = "constraint squared: E[score * score] <= eps"

    class Elsewhere(FairnessMetric):
        constraints = "constraint elsewhere: E[score | x9 == 1] <= eps"

    with pytest.raises(ValueError, match="`Unwritten` has no constraints in the language of fairc"):
        compat.FairModel(4, [8], fairness_metric=Unwritten())
    for metric, code in ((Squared(), "E0401"), (Elsewhere(), "E0201")):
        with pytest.raises(ValueError, match=code):
            compat.validate_metric(metric, input_dim=4)
    with pytest.raises(ValueError, match="names the column 7, and the input has 4"):
        compat.validate_metric(Floor(), input_dim=4, protected_attr_idx=7)
    with pytest.raises(NotImplementedError, match="not made of CVXPY"):
        Floor().create_constraints(None, [], None)


# Models


def test_the_same_seed_gives_the_same_weights_as_there():
    torch.manual_seed(0)
    model = compat.FairModel(4, [3])
    torch.manual_seed(0)
    first, last = nn.Linear(4, 3), nn.Linear(3, 1)
    for layer in (first, last):
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    assert list(model.state_dict()) == ["ffnn.0.weight", "ffnn.0.bias", "ffnn.2.weight", "ffnn.2.bias"]
    assert torch.equal(model.ffnn[0].weight, first.weight) and torch.equal(model.ffnn[2].weight, last.weight)
    assert (model.ffnn[2].bias == torch.full((1,), 0.01)).all()
    assert (model.lb, model.ub, model.hidden_dims, model.num_protected_attrs) == (0.0, 1.0, [3], 1)


def test_the_price_of_small_batches_is_that_of_its_objective():
    # Two groups of equal size and no bound in reach: of |ŷ - z|² + λ b |gap| the least has a gap of |gap of z| - 2 λ.
    identity = nn.Linear(4, 1)
    with torch.no_grad():
        identity.weight.copy_(torch.tensor([[0.8, 0.5, 0.0, 0.0]]))
    model = compat.FairModel(4, custom_network=identity, prediction_bounds=(-9, 9), fairness_tolerance=0.1, b_tau=99, eta_0=0.004)
    price, highest, excess = 0.0, 0.0, 0.0
    for turn in range(1, 6):
        x = inputs(20, seed=turn)
        raw, fair = identity(x).detach().double(), model(x, inference=True).detach().double()
        gaps = [abs(float(z[x[:, 0] == 0].mean() - z[x[:, 0] == 1].mean())) for z in (raw, fair)]
        assert gaps[1] == pytest.approx(max(0.0, gaps[0] - 2 * price), abs=1e-6)
        excess += 20 * (gaps[1] - 0.1)
        price = max(0.0, price + 0.004 / turn**0.5 * 20 * (gaps[1] - 0.1))
        highest = max(highest, price)
        assert model.lambda_dual == pytest.approx(price, abs=1e-6) and model.lambda_max == pytest.approx(highest, abs=1e-6)
        assert model.cumulative_weighted_violation == pytest.approx(excess, abs=1e-5)
    assert (model.dual_update_count, model.cumulative_samples) == (5, 100) and price > 0
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.lambda_dual == model.lambda_dual and other.lambda_max == model.lambda_max


def test_what_is_written_to_the_price_is_said_to_change_nothing():
    model = compat.FairModel(4, [3], b_tau=99)
    with pytest.warns(UserWarning, match="`lambda_dual` tells where the stream of answers stands"):
        model.lambda_dual = 3.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.reset_inference_state()
        model.lambda_dual = 0.0


def test_wrapping_checks_and_tells():
    network = nn.Sequential(nn.Linear(4, 1), nn.Dropout(), nn.Sigmoid()).train()
    network[1].eval()
    with pytest.warns(UserWarning, match=r"taken \(0, 1\), those of the last module"):
        model = compat.FairModel.wrap(network, 0, 4)
    assert model.ffnn is network is model.network and network.training and not network[1].training
    with pytest.warns(UserWarning, match="predictions are not bounded"):
        compat.FairModel.wrap(network[0], 0, 4)
    with pytest.raises(ValueError, match="does not take inputs of `input_dim`, 7, columns"):
        compat.FairModel.wrap(network, 0, 7, prediction_bounds=(0, 1))
    with pytest.raises(ValueError, match="gives 2 numbers for each row"):
        compat.FairModel.wrap(nn.Linear(4, 2), 0, 4, prediction_bounds=(0, 1))
    blind = compat.FairModel.wrap(nn.Linear(3, 1), 0, 4, prediction_bounds=(0, 1), exclude_protected_from_backbone=True)
    assert list(blind.state_dict()) == ["ffnn.backbone.weight", "ffnn.backbone.bias"]


def test_states_inside_of_other_modules():
    both = nn.ModuleList([compat.FairModel(4, [3]), fairc.torch.FairModel(4, [3])])
    keys = set(both.state_dict())
    assert "0.ffnn.0.weight" in keys and "0._extra_state" not in keys and "1._extra_state" in keys
    other = nn.ModuleList([compat.FairModel(4, [3], fairness_tolerance=0.2), fairc.torch.FairModel(4, [3])])
    other.load_state_dict(both.state_dict())
    assert torch.equal(other[0].ffnn[0].weight, both[0].ffnn[0].weight) and other[0].fairness_tolerance == 0.2


# Loaders


def test_batches_have_at_least_the_size_asked_for_and_drop_nothing():
    x = inputs(130).numpy()
    loaders = compat.create_stratified_dataloaders(x, x[:, 1], x, x[:, 1], x, None, batch_size_train=60, batch_size_eval=128)
    assert [[len(batch) for batch, _ in loader] for loader in loaders] == [[65, 65], [130]]
    pandas = pytest.importorskip("pandas")
    (framed,) = compat.create_stratified_dataloaders(pandas.DataFrame(x), pandas.Series(x[:, 1]), batch_size_train=65)
    assert sorted(len(batch) for batch, _ in framed) == [65, 65]
    with pytest.raises(ValueError, match="up to 2 protected attributes"):
        compat.create_stratified_dataloaders(x, x[:, 1], protected_attr_idx=[0, 1, 2])
    with pytest.raises(ValueError, match="has no two groups: all its values are 0"):
        compat.create_stratified_dataloaders(x[::2], x[::2, 1])
    with pytest.raises(ValueError, match="a batch of 1 is too small"):
        compat.create_stratified_dataloaders(x, x[:, 1], batch_size_train=1)


# Training


def trainer(**options):
    model = compat.FairModel(4, [3], **options)
    return compat.FairTrainer(model, nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=0.01))


def test_checkpoints_have_its_fields_and_its_own_load(tmp_path):
    x = inputs(200).numpy()
    first = trainer(b_tau=32)
    train, valid = compat.create_stratified_dataloaders(x, x[:, 1], x, x[:, 1], batch_size_train=50, batch_size_eval=20)
    with pytest.warns(UserWarning, match="have 20 samples, fewer than `b_tau`, 32"):
        first.fit(train, valid, epochs=2, verbose=0)
    first.save_checkpoint(tmp_path / "own.pt", include_history=False)
    state = torch.load(tmp_path / "own.pt", weights_only=True)
    fields = {"model_state_dict", "model_config", "optimizer_state_dict", "best_val_loss", "patience_counter"}
    assert set(state) == fields | {"best_model_state"}
    assert all(isinstance(value, torch.Tensor) for value in state["model_state_dict"].values())
    # As that package writes it: no best weights, and numbers of NumPy in the history.
    history = {name: [np.float32(value) for value in values] for name, values in first.history.items()}
    torch.save({name: state[name] for name in fields} | {"history": history}, tmp_path / "theirs.pt")
    second = trainer(b_tau=32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second.load_checkpoint(tmp_path / "theirs.pt")
    assert second.history["val_loss"] == pytest.approx(first.history["val_loss"]) and second.best_val_loss == first.best_val_loss
    assert torch.equal(second.model(torch.tensor(x)), first.model(torch.tensor(x)))
    with pytest.warns(UserWarning, match="`fairness_tolerance` was 0.05 and is 0.2, `fairness_metric` was 'MeanPredictionParity'"):
        trainer(b_tau=32, fairness_tolerance=0.2, fairness_metric="equalized_odds").load_checkpoint(tmp_path / "own.pt")


def test_a_metric_without_a_tolerance_matches_itself(tmp_path):
    trainer(fairness_metric=Floor()).save_checkpoint(tmp_path / "run.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer(fairness_metric=Floor()).load_checkpoint(tmp_path / "run.pt")


def test_pictures_take_its_arguments(tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    history = {"train_loss": [2.0, 1.0], "train_fairness_gap": [0.1, 0.05], "val_loss": [], "val_fairness_gap": []}
    drawn = [
        viz.plot_training_history(history, title="Course", save_path=tmp_path / "a.svg"),
        viz.plot_group_distributions([0.1, 0.9], {0: [0, 1], 1: [1, 0]}, {0: "sex"}, save_path=tmp_path / "b.svg"),
        viz.plot_fairness_tradeoff(
            {"a": {"test_loss": 1.0, "weighted_avg_fairness_gap": 0.1}, "b": {"test_loss": 2.0}}, save_path=tmp_path / "c.svg"
        ),
    ]
    assert [figure.get_suptitle() for figure in drawn] == ["Course", "Prediction Distributions by Group", "Fairness and accuracy"]
    assert [axes.get_title() for axes in drawn[1].axes] == ["sex", "Attr 1"] and len(drawn[2].axes[0].texts) == 1
    assert all((tmp_path / f"{name}.svg").stat().st_size > 1000 for name in "abc")


# Beside the package itself, where it is there with its solver (`python/benches/compare.sh` installs both)


@pytest.mark.parametrize("metric", ["mean_pred", "mean_residual", "equalized_odds"])
@pytest.mark.parametrize("attributes", [0, [0, 1]])
def test_numbers_are_those_of_the_package(metric, attributes, tmp_path):
    pytest.importorskip("cvxpylayers")
    theirs = pytest.importorskip("fairness_training")
    random = np.random.default_rng(0)
    x = random.standard_normal((300, 10)).astype(np.float32)
    x[:, 0], x[:, 1] = random.random(300) < 0.4, random.random(300) < 0.5
    y = (random.random(300) < 0.3 + 0.3 * x[:, 0]).astype(np.float32)
    inputs, labels = torch.tensor(x), torch.tensor(y).unsqueeze(1)
    models = []
    for package in (theirs, compat):
        torch.manual_seed(3)
        options = {"fairness_metric": metric, "protected_attr_idx": attributes, "fairness_tolerance": 0.02}
        models.append(package.FairModel(10, [16, 8], **options))
    there, here = models
    assert list(there.state_dict()) == list(here.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(there.state_dict().values(), here.state_dict().values(), strict=True))
    fair = there(inputs, labels)
    assert torch.allclose(fair, here(inputs, labels), atol=2e-3)
    indicators = {index: x[:, index] for index in here.protected_attr_idx}
    gaps = [model.fairness_metric.compute_gap(fair.detach().numpy(), y, indicators) for model in models]
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-6)
    for at in range(0, 300, 20):
        part = slice(at, at + 20)
        answers = [model(inputs[part], labels[part], inference=True) for model in models]
        assert torch.allclose(*answers, atol=2e-3)
    assert there.lambda_dual == pytest.approx(here.lambda_dual, abs=3e-3)
    assert there.lambda_max == pytest.approx(here.lambda_max, abs=3e-3)
    # Checkpoints go both ways.
    trainers = [
        package.FairTrainer(model, nn.MSELoss(), torch.optim.Adam(model.parameters()))
        for package, model in ((theirs, there), (compat, here))
    ]
    with torch.no_grad():
        here.ffnn[0].weight.add_(1.0)
    trainers[0].save_checkpoint(str(tmp_path / "there.pt"))
    trainers[1].save_checkpoint(tmp_path / "here.pt")
    changed = here.ffnn[0].weight.detach().clone()
    trainers[1].load_checkpoint(tmp_path / "there.pt")
    assert torch.equal(here.ffnn[0].weight, there.ffnn[0].weight)
    trainers[0].load_checkpoint(str(tmp_path / "here.pt"))
    assert torch.equal(there.ffnn[0].weight, changed)
