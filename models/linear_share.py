"""How much of the log-odds the linear part gives, and how far to go from the base rate: learned on unseen rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.estimator_options import EstimatorOptions
from models.log_odds import Floats, log_losses


@dataclass(frozen=True)
class Blend:
    """What was chosen.

    log-odds = base rate + ``shrinkage`` · ((1 - ``share``) · trees + ``share`` · linear - base rate)

    Attributes
    ----------
    share, shrinkage : float
    losses : mapping of share to mean log loss
        Of every share that was tried, unshrunken (none: nothing was tried).
    """

    share: float
    shrinkage: float = 1.0
    losses: dict[float, float] = field(default_factory=dict)

    def log_odds(self, trees: Floats, linear: Floats, rate_log_odds: float) -> Floats:
        """Return the blended log-odds of each row."""
        mixed = (1.0 - self.share) * trees + self.share * linear
        return rate_log_odds + self.shrinkage * (mixed - rate_log_odds)


def forward_parts(
    lead_ids: NDArray[Any], as_of_us: NDArray[np.int64], *, newest_share: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows are early and which are late; no lead is in both, and no early row is newer than a late one.

    A lead belongs where its first row falls; the newest ``newest_share`` of the leads are late. Rows of early leads
    from the late time are in neither.

    There is no embargo between the two: an outcome of an early row may fall into the late time, so the trial knows a
    little more of it than a forecast on that day could. That may tip the choice of a share and nothing else. Both
    parts lie inside the training period, whose outcome windows all end before the test begins
    (`features.split.split_by_time`), so nothing of the test can reach the trial.
    """
    _, lead = np.unique(lead_ids, return_inverse=True)
    first = np.full(lead.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, lead, as_of_us)
    boundary = np.quantile(first, 1.0 - newest_share, method="lower")
    late = first[lead] > boundary
    early = ~late & (as_of_us <= boundary)
    return early, late


def choose_blend(
    trees: Floats, linear: Floats, y: Floats, weights: Floats, *, rate_log_odds: float, options: EstimatorOptions
) -> Blend:
    """Return the most credible share and shrinkage, given the rows and what is believed of them without any.

    The belief is normal: about ``options.default_linear_share`` for the share, about 1 for the shrinkage. With few
    rows it holds; with many they decide. The loss on the rows counts by lead, so many rows of a lead prove no more.

    Parameters
    ----------
    trees, linear : array of length n
        Log-odds of both parts on rows of leads that they were not trained on.
    y, weights : array of length n
        Outcome 0 to 1; the weights of a lead sum to 1.
    rate_log_odds : float
        Log-odds of the base rate of what the parts were trained on.
    """
    best, least, losses = Blend(options.default_linear_share), np.inf, {}
    for share in sorted({*options.linear_shares, options.default_linear_share}):
        doubt = 0.5 * ((share - options.default_linear_share) / options.linear_share_spread) ** 2
        for shrinkage in sorted({*options.shrinkages, 1.0}, reverse=True):
            blend = Blend(share, shrinkage)
            loss = float(weights @ log_losses(blend.log_odds(trees, linear, rate_log_odds), y))
            penalty = doubt + 0.5 * ((1.0 - shrinkage) / options.shrinkage_spread) ** 2
            if loss + penalty < least:
                best, least = blend, loss + penalty
            if shrinkage == 1.0:
                losses[share] = loss / float(weights.sum())
    return Blend(best.share, best.shrinkage, losses)
