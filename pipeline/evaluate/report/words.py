"""The report's sentences about an evaluation."""

from __future__ import annotations

from models.evaluation.target_evaluation import BASELINE, MODEL
from pipeline.evaluate.evaluation import Evaluation
from pipeline.pages.number_words import percent, target_title, within_horizon

FAMILIES = {
    "fit": "who the lead is (fit)",
    "behaviour": "what the lead did (behaviour)",
    "journey": "order and tempo (journey)",
    "account": "the company's other leads (account)",
    "source": "where the lead came from (source)",
}


ENOUGH_TO_TELL = 10
"""Effective leads, below which a share of handed-over leads is an anecdote."""


FAR_APART = 1.2
"""Ratio of two volumes from which a comparison of what they hold needs a word of warning."""


def the_baseline(evaluation: Evaluation) -> str:
    """Return the baseline as it stands inside a sentence."""
    return "the points" if evaluation.baseline_name == "points" else evaluation.baseline_name


def verdict(evaluation: Evaluation) -> str:
    """Return the outcome in one sentence that needs no statistics."""
    result, base = evaluation.primary.result, the_baseline(evaluation)
    if evaluation.primary.level != "model":
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
    if not evaluation.data.follow_up["declared"]:
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
    goal, within = target_title(evaluation.spec, target), within_horizon(evaluation.spec, target)
    effective = min(mine["effective_leads"], theirs["effective_leads"])
    if evaluation.data.follow_up["declared"] and effective < ENOUGH_TO_TELL:
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
        f"{percent(mine['precision'])} reached {goal}{within}; of those that {base} promoted "
        f"({theirs['per_week']:.1f} a week), {percent(theirs['precision'])}; {judged}."
    )
