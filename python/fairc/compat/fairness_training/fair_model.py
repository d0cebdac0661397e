"""A network with the fairness layer behind it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ..._stream import Stream
from ...torch._model import FairModel as TorchModel
from .fairness_metrics import FairnessMetric
from .utils import attributes, get_fairness_metric

__all__ = ["FairModel"]


def _standing(name: str, read: Callable[[FairModel], float]) -> Any:
    """An attribute that tells where the stream of small batches stands."""

    def get(self: FairModel) -> float:
        return self._written[name] if name in self._written else read(self)

    def put(self: FairModel, value: float) -> None:
        if value != get(self):
            warnings.warn(
                f"`{name}` tells where the stream of answers stands; what is written there stays until the next answer, "
                "and changes no answer",
                UserWarning,
                stacklevel=3,
            )
        self._written[name] = value

    return property(get, put)


class FairModel(TorchModel):
    """:class:`fairc.torch.FairModel` with the arguments, checks and attributes of ``fairness_training`` 0.1.0.

    One or two columns of the input are protected, each of 0 and 1. Batches of at least ``b_tau`` samples satisfy the
    metric each by itself, within ``fairness_tolerance``. With ``inference=True`` smaller ones are answered by the
    primal-dual algorithm with the step ``eta_0``, whose state is ``lambda_dual`` and its neighbours.

    :raises ValueError: if bounds are not in order, if more than two columns are protected, if there is neither
        ``hidden_dims`` nor ``custom_network``, or if a metric has no constraints.
    """

    _NETWORK = "ffnn"
    ffnn: nn.Module

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int] | None = None,
        output_dim: int = 1,
        protected_attr_idx: int | Sequence[int] = 0,
        prediction_bounds: tuple[float, float] = (0.0, 1.0),
        fairness_tolerance: float = 0.05,
        b_tau: int = 64,
        eta_0: float = 0.5,
        activation: str = "relu",
        fairness_metric: str | FairnessMetric = "mean_pred",
        custom_network: nn.Module | None = None,
        fairness_criterion: str | FairnessMetric | None = None,
    ) -> None:
        indices = attributes(protected_attr_idx)
        if not prediction_bounds[0] < prediction_bounds[1]:
            raise ValueError(f"`prediction_bounds` are {tuple(prediction_bounds)}, expected lb < ub")
        if fairness_criterion is not None:
            warnings.warn("`fairness_criterion` is deprecated, use `fairness_metric`", DeprecationWarning, stacklevel=2)
            fairness_metric = fairness_criterion
        metric = get_fairness_metric(fairness_metric, len(indices))
        # Says what is missing in the words of a metric.
        metric.spec(indices)
        super().__init__(
            input_dim=input_dim,
            hidden_dims=hidden_dims,
            output_dim=output_dim,
            protected_attr_idx=indices,
            prediction_bounds=prediction_bounds,
            fairness_tolerance=fairness_tolerance,
            b_tau=b_tau,
            eta_0=eta_0,
            activation=activation,
            fairness_metric=metric.constraints,
            custom_network=custom_network,
        )
        self.fairness_metric = metric
        self.input_dim, self.output_dim = input_dim, output_dim
        self.hidden_dims = None if hidden_dims is None else list(hidden_dims)
        self.num_protected_attrs = len(indices)
        self.lb, self.ub = self.prediction_bounds
        self._written: dict[str, float] = {}
        if custom_network is None:
            _initialise(self.ffnn)

    @classmethod
    def wrap(  # type: ignore[override]
        cls,
        network: nn.Module,
        protected_attr_idx: int | Sequence[int],
        input_dim: int,
        fairness_tolerance: float = 0.05,
        fairness_metric: str | FairnessMetric = "mean_pred",
        prediction_bounds: tuple[float, float] | None = None,
        b_tau: int = 64,
        eta_0: float = 0.5,
        exclude_protected_from_backbone: bool = False,
    ) -> FairModel:
        """Puts the layer behind any network that gives one number for each row of its input.

        Without ``prediction_bounds`` they are those of the network's last activation, or none, and a warning says so.

        :raises ValueError: if the network does not take inputs of ``input_dim`` columns.
        """
        model = super().wrap(
            network,
            protected_attr_idx,
            input_dim=input_dim,
            fairness_tolerance=fairness_tolerance,
            fairness_metric=fairness_metric,  # type: ignore[arg-type]
            prediction_bounds=prediction_bounds,
            b_tau=b_tau,
            eta_0=eta_0,
            exclude_protected_from_backbone=exclude_protected_from_backbone,
        )
        assert isinstance(model, cls)
        model.output_dim = _tried(model.ffnn, input_dim)
        if prediction_bounds is None:
            if math.isinf(model.lb) and math.isinf(model.ub):
                found = "the last module of the network has none, so predictions are not bounded"
            else:
                found = f"taken ({model.lb:g}, {model.ub:g}), those of the last module of the network"
            warnings.warn(f"`prediction_bounds` are not given: {found}", UserWarning, stacklevel=2)
        return model

    @property
    def network(self) -> nn.Module:  # type: ignore[override]
        """The network: ``ffnn``."""
        return self.ffnn

    @property
    def requires_y_in_constraints(self) -> bool:
        """Whether the label is a number in the constraints."""
        return bool(self.fairness_metric.requires_y_in_constraints)

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None, inference: bool = False) -> torch.Tensor:
        """Fair predictions of shape ``[n, 1]``.

        :raises ValueError: if the metric reads the label and there is no ``y``.
        """
        if not torch.compiler.is_compiling():
            for index in self.protected_attr_idx:
                values = x[:, index]
                if bool(((values != 0) & (values != 1)).any()):
                    found = np.unique(values.detach().cpu().numpy())[:10].tolist()
                    told = f"the protected column {index} has values other than 0 and 1: {found}"
                    warnings.warn(told, UserWarning, stacklevel=2)
        if y is None and self.requires_targets:
            name = type(self.fairness_metric).__name__
            raise ValueError(f"Target y must be provided: `{name}` reads the label")
        return super().forward(x, y, inference)

    # The state of the primal-dual algorithm

    def _new_stream(self, columns: list[str], state: str | None) -> Stream:
        # That package weighs the gap against the whole squared distance, and the runtime against half of it.
        step, params = self.eta_0 / 2, self.layer.params
        return Stream(self.program, columns=columns, method="primal_dual", step=step, params=params, state=state)

    def _answer(self, raw: torch.Tensor, columns: Any) -> torch.Tensor:
        self._written = {}
        return super()._answer(raw, columns)

    def reset_inference_state(self) -> None:
        """Forgets all answers to small batches."""
        super().reset_inference_state()
        self._written = {}

    def inference_stats(self) -> dict[str, float]:
        """Where the primal-dual algorithm stands."""
        found = super().inference_stats()
        return {**found, **{name: 2 * found[name] for name in ("lambda_final", "lambda_max")}}

    lambda_dual = _standing("lambda_dual", lambda self: 2 * self._price()["price"])
    lambda_max = _standing("lambda_max", lambda self: 2 * self._highest_price)
    dual_update_count = _standing("dual_update_count", lambda self: self._price()["batches"])
    cumulative_samples = _standing("cumulative_samples", lambda self: self._price()["samples"])
    cumulative_weighted_violation = _standing("cumulative_weighted_violation", lambda self: self._price()["excess"])

    # The state of the module: tensors alone, by the names of that package

    def state_dict(self, *args: Any, prefix: str = "", **kwargs: Any) -> Any:
        """The weights. Tolerance and answers so far are no part of it; a pickle of the model has all."""
        found = super().state_dict(*args, prefix=prefix, **kwargs)
        for key in ("_extra_state", "layer._extra_state"):
            found.pop(prefix + key, None)
        return found

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        state_dict.setdefault(f"{prefix}_extra_state", self.get_extra_state())
        state_dict.setdefault(f"{prefix}layer._extra_state", self.layer.get_extra_state())
        super()._load_from_state_dict(state_dict, prefix, *args)


def _initialise(network: nn.Module) -> None:
    """The weights that the package starts from, number for number with the same seed."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, mode="fan_in", nonlinearity="relu")
            nn.init.constant_(layer.bias, 0.01)


def _tried(network: nn.Module, input_dim: int) -> int:
    """How many numbers a network gives for each row of its input. It is left in the mode that it was in."""
    modes = [(module, module.training) for module in network.modules()]
    device = next((weights.device for weights in network.parameters()), torch.device("cpu"))
    network.eval()
    try:
        with torch.no_grad():
            found: torch.Tensor = network(torch.zeros(2, input_dim, device=device))
    except Exception as error:
        raise ValueError(f"the network does not take inputs of `input_dim`, {input_dim}, columns: {error}") from error
    finally:
        for module, training in modes:
            module.training = training
    width = 1 if found.dim() == 1 else found.shape[-1]
    if width != 1:
        raise ValueError(f"the network gives {width} numbers for each row of its input; one can be constrained")
    return width
