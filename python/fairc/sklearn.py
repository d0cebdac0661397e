"""Fairness for scikit-learn: estimators that make another one's predictions or decisions fair, and frames of metrics by group.

``FairProjector`` puts the projection behind any regressor or binary classifier, and ``FairDecider`` thresholds behind a
classifier. ``FairnessFrame`` shows a metric over all
samples and by group, and what a spec says of the same predictions.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ._dataset import Audit
from ._program import Program, compile
from ._thresholds import Thresholds

__all__ = ["FairDecider", "FairProjector", "FairnessFrame"]

# Where a spec reads nothing else, or what it reads is not there.
_PREDICTION = "prediction"


def _classifies(self: Any) -> bool:
    return bool(is_classifier(self.estimator))


class _Fair(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """What estimators around an estimator and a spec have in common."""

    def _inner(self) -> Any:
        """The estimator, or the one that stands in for it."""
        return LinearRegression() if self.estimator is None else self.estimator

    def _checked(self, X: Any, y: Any) -> Any:
        """What scikit-learn asks of every estimator; frames go to the estimator as they are."""
        validate_data(self, X=X, y=y, dtype=None, ensure_all_finite=False)
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            warnings.warn("A column-vector y was passed when a 1d array was expected.", stacklevel=3)
            y = y.ravel()
        return y

    def _compiled(self) -> Program:
        if self.spec is None:
            raise ValueError("`spec` is None; hand over a program, a path or the text of a spec")
        return self.spec if isinstance(self.spec, Program) else compile(self.spec)

    def _fit(self, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
        """Fits the inner estimator, which may be a binary classifier."""
        self.estimator_ = clone(self._inner())
        self.estimator_.fit(X, y, **fit_params)
        if is_classifier(self.estimator_):
            self.classes_ = self.estimator_.classes_
            if len(self.classes_) != 2:
                raise ValueError(
                    f"Only binary classification is supported. The data have {len(self.classes_)} classes."
                )

    def _table(self, X: Any, sensitive: Any) -> dict[str, Any]:
        wanted = [column.header for column in self.program_.columns if not column.label]
        wanted += [] if self.program_.weight is None else [self.program_.weight]
        sensitive = self._named(X, sensitive, wanted)
        out: dict[str, Any] = {}
        for header in wanted:
            source = (self.columns or {}).get(header, header)
            if sensitive is not None and header in sensitive:
                out[header] = sensitive[header]
            elif sensitive is not None and source in sensitive:
                out[header] = sensitive[source]
            elif hasattr(X, "columns") and source in X.columns:
                out[header] = X[source]
            elif isinstance(source, int):
                out[header] = (X.iloc if hasattr(X, "iloc") else np.asarray(X))[:, source]
        return out

    def _named(self, X: Any, sensitive: Any, wanted: list[str]) -> Any:
        """Sensitive features by name: a vector alone is the one column that ``X`` lacks, or that its own name says."""
        if sensitive is None or isinstance(sensitive, Mapping) or hasattr(sensitive, "columns"):
            return sensitive
        columns = self.columns or {}
        there = set(getattr(X, "columns", ()))
        missing = [h for h in wanted if columns.get(h, h) not in there and not isinstance(columns.get(h), int)]
        name = getattr(sensitive, "name", None)
        if name in wanted:
            return {name: sensitive}
        vector = np.asarray(sensitive)
        if vector.ndim in (1, 2) and vector.size == len(vector) and len(missing or wanted) == 1:
            return {(missing or wanted)[0]: vector.reshape(-1)}
        kind, names = type(sensitive).__name__, ", ".join(map(repr, wanted))
        raise ValueError(
            f"`sensitive_features` is {kind} without names, and the spec reads {names}; "
            "hand over a frame, or a mapping of names to vectors"
        )

    def _raw(self, X: Any) -> npt.NDArray[np.float64]:
        found = self.estimator_.predict_proba(X)[:, 1] if is_classifier(self.estimator_) else self.estimator_.predict(X)
        return np.ascontiguousarray(found, dtype=np.float64).reshape(-1)

    def _labels(self, y: Any) -> dict[str, Any]:
        """``y`` as the label of the spec, if it has one."""
        labels = [column.header for column in self.program_.columns if column.label]
        return {labels[0]: np.asarray(y)} if y is not None and len(labels) == 1 else {}

    def _fitted(self, X: Any, sensitive: Any) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
        """The table of these data, and what the estimator says of them."""
        raw = self._raw(X)
        return self._table(X, sensitive) or {_PREDICTION: raw}, raw

    def _applied(self, X: Any, sensitive: Any) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
        """The same of new data."""
        check_is_fitted(self, "estimator_")
        validate_data(self, X=X, reset=False, dtype=None, ensure_all_finite=False)
        return self._fitted(X, sensitive)

    def score(self, X: Any, y: Any, *, sensitive_features: Any = None, sample_weight: Any = None) -> float:
        """Accuracy of a classifier, R² of a regressor."""
        from sklearn.metrics import accuracy_score, r2_score

        metric = accuracy_score if is_classifier(self.estimator_) else r2_score
        return float(metric(y, self.predict(X, sensitive_features=sensitive_features), sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        tags = super().__sklearn_tags__()
        own = get_tags(self._inner())
        tags.estimator_type = own.estimator_type
        tags.classifier_tags, tags.regressor_tags = own.classifier_tags, own.regressor_tags
        if tags.classifier_tags is not None:
            tags.classifier_tags.multi_class = False
        tags.target_tags, tags.input_tags = own.target_tags, own.input_tags
        tags.target_tags.multi_output = False
        tags.input_tags.sparse = False
        return tags


class FairProjector(_Fair):
    """Makes the predictions of an estimator satisfy a spec.

    ``mode="frozen"`` (default) fits an offset for each group on the training data: a prediction then depends on nobody
    else, and the rows hold on data like those of training. ``mode="batch"`` projects whatever is predicted together:
    the rows hold on each call, exactly.

    The spec's columns are taken from ``sensitive_features`` (a frame, a mapping of names to vectors, or one vector), else from
    ``X``: by name if it is a frame, by place if ``columns`` says where (``{"sex": 0}``). Of a binary classifier the probability
    of the second class is what is constrained, and ``predict`` compares it with ``threshold``.
    """

    def __init__(
        self,
        estimator: Any = None,
        spec: Program | str | os.PathLike[str] | None = None,
        *,
        columns: Mapping[str, int | str] | None = None,
        params: Mapping[str, float] | None = None,
        mode: Literal["frozen", "batch"] = "frozen",
        threshold: float = 0.5,
        on_infeasible: Literal["error", "relax"] = "error",
    ) -> None:
        self.estimator = estimator
        self.spec = spec
        self.columns = columns
        self.params = params
        self.mode = mode
        self.threshold = threshold
        self.on_infeasible = on_infeasible

    def fit(self, X: Any, y: Any, *, sensitive_features: Any = None, **fit_params: Any) -> FairProjector:
        """Fits the estimator and, if frozen, the shifts of the groups."""
        if self.mode not in ("frozen", "batch"):
            raise ValueError(f'`mode` is {self.mode!r}, expected "frozen" or "batch"')
        y = self._checked(X, y)
        self._fit(X, y, fit_params)
        self.program_ = self._compiled()
        #: The shifts, as `fairc freeze` writes them.
        self.shifts_: str | None = None
        if self.mode == "frozen":
            self.shifts_ = self._freeze(X, sensitive_features)
        return self

    def _freeze(self, X: Any, sensitive: Any) -> str:
        table, raw = self._fitted(X, sensitive)
        return self.program_.freeze(table, raw, params=self.params, on_infeasible=self.on_infeasible)

    def _fair(self, X: Any, sensitive: Any) -> npt.NDArray[np.float64]:
        table, raw = self._applied(X, sensitive)
        if self.shifts_ is not None:
            return self.program_.apply(self.shifts_, table, raw, params=self.params).y
        # Labels are not known when predicting, and rows for training are not for that.
        found = self.program_.project(
            table, raw, params=self.params, on_infeasible=self.on_infeasible, purpose="inference", labels=False
        )
        return np.asarray(found.y)

    def score_fair(self, X: Any, *, sensitive_features: Any = None) -> npt.NDArray[np.float64]:
        """The fair scores: predictions of a regressor, probabilities of the second class of a classifier."""
        return self._fair(X, sensitive_features)

    def predict(self, X: Any, *, sensitive_features: Any = None) -> npt.NDArray[Any]:
        """Fair predictions; of a classifier, the classes of fair probabilities."""
        fair = self._fair(X, sensitive_features)
        if not is_classifier(self.estimator_):
            return fair
        return np.asarray(self.classes_[(fair >= self.threshold).astype(int)])

    @available_if(_classifies)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any, *, sensitive_features: Any = None) -> npt.NDArray[np.float64]:
        """Fair probabilities of both classes."""
        fair = self._fair(X, sensitive_features)
        return np.column_stack([1 - fair, fair])

    def audit(self, X: Any, y: Any = None, *, sensitive_features: Any = None) -> Audit:
        """Whether the fair scores satisfy the spec on these data; ``y`` is taken as its label, if it has one."""
        table = {**self._table(X, sensitive_features), **self._labels(y)}
        return self.program_.audit(table, self._fair(X, sensitive_features), params=self.params)

class FairDecider(_Fair):
    """Makes decisions of a binary classifier that satisfy a spec, and gain the most.

    ``fit`` fits the classifier, and for each group that the rows of the spec tell apart a threshold of its probability of the
    second class, on the same data or with ``holdout`` on a share of these that the classifier does not see. ``predict`` compares
    with the thresholds, so that a decision depends on nobody else; the rows hold on the data of the thresholds up to the few
    samples that are exactly at one, and nearly on data like them.

    A decision for the second class gains its probability less ``cutoff``. Rows that read labels are fitted on those of the data,
    and applied without: that may take draws between several thresholds. With ``randomize``, a seed, samples exactly at a
    threshold are drawn as well. Columns are taken as by :class:`FairProjector`, and
    ``y`` is the label of the spec, if it has one.
    """

    def __init__(
        self,
        estimator: Any = None,
        spec: Program | str | os.PathLike[str] | None = None,
        *,
        columns: Mapping[str, int | str] | None = None,
        params: Mapping[str, float] | None = None,
        cutoff: float = 0.5,
        holdout: float | None = None,
        random_state: Any = None,
        randomize: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.spec = spec
        self.columns = columns
        self.params = params
        self.cutoff = cutoff
        self.holdout = holdout
        self.random_state = random_state
        self.randomize = randomize

    def _inner(self) -> Any:
        return LogisticRegression() if self.estimator is None else self.estimator

    def fit(self, X: Any, y: Any, *, sensitive_features: Any = None, **fit_params: Any) -> FairDecider:
        """Fits the classifier and the thresholds. ``fit_params`` go to the classifier, and those with an entry for each sample
        are cut with ``holdout`` as the data are."""
        if not is_classifier(self._inner()):
            raise ValueError(f"`estimator` is {type(self.estimator).__name__}, expected a classifier")
        y = self._checked(X, y)
        self.program_ = self._compiled()
        own, reference = self._parts(y)
        self._fit(_taken(X, own), y[own], {name: _taken(value, own) for name, value in fit_params.items()})
        there = _taken(X, reference)
        table, raw = self._fitted(there, _taken_columns(sensitive_features, reference))
        positive = (y[reference] == self.classes_[1]).astype(np.int64)
        #: The thresholds, which can be kept as JSON or SQL.
        self.thresholds_ = Thresholds.fit(
            self.program_,
            {**table, **self._labels(positive)},
            raw,
            cutoff=self.cutoff,
            randomize=self.randomize,
            params=self.params,
        )
        return self

    def _parts(self, y: npt.NDArray[Any]) -> tuple[Any, Any]:
        """The places of the samples for the classifier, and of those for the thresholds."""
        every = np.arange(len(y))
        if self.holdout is None:
            return every, every
        if not 0 < self.holdout < 1:
            raise ValueError(f"`holdout` is {self.holdout}, expected a share between 0 and 1")
        from sklearn.model_selection import train_test_split

        own, reference = train_test_split(
            every, test_size=self.holdout, random_state=self.random_state, stratify=y
        )
        return np.sort(own), np.sort(reference)

    def decide(self, X: Any, *, sensitive_features: Any = None, key: Any = None) -> npt.NDArray[np.float64]:
        """Decisions, 1 for the second class. Where the thresholds draw, or ``randomize`` asks for it, a draw depends on the seed
        and on ``key``, a vector; by default on all values of the sample, so that it stays the same for a person."""
        table, raw = self._applied(X, sensitive_features)
        seed = 0 if self.randomize is None and self.thresholds_.draws else self.randomize
        if seed is not None and key is None:
            values = np.asarray(X, dtype=object)
            key = [repr(row) for row in values.tolist()]
        return self.thresholds_.apply(table, raw, randomize=seed, key=None if seed is None else key)

    def predict(self, X: Any, *, sensitive_features: Any = None) -> npt.NDArray[Any]:
        """The classes that are decided."""
        decided = self.decide(X, sensitive_features=sensitive_features)
        return np.asarray(self.classes_[decided.astype(int)])

    def predict_proba(self, X: Any, *, sensitive_features: Any = None) -> npt.NDArray[np.float64]:
        """The chances of a decision for both classes: 0 and 1, but for samples that are drawn, and those exactly at a threshold
        that takes a share."""
        table, raw = self._applied(X, sensitive_features)
        chances = self.thresholds_.chances(table, raw)
        return np.column_stack([1 - chances, chances])

    def audit(self, X: Any, y: Any = None, *, sensitive_features: Any = None) -> Audit:
        """Whether the decisions satisfy the spec on these data; ``y`` is taken as its label, if it has one."""
        decisions = self.decide(X, sensitive_features=sensitive_features)
        positive = None if y is None else (np.asarray(y) == self.classes_[1]).astype(np.int64)
        table = {**self._table(X, sensitive_features), **self._labels(positive)}
        return self.program_.audit(table or {_PREDICTION: decisions}, decisions, params=self.params)


def _taken(values: Any, places: npt.NDArray[np.intp]) -> Any:
    """The rows at these places of a table or vector; other things as they are."""
    if hasattr(values, "iloc"):
        return values.iloc[places]
    if isinstance(values, str) or not hasattr(values, "__len__") or not hasattr(values, "__getitem__"):
        return values
    if isinstance(values, Mapping) or (len(values) and len(values) <= places.max()):
        return values
    return np.asarray(values)[places]


def _taken_columns(table: Any, places: npt.NDArray[np.intp]) -> Any:
    """The same of a frame, or of a mapping of names to vectors."""
    if isinstance(table, Mapping):
        return {name: _taken(values, places) for name, values in table.items()}
    return None if table is None else _taken(table, places)


class FairnessFrame:
    """A metric over all samples and by group, with the habits of a frame.

    ``metrics`` is a function of labels and predictions, or a mapping of names to such; ``sensitive_features`` a frame or a
    mapping of names to vectors, or one vector. With ``program`` the same predictions are also audited.
    """

    def __init__(
        self,
        metrics: Callable[[Any, Any], float] | Mapping[str, Callable[[Any, Any], float]],
        y_true: Any,
        y_pred: Any,
        *,
        sensitive_features: Any,
        program: Program | None = None,
        params: Mapping[str, float] | None = None,
    ) -> None:
        import pandas as pd

        one = not isinstance(metrics, Mapping)
        named = dict(metrics) if isinstance(metrics, Mapping) else {getattr(metrics, "__name__", "metric"): metrics}
        truth, predicted = np.asarray(y_true).reshape(-1), np.asarray(y_pred).reshape(-1)
        groups = _groups(sensitive_features, len(truth))
        if len(truth) != len(predicted):
            raise ValueError(f"`y_pred` has {len(predicted)} values, expected {len(truth)}")

        def values(rows: npt.NDArray[Any]) -> dict[str, float]:
            return {name: float(metric(truth[rows], predicted[rows])) for name, metric in named.items()}

        self._one = next(iter(named)) if one else None
        #: The metrics over all samples.
        self.overall: Any = self._shown(pd.Series(values(np.arange(len(truth))), dtype=float))
        places = groups.groupby(list(groups.columns), observed=True).indices
        index = pd.MultiIndex.from_tuples(
            [key if isinstance(key, tuple) else (key,) for key in places], names=groups.columns
        )
        if len(groups.columns) == 1:
            index = index.get_level_values(0)
        self._frame = pd.DataFrame([values(rows) for rows in places.values()], index=index)
        #: How many samples each group has.
        self.counts: Any = pd.Series([len(rows) for rows in places.values()], index=index, name="samples")
        #: What the spec says of the predictions, if one was handed over.
        self.audit: Audit | None = None
        if program is not None:
            self.audit = _audited(program, groups, truth, predicted, params)

    @property
    def by_group(self) -> Any:
        """The metrics of each group: a frame, or a series if there is one metric."""
        return self._frame if self._one is None else self._frame[self._one]

    def difference(self, *, to: Literal["groups", "overall"] = "groups") -> Any:
        """The largest difference between groups, or of a group to all samples."""
        if to == "groups":
            return self._shown(self._frame.max() - self._frame.min())
        return self._shown((self._frame - self._overall()).abs().max())

    def ratio(self, *, to: Literal["groups", "overall"] = "groups") -> Any:
        """The smallest ratio between groups, or of a group to all samples; at most 1."""
        if to == "groups":
            return self._shown(self._frame.min() / self._frame.max())
        shares = self._frame / self._overall()
        return self._shown(np.minimum(shares, 1 / shares).min())

    def _overall(self) -> Any:
        return self.overall if self._one is None else {self._one: self.overall}

    def _shown(self, series: Any) -> Any:
        return series if self._one is None else float(series.iloc[0])

    def _repr_html_(self) -> str:
        return str(self._frame.assign(samples=self.counts)._repr_html_())

    def __repr__(self) -> str:
        return str(self._frame.assign(samples=self.counts))


def _groups(sensitive: Any, n: int) -> Any:
    import pandas as pd

    if hasattr(sensitive, "to_frame") and not hasattr(sensitive, "columns"):
        sensitive = sensitive.to_frame()
    elif not isinstance(sensitive, Mapping) and not hasattr(sensitive, "columns"):
        sensitive = {"group": np.asarray(sensitive).reshape(-1)}
    names = list(sensitive.columns if hasattr(sensitive, "columns") else sensitive)
    frame = pd.DataFrame({str(name): np.asarray(sensitive[name]) for name in names})
    if len(frame) != n:
        raise ValueError(f"`sensitive_features` has {len(frame)} rows, expected {n}")
    return frame


def _audited(
    program: Program, groups: Any, truth: Any, predicted: Any, params: Mapping[str, float] | None
) -> Audit:
    labels = [column.header for column in program.columns if column.label]
    table: dict[str, Any] = {name: groups[name] for name in groups.columns}
    if len(labels) == 1:
        table[labels[0]] = truth
    return program.audit(table, predicted.astype(np.float64), params=params)
