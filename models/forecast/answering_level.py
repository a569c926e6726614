"""Which level answered for a target: the model, the model drawn towards the base rate, or the base rate alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from models.forecast.target_model import TargetModel

AnsweringLevel = Literal["model", "shrunken", "rate"]

FULL_TRUST: Final = 0.75
"""A slope of the calibration below this is a model that is not taken at its word."""


@dataclass(frozen=True)
class LevelAnswer:
    """Which level answered, and why.

    Attributes
    ----------
    level : "model", "shrunken" or "rate"
        ``rate``: every lead gets the base rate. ``shrunken``: so few outcomes, or so little in them that held later,
        that differences between leads count for less than ``FULL_TRUST`` of what the model makes of them.
    outcomes, missing_outcomes : int
        Leads with the outcome that were learned from, and how many more a model needs.
    slope : float
        Of the calibration: how much of the model's differences between leads is kept; 1 is all.
    """

    level: AnsweringLevel
    outcomes: int
    missing_outcomes: int
    slope: float


def answering_level(model: TargetModel) -> LevelAnswer:
    """Return the level that answers for one target."""
    training, slope = model.estimator.training, model.calibration.slope
    level: AnsweringLevel = "model" if slope >= FULL_TRUST else "shrunken"
    if training.level == "rate":
        level, slope = "rate", 0.0
    return LevelAnswer(level, training.outcomes, training.missing_outcomes, slope)
