"""What another cut-off would bring: leads, outcomes and deals a week more or fewer, on the same leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays import Floats
from models.cutoffs.evidence import BandEvidence
from models.measures.bootstrap import Interval, drawn_weights, interval


@dataclass(frozen=True)
class CutoffChange:
    """Another cut-off less the present one, a week; 95 % intervals by lead.

    Attributes
    ----------
    leads_per_week : Interval
        Leads promoted.
    outcomes_per_week, deals_per_week : Interval
        Promoted leads that reach the target, and that bring a deal, as judged leads did.
    """

    leads_per_week: Interval
    outcomes_per_week: Interval
    deals_per_week: Interval


def compare_cutoffs(
    evidence: BandEvidence, now: float, other: float, *, draws: int = 300, seed: int = 0
) -> CutoffChange:
    """Compare two cut-offs of a stage, paired: both on the same drawn leads.

    Parameters
    ----------
    evidence : BandEvidence
        Looks of the past.
    now, other : float
        Cut-offs.
    draws, seed : int
        Of the bootstrap by lead.
    """
    leads = np.unique(evidence.promotions["lead_id"].to_numpy(dtype=str))
    sums = [_sums(evidence, threshold, leads, draws=draws, seed=seed) for threshold in (now, other)]
    changes = {name: sums[1][name] - sums[0][name] for name in ("leads", "outcomes", "deals")}
    return CutoffChange(*(interval(float(change[0]), change[1:]) for change in changes.values()))


def _sums(evidence: BandEvidence, threshold: float, leads: Any, *, draws: int, seed: int) -> dict[str, Floats]:
    """Return leads, outcomes and deals a week of one cut-off, on all leads and on each draw of them."""
    rows, deal = evidence.promoted(threshold), evidence.deal_column
    judged = rows["judged"].to_numpy(dtype="float64")
    judged_deals = judged * rows[deal].notna()
    columns = np.column_stack(
        [rows["counted"], judged, judged * rows["y"].fillna(0), judged_deals, judged_deals * rows[deal].fillna(0)]
    ).astype("float64")
    at = np.searchsorted(leads, rows["lead_id"].to_numpy(dtype=str))
    drawn = drawn_weights(leads, draws=draws, seed=seed) if len(leads) else iter(())
    blocks = [weights[:, at] @ columns for weights in drawn]
    counted, judged_leads, won, settled, deals = np.vstack([columns.sum(axis=0)[np.newaxis], *blocks]).T
    per_week = counted / evidence.counting.weeks / evidence.counting.share
    return {
        "leads": per_week,
        "outcomes": per_week * _share(won, judged_leads),
        "deals": per_week * _share(deals, settled),
    }


def _share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole; 0 where nobody is promoted at all, so that there is nothing to tell of."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
