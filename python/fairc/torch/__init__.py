"""Fairness constraints for PyTorch: a layer for any network, and a model and trainer around it."""

from ._layer import FairnessLayer, Solution
from ._loaders import StratifiedBatches, create_dataloaders, create_stratified_dataloaders
from ._model import FairModel
from ._trainer import FairTrainer

__all__ = [
    "FairModel",
    "FairTrainer",
    "FairnessLayer",
    "Solution",
    "StratifiedBatches",
    "create_dataloaders",
    "create_stratified_dataloaders",
]
