"""What a cut-off is worth in money: expected value a week, and the net-benefit curve over cut-offs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.arrays import Floats
from models.bands import Band
from models.cutoffs.evidence import BandEvidence, between
from models.cutoffs.first_promotions import FirstPassages
from models.cutoffs.policies.knobs import DealValue, Knobs
from models.cutoffs.policies.policy import Chosen, Compared, Policy, needed
from models.measures.bootstrap import LEVEL, drawn_weights

if TYPE_CHECKING:
    import pandas as pd

CURVE_POINTS = 60


class ExpectedValue(Policy):
    """The highest expected value a week, within what the people can work if that is given."""

    name = "expected_value"
    needs = "value"

    def choose(self, evidence: BandEvidence, knobs: Knobs, *, confidence: float, compared: Compared) -> Chosen:
        """Return the cut-off of `most_valuable`."""
        most = None if knobs.capacity is None else knobs.capacity.leads_per_week
        value = needed(knobs.value, "value", evidence.band)
        return Chosen(most_valuable(evidence, value, at_most_per_week=most), self.name)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked."""
        bound = "" if knobs.capacity is None else f", at most {knobs.capacity.leads_per_week:.3g} leads a week"
        return f"the highest expected value{bound}"


def net_benefit(won: ArrayLike, handed_over: ArrayLike, leads: float, *, threshold_probability: float) -> Floats:
    """Return the net benefit of handing leads over, in won deals a lead: more is better, handing nobody over is 0.

    Won deals less lost hand-overs, each of these weighed by the odds of the threshold probability, at which a
    hand-over is just worth its cost: ``TP / n - FP / n * pt / (1 - pt)``.

    Parameters
    ----------
    won, handed_over : array of float
        Deals among the leads handed over, and all of these.
    leads : float
        All leads.
    threshold_probability : float
        ``pt``; with a deal worth V and a hand-over costing c it is c / V.

    References
    ----------
    Vickers, A. J., Elkin, E. B. (2006), Decision curve analysis: a novel method for evaluating prediction models.
    Medical Decision Making 26.

    Examples
    --------
    >>> round(float(net_benefit(10, 30, 100, threshold_probability=0.2)), 3)  # 0.10 - 0.20 / 4
    0.05
    """
    true, handed = np.asarray(won, dtype="float64"), np.asarray(handed_over, dtype="float64")
    odds = threshold_probability / (1 - threshold_probability)
    return np.asarray(true / leads - (handed - true) / leads * odds, dtype="float64")


def expected_value_per_week(evidence: BandEvidence, thresholds: ArrayLike, value: DealValue) -> Floats:
    """Return the expected value a week of handing over at each cut-off, against handing nobody over.

    Every promoted lead costs a hand-over; it brings the deal, and spares the cost of a missed one, with its forecast
    probability. All promotions of the time that counts play a part, whether their outcome is known or not.

    Parameters
    ----------
    evidence : BandEvidence
    thresholds : array of float
    value : DealValue

    Returns
    -------
    array of float
        In the currency of ``value``.
    """
    p = evidence.promotions[evidence.deal_probability].to_numpy(dtype="float64")
    worth = evidence.promotions["counted"].to_numpy(dtype="float64") * (
        p * (value.deal + value.missed) - value.handover
    )
    return evidence.passages.sums(thresholds, worth) / evidence.counting.weeks / evidence.counting.share


def most_valuable(evidence: BandEvidence, value: DealValue, *, at_most_per_week: float | None = None) -> float:
    """Return the cut-off with the highest expected value a week.

    The forecast's probabilities decide, not the few deals of the past: outcomes show what came of it
    (`net_benefit_curve`), chance in them would pick the cut-off.

    Parameters
    ----------
    evidence : BandEvidence
    value : DealValue
    at_most_per_week : float, optional
        What the people can work; cut-offs that promote more are left out.
    """
    cuts = evidence.candidates()
    values = expected_value_per_week(evidence, cuts, value)
    if at_most_per_week is not None:
        values = np.where(evidence.per_week(cuts) <= at_most_per_week, values, -np.inf)
    return between(cuts, int(np.argmax(values)))


