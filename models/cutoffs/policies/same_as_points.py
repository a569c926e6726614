"""As good as the points on the same leads: as precise with more leads, or finding as many with fewer."""

from __future__ import annotations

import numpy as np

from features.errors import InputError
from models.bands import Band
from models.cutoffs.evidence import BandEvidence, between
from models.cutoffs.policies.knobs import Knobs
from models.cutoffs.policies.policy import Chosen, Compared, Policy


class SamePrecisionMoreLeads(Policy):
    """As precise as the points, with as many leads as that allows."""

    name = "same_precision_more_leads"

    def choose(self, evidence: BandEvidence, knobs: Knobs, *, confidence: float, compared: Compared) -> Chosen:
        """Return the cut-off of `same_precision`."""
        points = compared.evidence.of(evidence.band)
        return Chosen(same_precision(evidence, points, compared.at.of(evidence.band)), self.name)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked."""
        return "as precise as the points, with as many leads as that allows"


class SameRecallFewerLeads(Policy):
    """As many found as the points find, with as few leads as that allows."""

    name = "same_recall_fewer_leads"

    def choose(self, evidence: BandEvidence, knobs: Knobs, *, confidence: float, compared: Compared) -> Chosen:
        """Return the cut-off of `same_recall`."""
        points = compared.evidence.of(evidence.band)
        return Chosen(same_recall(evidence, points, compared.at.of(evidence.band)), self.name)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked."""
        return "as many found as the points find, with as few leads as that allows"


def same_precision(evidence: BandEvidence, points: BandEvidence, points_cutoff: float) -> float:
    """Return the cut-off that promotes the most leads while as many of them reach the target as of the points' leads.

    Parameters
    ----------
    evidence, points : BandEvidence
        Of the model's probability and of the points, on the same looks; judged leads count.
    points_cutoff : float
        That of the points.

    Raises
    ------
    InputError
        If the points promoted no lead whose outcome is known, or no cut-off is as precise.
    """
    theirs, won = (float(count[0]) for count in points.judged([points_cutoff]))
    if theirs == 0:
        raise _nothing_to_compare(evidence)
    cuts = evidence.candidates()
    leads, reached = evidence.judged(cuts)
    as_precise = (leads > 0) & (reached * theirs >= won * leads)
    if not as_precise.any():
        raise InputError(
            expected=f"a cut-off for {evidence.band} as precise as the points ({won:g} of {theirs:g} leads got there)",
            found="none",
            column=f"cutoffs.{evidence.band.lower()}.policy",
            hint="The points are better on these leads; stay with same_volume_as_points until the model is",
        )
    per_week = np.where(as_precise, evidence.per_week(cuts), -1.0)
    return between(cuts, int(np.flatnonzero(per_week == per_week.max())[-1]))


def same_recall(evidence: BandEvidence, points: BandEvidence, points_cutoff: float) -> float:
    """Return the highest cut-off whose leads hold as many that reach the target as the points' leads do.

    Parameters and errors are those of `same_precision`.
    """
    theirs, won = (float(count[0]) for count in points.judged([points_cutoff]))
    if theirs == 0:
        raise _nothing_to_compare(evidence)
    cuts = evidence.candidates()
    enough = evidence.judged(cuts)[1] >= won
    if not enough.any():
        raise InputError(
            expected=f"a cut-off for {evidence.band} that finds the {won:g} leads that the points found",
            found=f"{evidence.judged(cuts)[1].max():g} at most",
            column=f"cutoffs.{evidence.band.lower()}.policy",
            hint="The points are better on these leads; stay with same_volume_as_points until the model is",
        )
    return between(cuts, int(np.flatnonzero(enough)[0]))


def _nothing_to_compare(evidence: BandEvidence) -> InputError:
    return InputError(
        expected=f"leads that the points promoted to {evidence.band} and whose outcome is known",
        found="none",
        column=f"cutoffs.{evidence.band.lower()}.policy",
        hint="Take same_volume_as_points or per_week, or wait until outcomes are known",
    )
