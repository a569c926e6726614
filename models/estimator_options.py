"""The knobs of the estimator; the defaults suit 400 leads as well as 60,000."""

from __future__ import annotations

from pydantic import Field, model_validator

from features.spec import Strict


class EstimatorOptions(Strict):
    """How one target's log-odds are learned.

    Examples
    --------
    >>> EstimatorOptions(boosters=3).boosters
    3
    """

    boosters: int = Field(default=5, ge=2, le=20)
    """Boosters that are averaged; each is trained without one fold of the leads and watched on that fold."""
    max_rounds: int = Field(default=300, ge=1)
    """Trees a booster may have at most."""
    patience: int = Field(default=30, ge=1)
    """Rounds without improvement on the watched folds together after which the boosters stop growing."""
    learning_rate: float = Field(default=0.07, gt=0, le=1)
    num_leaves: int = Field(default=12, ge=2)
    max_depth: int = Field(default=5, ge=1)
    l2: float = Field(default=10.0, ge=0)
    """Ridge on the leaf values."""
    path_smooth: float = Field(default=5.0, ge=0)
    """How strongly a leaf leans on its parent, in rows."""
    feature_fraction: float = Field(default=0.6, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    min_category_leads: int = Field(default=10, ge=1)
    """A category that fewer leads have counts as rare."""
    max_categories: int = Field(default=100, ge=2)
    """Categories of one column that are told apart; the rest, the least frequent, count as rare."""
    linear_ridge: float = Field(default=30.0, gt=0)
    """Ridge on the standardised coefficients of the linear part, in leads."""
    linear_shares: tuple[float, ...] = (0.0, 0.15, 0.3, 0.5)
    """Shares of the linear part in the log-odds that are tried forward in time."""
    default_linear_share: float = Field(default=0.3, ge=0, le=1)
    """The share that stands unless another is clearly better on the last part of the training period."""
    forward_share: float = Field(default=0.25, gt=0, lt=1)
    """The newest share of the training leads, on which the shares are tried."""
    min_outcomes: int = Field(default=20, ge=1)
    """Leads with the outcome, and leads without it, below which the base rate is all that is forecast."""
    threads: int = Field(default=2, ge=1)

    @model_validator(mode="after")
    def _shares(self) -> EstimatorOptions:
        if any(not 0 <= share <= 1 for share in self.linear_shares):
            raise ValueError("linear_shares must lie between 0 and 1")
        return self
