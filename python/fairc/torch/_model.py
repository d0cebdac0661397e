"""A network with the fairness layer behind it, for inputs that hold their protected attributes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import nn

from .._program import Program, compile
from .._stream import Stream
from ._eager import Column, is_plain, is_wide
from ._layer import FairnessLayer
from ._specs import column, indices_of, row_gaps, spec_text

__all__ = ["FairModel"]

_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "leaky_relu": nn.LeakyReLU}
_BOUNDS = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0), nn.Softplus: (0.0, math.inf), nn.ReLU: (0.0, math.inf)}


class _Without(nn.Module):
    """A network that does not see some columns of the input."""

    def __init__(self, backbone: nn.Module, hidden: Sequence[int]) -> None:
        super().__init__()
        self.backbone = backbone
        self.hidden = frozenset(hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = [index for index in range(x.shape[1]) if index not in self.hidden]
        return self.backbone(x[:, kept])  # type: ignore[no-any-return]


def largest(gaps: Iterable[float]) -> float:
    """The largest gap; NaN if nothing was compared."""
    return max(gaps, default=math.nan)


class FairModel(nn.Module):
    """A network whose predictions satisfy fairness constraints on every batch.

    Protected attributes are columns of the input, named by their place; ``levels`` lists the values of those that are
    not 0 and 1. There may be any number of them. ``fairness_metric`` is ``"mean_pred"``, ``"mean_residual"``,
    ``"equalized_odds"``, or constraints in the language of fairc on ``x0``, ``x1``, .., ``y``, ``score`` and ``eps``.

    In training, and on batches of at least ``b_tau`` samples, the constraints hold on each batch. With
    ``inference=True`` smaller batches are answered as a stream (``online``: ``"primal_dual"``, the published algorithm
    with the step ``eta_0``, or ``"smooth"`` or ``"hard"``, which hold the constraints on all answers together).
    """

    #: The name of the network among the modules, and so in the state.
    _NETWORK = "network"
    network: nn.Module

    def __init__(
        self,
        input_dim: int | None = None,
        hidden_dims: Sequence[int] | None = None,
        output_dim: int = 1,
        protected_attr_idx: int | Sequence[int] = 0,
        prediction_bounds: tuple[float, float] = (0.0, 1.0),
        fairness_tolerance: float = 0.05,
        b_tau: int = 64,
        eta_0: float = 0.5,
        activation: str = "relu",
        fairness_metric: str = "mean_pred",
        custom_network: nn.Module | None = None,
        *,
        levels: Mapping[int, Sequence[float]] | None = None,
        online: Literal["primal_dual", "smooth", "hard"] = "primal_dual",
        on_infeasible: Literal["error", "relax"] = "error",
        distributed: bool = False,
    ) -> None:
        super().__init__()
        lower, upper = prediction_bounds
        if not lower < upper:
            raise ValueError(f"`prediction_bounds` are ({lower}, {upper}), expected the lower one first")
        if output_dim != 1:
            raise ValueError(f"`output_dim` is {output_dim}; one score for each sample can be constrained")
        indices = indices_of(protected_attr_idx)
        known = {index: list((levels or {}).get(index, (0, 1))) for index in indices}
        self.protected_attr_idx = indices
        self.prediction_bounds = (float(lower), float(upper))
        self.fairness_metric: Any = fairness_metric
        self.b_tau, self.eta_0, self.online = b_tau, eta_0, online
        network = custom_network if custom_network is not None else _mlp(input_dim, hidden_dims, activation)
        self.add_module(self._NETWORK, network)
        program = compile(spec_text(fairness_metric, known, self.prediction_bounds), name="fair_model.fair")
        params = {"eps": float(fairness_tolerance)} if "eps" in program.params else {}
        self.layer = FairnessLayer(program, params=params, on_infeasible=on_infeasible, distributed=distributed)
        self._requires_targets = bool(program.needs)
        self._columns = [(column(index), index) for index in indices]
        self._stream: Stream | None = None
        self._saved: dict[str, Any] | None = None
        self._highest_price = 0.0

    @classmethod
    def wrap(
        cls,
        network: nn.Module,
        protected_attr_idx: int | Sequence[int],
        input_dim: int | None = None,
        fairness_tolerance: float = 0.05,
        fairness_metric: str = "mean_pred",
        prediction_bounds: tuple[float, float] | None = None,
        b_tau: int = 64,
        eta_0: float = 0.5,
        exclude_protected_from_backbone: bool = False,
        **options: Any,
    ) -> FairModel:
        """Puts the layer behind any network that gives one number for each row of its input.

        Without ``prediction_bounds`` they are those of the network's last activation (a sigmoid: 0 and 1), or none.
        ``input_dim`` is not needed.
        """
        indices = indices_of(protected_attr_idx)
        bounds = _bounds_of(network) if prediction_bounds is None else prediction_bounds
        return cls(
            input_dim=input_dim,
            protected_attr_idx=indices,
            prediction_bounds=bounds,
            fairness_tolerance=fairness_tolerance,
            b_tau=b_tau,
            eta_0=eta_0,
            fairness_metric=fairness_metric,
            custom_network=_Without(network, indices) if exclude_protected_from_backbone else network,
            **options,
        )

    @property
    def program(self) -> Program:
        """The compiled spec."""
        return self.layer.program

    @property
    def requires_targets(self) -> bool:
        """Whether a row reads the label."""
        return self._requires_targets

    @property
    def fairness_tolerance(self) -> float:
        """The tolerance; NaN if the constraints have no ``eps``."""
        return self.layer.params.get("eps", math.nan)

    @fairness_tolerance.setter
    def fairness_tolerance(self, value: float) -> None:
        self.layer.set_params(eps=value)

    # Predictions

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None, inference: bool = False) -> torch.Tensor:
        """Fair predictions of shape ``[n, 1]``."""
        # Modules answer for each other's names in Python; this is called for each batch.
        network, layer = self._modules[self._NETWORK], self._modules["layer"]
        raw: torch.Tensor = network(x)  # type: ignore[misc]
        raw = raw.unsqueeze(1) if raw.dim() == 1 else raw
        if self._requires_targets and y is None and not inference:
            raise ValueError(f"the rows {', '.join(self.program.needs)} read the label; hand it over as `y`")
        columns = self.columns(x, y)
        if inference and len(x) < self.b_tau:
            return self._answer(raw, columns)
        fair: torch.Tensor = layer(raw, columns=columns)  # type: ignore[misc]
        return fair

    def columns(self, x: torch.Tensor, y: torch.Tensor | None = None) -> dict[str, Column]:
        """What the spec reads of an input and its labels."""
        # Views of arrays are made in a tenth of the time of those of tensors.
        table: Any = x.numpy(force=True) if x.is_cpu and is_wide(x) and is_plain(x) else x
        out: dict[str, Column] = {name: table[:, index] for name, index in self._columns}
        if y is not None and self._requires_targets:
            out["y"] = y.reshape(-1)
        return out

    def _answer(self, raw: torch.Tensor, columns: dict[str, Column]) -> torch.Tensor:
        names = sorted(columns)
        stream = self._opened()
        if stream is None or stream.columns != names:
            if stream is not None:
                warnings.warn("batches with other labels: the stream starts again", stacklevel=3)
            stream = self._stream = self._new_stream(names, None)
        answer = stream.answer(columns, raw.detach().cpu().double().numpy())
        if self.online == "primal_dual":
            self._highest_price = max(self._highest_price, stream.facts["primal_dual"]["price"])
        return torch.from_numpy(answer).to(raw).reshape(raw.shape)

    def _opened(self) -> Stream | None:
        """The stream, opened from its saved state if it has not been yet."""
        if self._stream is None and self._saved is not None and self._saved["stream"] is not None:
            self._stream = self._new_stream(self._saved["columns"], self._saved["stream"])
        return self._stream

    def _new_stream(self, columns: list[str], state: str | None) -> Stream:
        params = self.layer.params
        return Stream(
            self.program, columns=columns, method=self.online, step=self.eta_0, params=params, state=state
        )

    def reset_inference_state(self) -> None:
        """Forgets all answers of streams."""
        self._stream = self._saved = None
        self._highest_price = 0.0

    # What was reached

    def gaps(self, predictions: Any, x: torch.Tensor, y: torch.Tensor | None = None) -> dict[str, float]:
        """By row the gap: how far it is from being met with no tolerance at all."""
        columns = self.columns(x.detach().cpu(), None if y is None else y.detach().cpu())
        z = predictions.detach().cpu() if hasattr(predictions, "detach") else predictions
        return row_gaps(self.program, columns, z, self.layer.params)

    def gap(self, predictions: Any, x: torch.Tensor, y: torch.Tensor | None = None) -> float:
        """The largest gap of a row; NaN if there was none to look at, which is no pass."""
        return largest(self.gaps(predictions, x, y).values())

    def get_aggregate_fairness_stats(self, data_loader: Iterable[Any], reset_before: bool = True) -> dict[str, Any]:
        """Answers all batches of a loader, and what the answers come to together."""
        if reset_before:
            self.reset_inference_state()
        self.eval()
        parts: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        with torch.no_grad():
            for x, y in data_loader:
                parts.append((self(x, y=y, inference=True).cpu(), x.cpu(), y.cpu()))
        fair, x, y = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        gaps = self.gaps(fair, x, y)
        return {
            "pooled_aggregate_gap": largest(gaps.values()),
            "per_attribute_gaps": self._by_attribute(gaps),
            "fairness_tolerance": self.fairness_tolerance,
            **self.inference_stats(),
        }

    def inference_stats(self) -> dict[str, float]:
        """Where the stream of small batches stands: its price, and the mean gap that the published theorem bounds."""
        price = self._price()
        mean = price["excess"] / price["samples"] + self.fairness_tolerance if price["samples"] else math.nan
        return {
            "lambda_final": price["price"],
            "lambda_max": self._highest_price,
            "total_samples": price["samples"],
            "num_batches": price["batches"],
            "weighted_avg_fairness_gap": mean,
        }

    def _price(self) -> dict[str, Any]:
        """Where the primal-dual algorithm stands: nowhere, where there is no stream or it has another method."""
        stream = self._opened()
        found = None if stream is None else stream.facts["primal_dual"]
        return found or {"price": 0.0, "batches": 0, "samples": 0, "excess": 0.0}

    def _by_attribute(self, gaps: Mapping[str, float]) -> dict[int, float]:
        def of(index: int) -> float:
            own = [gap for name, gap in gaps.items() if name.split("[")[0].split("_")[:2] == ["attr", str(index)]]
            return largest(own)

        return {index: of(index) for index in self.protected_attr_idx}

    # State

    def get_extra_state(self) -> dict[str, Any]:
        if self._stream is None:
            return self._saved or {"columns": [], "stream": None}
        own = {"columns": self._stream.columns, "stream": self._stream.state()}
        return {**own, "highest_price": self._highest_price}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        # The stream is opened with the params of the layer, whose state is set after this one.
        self._stream, self._saved = None, state if state["stream"] is not None else None
        self._highest_price = state.get("highest_price", 0.0)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_stream": None, "_saved": self.get_extra_state()}


def _mlp(input_dim: int | None, hidden_dims: Sequence[int] | None, activation: str) -> nn.Sequential:
    if input_dim is None or hidden_dims is None:
        raise ValueError("hand over `custom_network`, or `input_dim` and `hidden_dims` for one of linear layers")
    if activation.lower() not in _ACTIVATIONS:
        raise ValueError(f"`activation` is {activation!r}, expected one of {', '.join(_ACTIVATIONS)}")
    widths = [input_dim, *hidden_dims]
    layers: list[nn.Module] = []
    for wide, narrow in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(wide, narrow), _ACTIVATIONS[activation.lower()]()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1))


def _bounds_of(network: nn.Module) -> tuple[float, float]:
    """The bounds of the last activation, where the network ends with one that has them."""
    last = list(network.modules())[-1]
    return _BOUNDS.get(type(last), (-math.inf, math.inf))