def net_benefit_curve(
    evidence: BandEvidence, value: DealValue, *, draws: int = 200, seed: int = 0, points: int = CURVE_POINTS
) -> pd.DataFrame:
    """Return net benefit and value of past hand-overs over cut-offs, by outcome, with intervals by lead.

    Parameters
    ----------
    evidence : BandEvidence
        Judged promotions count.
    value : DealValue
        A deal counts as worth ``deal`` and the spared ``missed``.
    draws, seed : int
        Of the bootstrap by lead.
    points : int
        Most cut-offs shown, at equal steps of promoted leads.

    Returns
    -------
    DataFrame
        One row a cut-off, falling: ``threshold``, ``leads`` (promoted), ``deals``, ``net_benefit`` (deals a judged
        promoted lead at the lowest cut-off), ``low``, ``high`` (95 %), ``value`` (a promoted lead at the lowest cut-off
        again, in money), ``value_low``, ``value_high``, ``expected`` (the same by forecast).

    References
    ----------
    Vickers and Elkin (2006), see `net_benefit`.
    """
    import pandas as pd

    judged = evidence.promotions["judged"].to_numpy() & evidence.promotions[evidence.deal_column].notna().to_numpy()
    won = judged * evidence.promotions[evidence.deal_column].fillna(0).to_numpy(dtype="float64")
    cuts = _steps(evidence, judged.astype("float64"), points)
    handed, deals = (evidence.passages.sums(cuts, worth) for worth in (judged.astype("float64"), won))
    leads = max(float(handed.max(initial=0.0)), 1.0)
    gain = value.deal + value.missed
    pt = value.handover / gain if gain > value.handover else 1 - 1e-9
    drawn = _drawn(evidence, cuts, judged.astype("float64"), won, draws=draws, seed=seed)
    benefits = net_benefit(drawn[1], drawn[0], leads, threshold_probability=pt)
    values = (drawn[1] * gain - drawn[0] * value.handover) / leads
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    p = judged * evidence.promotions[evidence.deal_probability].to_numpy(dtype="float64")
    low, high = np.quantile(benefits, tails, axis=0)
    value_low, value_high = np.quantile(values, tails, axis=0)
    return pd.DataFrame(
        {
            "threshold": cuts,
            "leads": handed,
            "deals": deals,
            "net_benefit": net_benefit(deals, handed, leads, threshold_probability=pt),
            "low": low,
            "high": high,
            "value": (deals * gain - handed * value.handover) / leads,
            "value_low": value_low,
            "value_high": value_high,
            "expected": (evidence.passages.sums(cuts, p) * gain - handed * value.handover) / leads,
        }
    )


def _steps(evidence: BandEvidence, judged: Floats, points: int) -> Floats:
    cuts = evidence.candidates()
    handed = evidence.passages.sums(cuts, judged)
    wanted = np.unique(np.linspace(0, handed.max(initial=0.0), points).round())
    return np.asarray(cuts[np.unique(np.searchsorted(np.maximum.accumulate(handed), wanted).clip(max=len(cuts) - 1))])


def _drawn(
    evidence: BandEvidence, cuts: Floats, judged: Floats, won: Floats, *, draws: int, seed: int
) -> tuple[Floats, Floats]:
    """Return leads handed over and deals at each cut-off, on drawn leads."""
    passages = evidence.passages
    leads, lead = np.unique(evidence.promotions["lead_id"].to_numpy(dtype=str), return_inverse=True)
    if len(leads) == 0:
        return np.zeros((1, len(cuts))), np.zeros((1, len(cuts)))
    places = np.flatnonzero(judged)
    judged_passages = FirstPassages(passages.row[places], passages.before[places], passages.score[places])
    blocks = [block[:, lead[places]] for block in drawn_weights(leads, draws=draws, seed=seed)]
    handed, deals = ([judged_passages.sums(cuts, worth[places] * drawn) for drawn in blocks] for worth in (judged, won))
    return np.vstack(handed), np.vstack(deals)
