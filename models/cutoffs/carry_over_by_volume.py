"""A cut-off chosen on one forecast, carried over to the one that decides from then on.

Past nights are judged by the forward forecast, which learned nothing of them. The final one has learned more, so its
probabilities spread further: at one and the same probability it promotes other numbers. What carries over is the
volume.
"""

from __future__ import annotations

from models.cutoffs.evidence import BandEvidence, CutoffEvidence


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


def carry_pair(evidence: CutoffEvidence, final: CutoffEvidence, mql: float, sal: float) -> tuple[float, float]:
    """Return both cut-offs carried over; that of SAL is never below that of MQL.

    Parameters
    ----------
    evidence, final : CutoffEvidence
        As for `carry_over`.
    mql, sal : float
        On the forward forecast's probability.
    """
    first = carry_over(evidence.mql, final.mql, mql)
    return first, max(first, carry_over(evidence.sal, final.sal, sal))
