"""The public names of ``fairness_training`` 0.1.0, so that a program changes one import.

::

    from fairc.compat.fairness_training import FairModel, FairTrainer, create_stratified_dataloaders

Names, arguments, attributes, checks, warnings and the fields of checkpoints are those of that package; models, batches,
training and pictures are those of :mod:`fairc.torch` and :mod:`fairc.plots`. CVXPY is not used: a metric of one's own
writes its constraints in the language of fairc (see :class:`FairnessMetric`).
"""

from .fair_model import FairModel
from .fair_trainer import FairTrainer
from .fairness_metrics import EqualizedOdds, FairnessMetric, MeanPredictionParity, MeanResidualFairness
from .utils import create_dataloaders, create_stratified_dataloaders, get_fairness_metric, validate_metric

#: The version whose names these are.
__version__ = "0.1.0"

__all__ = [
    "EqualizedOdds",
    "FairModel",
    "FairTrainer",
    "FairnessMetric",
    "MeanPredictionParity",
    "MeanResidualFairness",
    "create_dataloaders",
    "create_stratified_dataloaders",
    "get_fairness_metric",
    "validate_metric",
]
