"""From what was asked to a cut-off: one policy for MQL, one for SAL, and MQL never above SAL."""

from __future__ import annotations

from models.bands import PerBand
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.policy import Chosen, Compared
from models.cutoffs.policies.registry import POLICIES
from models.cutoffs.policy_options import BandOptions


def choose_cutoff(evidence: BandEvidence, options: BandOptions, *, confidence: float, compared: Compared) -> Chosen:
    """Return the cut-off of one band for a policy.

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
    if options.policy is None:
        raise ValueError("a band's policy must be given")
    return POLICIES[options.policy].choose(evidence, options, confidence=confidence, compared=compared)


def choose_pair(
    evidence: PerBand[BandEvidence], options: PerBand[BandOptions], *, confidence: float, compared: Compared
) -> PerBand[Chosen]:
    """Return the cut-offs of MQL and SAL; where SAL's would lie below MQL's, it is raised to it.

    Parameters
    ----------
    evidence : PerBand of BandEvidence
        Looks of the past.
    options : PerBand of BandOptions
        The policy of each.
    confidence, compared
        As for `choose_cutoff`.
    """
    chosen = PerBand.by(
        lambda band: choose_cutoff(evidence.of(band), options.of(band), confidence=confidence, compared=compared)
    )
    lowest, sal = chosen.mql.threshold, chosen.sal
    if sal.threshold < lowest:
        sal = POLICIES[sal.policy].raise_to(lowest, sal, evidence.sal)
    return PerBand(chosen.mql, sal)
