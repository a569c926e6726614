"""The knobs of the estimator; the defaults suit 400 leads as well as 80,000."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from features.strict import Strict


@dataclass(frozen=True)
class TreeShape:
    """One kind of booster: the size of its trees, and whether it reads categories as codes or as rates."""

    num_leaves: int
    max_depth: int
    learning_rate: float
    categories: Literal["codes", "rates"]


class EstimatorOptions(Strict):
    """How one target's log-odds are learned.

    Examples
    --------
    >>> EstimatorOptions(boosters=3).boosters
    3
    """

    boosters: int = Field(default=5, ge=2, le=20)
    """Boosters of each kind that are averaged; each is trained without one fold of the leads and watched on it."""
    max_rounds: int = Field(default=300, ge=1)
    """Trees a booster may have at most."""
    patience: int = Field(default=30, ge=1)
    """Rounds without improvement on the watched folds together after which the boosters stop growing."""
    learning_rate: float = Field(default=0.07, gt=0, le=1)
    num_leaves: int = Field(default=12, ge=2)
    max_depth: int = Field(default=5, ge=1)
    categories: Literal["codes", "rates"] = "rates"
    """How these boosters read categories: as LightGBM's own, or as the rate of their leads in other folds."""
    shallow_depth: int = Field(default=2, ge=0)
    """Depth of the second kind of boosters, which read categories as codes; 0: there is no second kind."""
    shallow_learning_rate: float = Field(default=0.1, gt=0, le=1)
    l2: float = Field(default=10.0, ge=0)
    """Ridge on the leaf values."""
    path_smooth: float = Field(default=5.0, ge=0)
    """How strongly a leaf leans on its parent, in rows."""
    feature_fraction: float = Field(default=0.6, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    min_category_leads: int = Field(default=2, ge=1)
    """A category that fewer leads have counts as rare. Small ones are left to ridges and priors."""
    max_categories: int = Field(default=500, ge=2)
    """Categories of one column that are told apart; the rest, the least frequent, count as rare."""
    category_prior: float = Field(default=20.0, gt=0)
    """Leads at the base rate that are added to each category before its rate is taken."""
    category_prior_outcomes: float = Field(default=5.0, ge=0)
    """The same in outcomes, of the rarer kind; the larger of both counts."""
    rates_from: Literal["other folds", "earlier leads"] = "other folds"
    """Which leads a training row's rates are taken from; those that came before tell its date as well."""
    linear_ridge: float = Field(default=30.0, gt=0)
    """Ridge on the coefficients of the linear part, in leads; where others are tried, the one to start from."""
    linear_ridges: tuple[float, ...] = (3.0, 10.0, 30.0, 100.0)
    """Ridges that are tried, for numbers and for categories apart; none: ``linear_ridge`` stays."""
    linear_steps: int = Field(default=16, ge=1)
    """Groups into which the linear part cuts each number, so that its effect may level off or turn; 1: none."""
    leads_per_step: float = Field(default=50.0, gt=0)
    """With fewer leads than this a step, there are fewer steps."""
    linear_rows: int = Field(default=200_000, ge=1)
    """Rows that the linear part is fitted on at most; of more rows, those of leads at even distances."""
    most_rows: int = Field(default=250_000, ge=1)
    """Rows that a target learns from at most; of more rows, those of leads that are drawn. Memory is bounded by it."""
    linear_share: float | None = Field(default=None, ge=0, le=1)
    """Share of the linear part in the log-odds; None: learned."""
    default_linear_share: float = Field(default=0.35, ge=0, le=1)
    """The share that is held to without evidence."""
    linear_share_spread: float = Field(default=0.2, gt=0)
    """How far from the default a share is believed to lie before any evidence (standard deviation)."""
    shrinkage_spread: float = Field(default=0.3, gt=0)
    """The same of the spread of the forecasts around what is expected of it."""
    fold_outcomes: float = Field(default=50.0, gt=0)
    """What the folds say of the share counts as so many outcomes at most; beyond that the newer leads decide."""
    min_outcomes: int = Field(default=20, ge=1)
    """Leads with the outcome, and leads without it, below which the base rate is all that is forecast."""
    threads: int = Field(default=2, ge=1)

    @property
    def shapes(self) -> tuple[TreeShape, ...]:
        """The kinds of boosters; all count the same."""
        first = TreeShape(self.num_leaves, self.max_depth, self.learning_rate, self.categories)
        depth = self.shallow_depth
        shallow = TreeShape(2**depth, depth, self.shallow_learning_rate, "codes")
        return (first, shallow) if depth else (first,)
