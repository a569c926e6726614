"""A warning before training: columns used in ``fit`` that look like leaks on the leads that training may see."""

from __future__ import annotations

import pandas as pd

from features.answers import Answer
from features.checks import CheckResult
from features.leaks.column_signs import COLUMNS, WHEN, leak_result
from features.leaks.judge_columns import judge_columns
from features.leaks.later_outcomes import tell_stories
from features.source_spec import SourceSpec

MOST_LEADS = 20_000
"""Leads looked at; of more, an even sample."""


def judge_fit(leads: pd.DataFrame, stages: pd.DataFrame, labels: pd.DataFrame, spec: SourceSpec) -> list[CheckResult]:
    """Judge the columns of ``fit`` that are taken as known from creation.

    Parameters
    ----------
    leads : DataFrame
        ``lead_id``, ``created_us`` and the fit columns, as ingested.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``.
    labels : DataFrame
        ``lead_id``, ``as_of_us``, ``target``, ``y``, ``part``; only rows of the part ``train`` are looked at.
    spec : SourceSpec
        Says which columns are used.

    Returns
    -------
    list of CheckResult
        One a column, as from `judge_columns`; without a lead in training none could be checked. Types of events and
        table changes are judged by ``leadscore check`` alone.
    """
    rows = labels[(labels["target"] == spec.primary_target) & (labels["part"] == "train")]
    first = rows.sort_values(["lead_id", "as_of_us"]).drop_duplicates("lead_id")
    first = first.iloc[:: len(first) // MOST_LEADS + 1]
    looks = first[["lead_id", "as_of_us", "y"]].merge(leads[["lead_id", "created_us"]], on="lead_id")
    columns = [name for name, column in spec.fit.items() if column.known == "created" and name in leads]
    if looks.empty or not columns:
        why = "there is no lead in training to judge by"
        return [leak_result(COLUMNS, name, Answer.UNCHECKED, why, WHEN) for name in columns]
    latest = int((rows["as_of_us"] + spec.targets[spec.primary_target].horizon).max())
    entries = stages[stages["lead_id"].isin(looks["lead_id"]) & (stages["entered_us"] <= latest)]
    nothing = pd.DataFrame({"lead_events": [], "sales_events": [], "last_us": []}, index=pd.Index([], name="lead_id"))
    stories = tell_stories(looks, entries, nothing, spec, observed_until_us=latest)
    values = leads.set_index("lead_id")[columns]
    return judge_columns(values, stories, outcome_names=spec.closed_stages)
