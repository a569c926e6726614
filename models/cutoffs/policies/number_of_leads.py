"""A number of leads a week: one that is named, what people can work, or as many as the points promote."""

from __future__ import annotations

from abc import abstractmethod

from models.bands import Band, PerBand
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.knobs import Knobs
from models.cutoffs.policies.policy import Chosen, Compared, Policy, needed

SHARE_WORDS = PerBand("a quarter", "a tenth")
"""`models.cutoffs.thresholds.DEFAULT_SHARES` in words."""


class NumberOfLeads(Policy):
    """The cut-off that promotes so many leads; outcomes play no part."""

    @abstractmethod
    def leads(self, evidence: BandEvidence, knobs: Knobs, compared: Compared) -> float:
        """Return the leads asked for over the time that counts."""

    def choose(self, evidence: BandEvidence, knobs: Knobs, *, confidence: float, compared: Compared) -> Chosen:
        """Return the cut-off whose number of leads comes closest."""
        leads = self.leads(evidence, knobs, compared)
        return Chosen(evidence.threshold_for(leads), self.name, asked_leads=leads)


class DefaultShare(NumberOfLeads):
    """A share of the leads that come in, where there are no rules to go by."""

    name = "default_share"
    in_settings = False

    def leads(self, evidence: BandEvidence, knobs: Knobs, compared: Compared) -> float:
        """Return what the baseline promotes."""
        return compared.leads.of(evidence.band)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked."""
        share = SHARE_WORDS.of(band)
        return f"without rules: as many as {share} of the leads that come in as {band}, {per_week:.3g} a week"


class SameVolumeAsPoints(NumberOfLeads):
    """As many leads as the points promote today; `DefaultShare` where there are no rules."""

    name = "same_volume_as_points"

    def leads(self, evidence: BandEvidence, knobs: Knobs, compared: Compared) -> float:
        """Return what the points promote."""
        return compared.leads.of(evidence.band)

    def choose(self, evidence: BandEvidence, knobs: Knobs, *, confidence: float, compared: Compared) -> Chosen:
        """Return the cut-off whose number of leads comes closest."""
        if not compared.own:
            return DefaultShare().choose(evidence, knobs, confidence=confidence, compared=compared)
        return super().choose(evidence, knobs, confidence=confidence, compared=compared)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked."""
        return f"as many leads as the points, {per_week:.3g} a week"


class PerWeek(NumberOfLeads):
    """So many leads a week."""

    name = "per_week"
    needs = "per_week"

    def leads(self, evidence: BandEvidence, knobs: Knobs, compared: Compared) -> float:
        """Return the number a week over the time that counts."""
        return needed(knobs.per_week, "per_week", evidence.band) * (evidence.counting.weeks * evidence.counting.share)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked.

        Examples
        --------
        >>> PerWeek().words(Knobs(per_week=12), "SAL", per_week=12, confidence=0.9)
        '12 leads a week'
        """
        return f"{per_week:.3g} leads a week"


class WhatPeopleCanWork(NumberOfLeads):
    """As many leads a week as the people can work."""

    name = "capacity"
    needs = "capacity"

    def leads(self, evidence: BandEvidence, knobs: Knobs, compared: Compared) -> float:
        """Return what they can work over the time that counts."""
        people = needed(knobs.capacity, "capacity", evidence.band)
        return people.leads_per_week * (evidence.counting.weeks * evidence.counting.share)

    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked."""
        people = needed(knobs.capacity, "capacity", band).people
        return f"what {people:g} people can work, {per_week:.3g} leads a week"
