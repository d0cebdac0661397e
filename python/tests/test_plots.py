"""Pictures show the numbers that they are given."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from fairc.plots import plot_fairness_tradeoff, plot_group_distributions, plot_training_history

HISTORY = {"train_loss": [3.0, 2.0, 1.0], "val_loss": [4.0, 3.0, 2.5], "train_fairness_gap": [0.1, 0.05, 0.02],
           "val_fairness_gap": [], "learning_rate": [1.0, 1.0, 1.0]}


def test_history(tmp_path):
    figure = plot_training_history(HISTORY, tolerance=0.05, path=tmp_path / "history.svg")
    losses, gaps = figure.axes
    assert [line.get_ydata().tolist() for line in losses.get_lines()] == [HISTORY["train_loss"], HISTORY["val_loss"]]
    assert [line.get_label() for line in gaps.get_lines()] == ["training", "tolerance"]
    assert gaps.get_lines()[0].get_xdata().tolist() == [1, 2, 3]
    assert "<svg" in (tmp_path / "history.svg").read_text()


def test_group_distributions():
    values, sex, race = np.linspace(0, 1, 90), np.repeat([0, 1, 2], 30), np.repeat([0, 1], 45)
    figure = plot_group_distributions(values.reshape(-1, 1), {0: sex, "race": race}, names={0: "sex"})
    first, second = figure.axes
    assert (first.get_title(), second.get_title()) == ("sex", "race")
    assert [line.get_xdata()[0] for line in first.get_lines()] == pytest.approx([values[sex == s].mean() for s in range(3)])
    assert len(second.get_legend().get_texts()) == 2
    with pytest.raises(ValueError, match="the groups of 0 are 3 values, expected 90"):
        plot_group_distributions(values, {0: [1, 2, 3]})


def test_tradeoff():
    results = {"eps 0.01": {"test_loss": 0.5, "pooled_fairness_gap": 0.01}, "none": {"test_loss": 0.4, "pooled_fairness_gap": 0.2}}
    (axis,) = plot_fairness_tradeoff(results).axes
    points = [tuple(part.get_offsets()[0]) for part in axis.collections]
    assert points == [(0.01, 0.5), (0.2, 0.4)] and [text.get_text() for text in axis.texts] == list(results)
    with pytest.raises(ValueError, match="the results of 'a' have no `test_loss`"):
        plot_fairness_tradeoff({"a": {"loss": 1.0}})
    from matplotlib.figure import Figure

    own = Figure().add_subplot()
    assert plot_fairness_tradeoff(results, axes=own) is own.figure
