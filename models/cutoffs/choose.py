"""From what was asked to a cut-off: one policy for MQL, one for SAL, and MQL never above SAL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from features.errors import InputError
from models.bands import Band
from models.cutoffs.evidence import BandEvidence, CutoffEvidence
from models.cutoffs.expected_value import most_valuable
from models.cutoffs.policy_options import BandOptions, Policy
from models.cutoffs.promised_precision import keep_promise
from models.cutoffs.same_as_points import same_precision, same_recall
from models.cutoffs.statement import Promise

T = TypeVar("T")


@dataclass(frozen=True)
class Compared:
    """The baseline that a policy may lean on.

    Attributes
    ----------
    evidence : CutoffEvidence
        Of its points, on the same looks.
    mql, sal : float
        Its cut-offs.
    mql_leads, sal_leads : float
        Leads over the time that counts that the model is to promote as well under ``same_volume_as_points``.
    own : bool
        Whether the cut-offs are the company's own, not ours for want of rules.
    """

    evidence: CutoffEvidence
    mql: float
    sal: float
    mql_leads: float
    sal_leads: float
    own: bool

    def cutoff(self, band: Band) -> float:
        """Return the cut-off of a stage."""
        return self.mql if band == "MQL" else self.sal

    def leads(self, band: Band) -> float:
        """Return the leads of a stage that the model is to promote as well."""
        return self.mql_leads if band == "MQL" else self.sal_leads


@dataclass(frozen=True)
class Chosen:
    """A cut-off and what asked for it.

    Attributes
    ----------
    threshold : float
        From this probability on.
    policy : str
        The policy in force.
    asked_leads : float or None
        Leads asked for over the time that counts; None where something else than a number was asked.
    promise : Promise or None
        What is promised.
    raised : bool
        Whether a cut-off for SAL was raised to that for MQL.
    """

    threshold: float
    policy: Policy
    asked_leads: float | None = None
    promise: Promise | None = None
    raised: bool = False


def choose_cutoff(evidence: BandEvidence, options: BandOptions, *, confidence: float, compared: Compared) -> Chosen:
    """Return the cut-off of one stage for a policy.

    Parameters
    ----------
    evidence : BandEvidence
        Looks of the past. Outcomes play a part only where the policy is about outcomes.
    options : BandOptions
        The policy, which must be given, and its knobs.
    confidence : float
        How sure a promise is to be kept.
    compared : Compared
        The baseline.

    Raises
    ------
    InputError
        If a knob is missing, or no cut-off does what was asked; it says what is possible.
    """
    weeks = evidence.counting.weeks * evidence.counting.share
    asked: float | None = None
    match options.policy:
        case "same_volume_as_points":
            asked = compared.leads(evidence.band)
        case "per_week":
            asked = _needed(options.per_week, evidence, "per_week") * weeks
        case "capacity":
            asked = _needed(options.capacity, evidence, "capacity").leads_per_week * weeks
        case "promised_precision":
            promise = keep_promise(evidence, _needed(options.promise, evidence, "promise"), confidence=confidence)
            return Chosen(promise.threshold, "promised_precision", promise=promise)
        case "expected_value":
            bound = options.capacity.leads_per_week if options.capacity is not None else None
            best = most_valuable(evidence, _needed(options.value, evidence, "value"), at_most_per_week=bound)
            return Chosen(best, "expected_value")
        case "same_precision_more_leads":
            points = compared.evidence.band(evidence.band)
            return Chosen(same_precision(evidence, points, compared.cutoff(evidence.band)), options.policy)
        case "same_recall_fewer_leads":
            points = compared.evidence.band(evidence.band)
            return Chosen(same_recall(evidence, points, compared.cutoff(evidence.band)), options.policy)
        case None:
            raise ValueError("a stage's policy must be given")
    policy: Policy = options.policy
    if options.policy == "same_volume_as_points" and not compared.own:
        policy = "default_share"
    return Chosen(evidence.threshold_for(asked), policy, asked_leads=asked)


def choose_pair(
    evidence: CutoffEvidence, mql: BandOptions, sal: BandOptions, *, confidence: float, compared: Compared
) -> tuple[Chosen, Chosen]:
    """Return the cut-offs of MQL and SAL; where SAL's would lie below MQL's, it is raised to it.

    Parameters
    ----------
    evidence : CutoffEvidence
        Looks of the past.
    mql, sal : BandOptions
        The policy of each.
    confidence, compared
        As for `choose_cutoff`.
    """
    first = choose_cutoff(evidence.mql, mql, confidence=confidence, compared=compared)
    second = choose_cutoff(evidence.sal, sal, confidence=confidence, compared=compared)
    if second.threshold >= first.threshold:
        return first, second
    promise = second.promise
    if promise is not None:
        promise = keep_promise(evidence.sal, promise.share, confidence=confidence, at_least=first.threshold)
    return first, Chosen(first.threshold, second.policy, second.asked_leads, promise, raised=True)


def _needed(knob: T | None, evidence: BandEvidence, name: str) -> T:
    if knob is None:
        where = f"cutoffs.{evidence.band.lower()}.{name}"
        raise InputError(expected=f"{where} for this policy", found="none", column=where)
    return knob
