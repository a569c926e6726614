"""What a policy asked for, in words for people."""

from __future__ import annotations

from models.bands import Band
from models.cutoffs.choose import Chosen
from models.cutoffs.policy_options import BandOptions


def asked_words(chosen: Chosen, options: BandOptions, band: Band, *, per_week: float | None, confidence: float) -> str:
    """Return what was asked of a cut-off.

    Parameters
    ----------
    chosen : Chosen
        The cut-off.
    options : BandOptions
        What it was chosen for.
    band : str
        The stage.
    per_week : float or None
        Leads a week that were asked for, if a number was.
    confidence : float
        Of promises.

    Examples
    --------
    >>> asked_words(Chosen(0.4, "per_week", 96), BandOptions(), "SAL", per_week=12, confidence=0.9)
    '12 leads a week'
    """
    match chosen.policy:
        case "same_volume_as_points":
            return f"as many leads as the points, {per_week:.3g} a week"
        case "default_share":
            share = "a quarter" if band == "MQL" else "a tenth"
            return f"without rules: as many as {share} of the leads that come in as {band}, {per_week:.3g} a week"
        case "capacity" if options.capacity is not None:
            return f"what {options.capacity.people:g} people can work, {per_week:.3g} leads a week"
        case "promised_precision":
            return f"at least {options.promise:.0%} reach the target, {confidence:.0%} sure"
        case "same_precision_more_leads":
            return "as precise as the points, with as many leads as that allows"
        case "same_recall_fewer_leads":
            return "as many found as the points find, with as few leads as that allows"
        case "expected_value":
            bound = "" if options.capacity is None else f", at most {options.capacity.leads_per_week:.3g} leads a week"
            return f"the highest expected value{bound}"
    return f"{per_week:.3g} leads a week"
