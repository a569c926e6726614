"""A cut-off chosen on one forecast, carried over to the one that decides from then on.

Past nights are judged by the forward forecast, which learned nothing of them. The final one has learned more, so its
probabilities spread further: at one and the same probability it promotes other numbers. What carries over is the
volume.
"""

from __future__ import annotations

from models.bands import PerBand, ordered
from models.cutoffs.evidence import BandEvidence


def carry_over(evidence: BandEvidence, final: BandEvidence, threshold: float) -> float:
    """Return the cut-off of the final forecast that promotes as many leads over the time that counts.

    Parameters
    ----------
    evidence, final : BandEvidence
        Of the forward and the final forecast's probability, on the same looks.
    threshold : float
        On the forward forecast's.
    """
    leads = float(evidence.counted_leads([threshold])[0])
    return final.threshold_for(leads)


def carry_pair(evidence: PerBand[BandEvidence], final: PerBand[BandEvidence], at: PerBand[float]) -> PerBand[float]:
    """Return both cut-offs carried over; that of SAL is never below that of MQL.

    Parameters
    ----------
    evidence, final : PerBand of BandEvidence
        As for `carry_over`.
    at : PerBand of float
        On the forward forecast's probability.
    """
    return ordered(PerBand.by(lambda band: carry_over(evidence.of(band), final.of(band), at.of(band))))
