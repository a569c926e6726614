"""How the report says things: numbers with their intervals, names of subjects, the verdict in one sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from features.time_units import DAY_US
from models.evaluation.target_evaluation import BASELINE, MODEL
from models.measures.bootstrap import Interval

if TYPE_CHECKING:
    from features.source_spec import SourceSpec
    from pipeline.evaluate.evaluation import Evaluation

SUBJECTS = {
    "age": "Age of the lead",
    "calendar": "Weekday and hour",
    "order": "Order of what the lead did",
    "tempo": "Tempo and activity",
    "staff": "Who acted",
    "stage": "Stages so far",
    "account": "Other leads of the company",
    "completeness": "Completeness of the details",
    "bant": "Number of BANT answers known",
}
FAMILIES = {
    "fit": "who the lead is (fit)",
    "behaviour": "what the lead did (behaviour)",
    "journey": "order and tempo (journey)",
    "account": "the company's other leads (account)",
    "source": "where the lead came from (source)",
}
NOTHING = "–"
ENOUGH_TO_TELL = 10
"""Effective leads, below which a share of handed-over leads is an anecdote."""
FAR_APART = 1.2
"""Ratio of two volumes from which a comparison of what they hold needs a word of warning."""


def subject_title(spec: SourceSpec, family: str, subject: str) -> str:
    """Return a subject as people call it: the source's own words for a column or an event family."""
    words = None
    if subject in spec.fit and family in ("fit", "source"):
        words = spec.fit[subject].words
    elif subject in spec.events and family == "behaviour":
        words = spec.events[subject].words
    elif subject in SUBJECTS:
        return SUBJECTS[subject]
    title = words.en if words is not None else subject.replace("_", " ")
    return f"{title}: experience so far" if family == "source" else title


def target_title(spec: SourceSpec, target: str) -> str:
    """Return a target's name in words, the stage where it has none."""
    declared = spec.target(target)
    return declared.words.en if declared.words is not None else declared.stage


def horizon_days(spec: SourceSpec, target: str) -> str:
    """Return a target's horizon in days."""
    return f"{spec.target(target).horizon / DAY_US:g}"


def number(value: float, digits: int) -> str:
    """Return a number, or a dash where there is none.

    Examples
    --------
    >>> number(0.12345, 3), number(float("nan"), 3)
    ('0.123', '–')
    """
    return f"{value:.{digits}f}" if math.isfinite(value) else NOTHING


def signed(value: float, digits: int) -> str:
    """Return a number with its sign, a true minus, or a dash where there is none.

    Examples
    --------
    >>> signed(-0.5, 2), signed(0.25, 1)
    ('−0.50', '+0.2')
    """
    return f"{value:+.{digits}f}".replace("-", "−") if math.isfinite(value) else NOTHING


def percent(value: float, digits: int = 0) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.128)
    '13 %'
    """
    return f"{100 * value:.{digits}f} %" if math.isfinite(value) else NOTHING


def bounds(interval: Interval, digits: int, *, with_sign: bool = False) -> str:
    """Return the two ends of an interval: ``0.71 to 0.78``."""
    if not math.isfinite(interval.low):
        return NOTHING
    say = signed if with_sign else number
    return f"{say(interval.low, digits)} to {say(interval.high, digits)}"


def percent_bounds(interval: Interval) -> str:
    """Return the two ends of a share's interval in percent: ``12 to 18 %``."""
    if not math.isfinite(interval.low):
        return NOTHING
    return f"{100 * interval.low:.0f} to {100 * interval.high:.0f} %"


def the_baseline(evaluation: Evaluation) -> str:
    """Return the baseline as it stands inside a sentence."""
    return "the points" if evaluation.baseline_name == "points" else evaluation.baseline_name


def verdict(evaluation: Evaluation) -> str:
    """Return the outcome in one sentence that needs no statistics."""
    result, base = evaluation.primary, the_baseline(evaluation)
    if evaluation.levels[result.target] != "model":
        return (
            f"Not yet: the history holds too few outcomes to learn from, so every lead gets the same average "
            f"probability, and {base} should go on deciding."
        )
    leads = f"{result.leads:,} later leads that it had never seen, {result.outcomes:,} of which got there"
    ranked = result.comparison.difference(MODEL, BASELINE, "ap")
    loss = result.comparison.difference(MODEL, BASELINE, "log_loss")
    if result.beats_baseline:
        return (
            f"Yes: on {leads}, the model put the right leads first more "
            f"often than {base}, and its probabilities came closer to what happened; both differences are larger "
            f"than chance explains."
        )
    if ranked.high < 0 or loss.low > 0:
        return f"No: on {leads}, the model did worse than {base}; {base} should go on deciding."
    weak = [
        name
        for name, sure in (
            ("the order of leads", ranked.low > 0),
            ("the probabilities", loss.high < 0),
        )
        if not sure
    ]
    return (
        f"Not proven: on {leads}, the difference between the model and {base} in {' and in '.join(weak)} may be chance."
    )


def follow_up_note(evaluation: Evaluation) -> str | None:
    """Return what shares of promoted leads rest on where sales works handed-over leads alone; None elsewhere."""
    if not evaluation.follow_up["declared"]:
        return None
    base, parts = the_baseline(evaluation), []
    for scorer, name in ((MODEL, "the model"), (BASELINE, base)):
        place = evaluation.promotions.volumes[scorer].at_cutoff["MQL"]
        parts.append(
            f"of the {place['leads']:,.0f} MQLs of {name}, {place['worked']:,.0f} were handed over in time, "
            f"worth {place['effective_leads']:,.0f} leads of equal weight"
        )
    return (
        "Sales works handed-over leads alone, so the silence of the others is no outcome. Shares of promoted leads, "
        "and their intervals, rest on those that were with sales when promoted, and on those that a draw of known "
        f"probability handed over next, each standing for all that took part in it: {'; '.join(parts)}."
    )


def promoted_sentence(evaluation: Evaluation) -> str:
    """Return what the cut-offs would have done in the test period, as marketing and sales count it."""
    promotions, base = evaluation.promotions, the_baseline(evaluation)
    mine, theirs = (promotions.volumes[name].at_cutoff["MQL"] for name in (MODEL, BASELINE))
    if not mine["leads"] or not theirs["leads"]:
        return "In the test period one of the two promoted nobody, so their MQLs cannot be compared."
    target = evaluation.cutoffs.target
    goal, days = target_title(evaluation.spec, target), horizon_days(evaluation.spec, target)
    if evaluation.follow_up["declared"] and min(mine["effective_leads"], theirs["effective_leads"]) < ENOUGH_TO_TELL:
        return (
            f"The model would have promoted {mine['per_week']:.1f} leads a week to MQL, {base} "
            f"{theirs['per_week']:.1f}; too few of them were handed over to say how many reach {goal}."
        )
    gap = promotions.precision_gaps["MQL"]
    judged = "the difference may be chance"
    if gap.low > 0 or gap.high < 0:
        judged = "the difference is larger than chance explains"
    if not 1 / FAR_APART <= mine["per_week"] / theirs["per_week"] <= FAR_APART:
        judged += ", but the numbers a week differ too"
    return (
        f"Of the leads that the model would have promoted to MQL ({mine['per_week']:.1f} a week), "
        f"{percent(mine['precision'])} reached {goal} within {days} days; of those that {base} promoted "
        f"({theirs['per_week']:.1f} a week), {percent(theirs['precision'])}; {judged}."
    )
