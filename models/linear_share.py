"""How much of the log-odds the linear part gives: tried forward in time, inside the training period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.log_odds import Floats, log_losses


@dataclass(frozen=True)
class LinearShare:
    """The share that was chosen, and the mean log loss of every share that was tried (none: nothing was tried)."""

    share: float
    losses: dict[float, float]


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


def choose_linear_share(
    trees: Floats,
    linear: Floats,
    y: Floats,
    weights: Floats,
    lead_ids: NDArray[Any],
    *,
    shares: Sequence[float],
    default: float,
) -> LinearShare:
    """Return the share with the least log loss if it beats the default by more than one standard error, by lead.

    Parameters
    ----------
    trees, linear : array of length n
        Log-odds of both parts on rows newer than what they were trained on.
    y, weights : array of length n
        Outcome 0 or 1; the weights of a lead sum to 1.
    lead_ids : array of length n
        Rows of a lead are one observation.
    shares : sequence of float
        The shares to try; the default is tried as well.
    default : float
        The share that stands unless another is clearly better.
    """
    losses = {s: weights * log_losses((1 - s) * trees + s * linear, y) for s in sorted({*shares, default})}
    means = {share: float(loss.sum() / weights.sum()) for share, loss in losses.items()}
    best = min(means, key=lambda share: (means[share], share))
    _, lead = np.unique(lead_ids, return_inverse=True)
    gains = np.bincount(lead, losses[default] - losses[best])
    standard_error = float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else np.inf
    return LinearShare(best if gains.mean() > standard_error else default, means)
