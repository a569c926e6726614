"""How the report lays out what became of the leads that either policy would have promoted."""

from __future__ import annotations

from typing import Any

from models.bands import BANDS
from models.evaluation.target_evaluation import BASELINE, MODEL, SCORERS
from models.measures.bootstrap import Interval
from pipeline.evaluate.evaluation import Promotions
from pipeline.pages.number_words import bounds, number, percent, percent_bounds

MIN_FOR_MEDIAN = 5
"""Of fewer times, a median is an anecdote."""
NO_INTERVAL = Interval(float("nan"), float("nan"), float("nan"))


def funnel_rows(promotions: Promotions, baseline_name: str, *, timed: bool = True) -> list[dict[str, Any]]:
    """Lay conversions out, a row a band, stage and scorer.

    Parameters
    ----------
    promotions : Promotions
        What both would have promoted in the test period.
    baseline_name : str
        How the baseline is called.
    timed : bool
        Whether the export says when leads reached a stage.

    Returns
    -------
    list of dict
        Every value is text; a median of fewer than ``MIN_FOR_MEDIAN`` times is a dash.
    """
    names = {MODEL: "model", BASELINE: baseline_name}
    rows = []
    for band in BANDS:
        for position, declared in enumerate(promotions.conversions[MODEL, band]):
            if declared.stage == band:
                continue  # promoted to SAL and then SAL: it says how fast sales clicks, not what became of the lead
            for scorer in SCORERS:
                step = promotions.conversions[scorer, band][position]
                median = step.median_days if timed and step.reached >= MIN_FOR_MEDIAN else NO_INTERVAL
                place = promotions.volumes[scorer].at_cutoff[band]
                rows.append(
                    {
                        "band": band,
                        "stage": step.stage,
                        "days": f"{step.horizon_days:g}" if timed else "",
                        "scorer": names[scorer],
                        "per_week": number(place["per_week"], 1),
                        "leads": f"{step.leads:,}",
                        "left_out": f"{step.already_there + step.too_young:,}",
                        "share": percent(step.share.value),
                        "share_bounds": percent_bounds(step.share),
                        "median": number(median.value, 1),
                        "median_bounds": bounds(median, 1),
                    }
                )
    return rows
