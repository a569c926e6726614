"""How estimators are fitted, whatever the rows: features, knobs, seed, and who is told of progress."""

from __future__ import annotations

from dataclasses import dataclass, replace

from features.catalog.feature import Feature
from models.estimator.boosters import OnStep
from models.estimator.linear_terms import Ridge
from models.estimator.options import EstimatorOptions


def told_nobody(steps: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class Fitting:
    """How estimators are fitted.

    Attributes
    ----------
    features : tuple of Feature
        The columns to learn from.
    options : EstimatorOptions
        Knobs.
    seed : int
        The same seed gives the same model, bit for bit.
    on_step : callable
        Told of every step, for progress.
    ridge : Ridge, optional
        Of the linear part, where it was chosen before on rows of the same kind; else it is chosen on folds.
    """

    features: tuple[Feature, ...]
    options: EstimatorOptions
    seed: int
    on_step: OnStep = told_nobody
    ridge: Ridge | None = None

    def silent(self) -> Fitting:
        """Return the same without reports of progress."""
        return replace(self, on_step=told_nobody)

    def with_ridge(self, ridge: Ridge | None) -> Fitting:
        """Return the same with a ridge that was chosen before."""
        return replace(self, ridge=ridge)

    def with_options(self, **changes: object) -> Fitting:
        """Return the same with other knobs."""
        return replace(self, options=self.options.model_copy(update=changes))
