"""Whether a type of event tells the outcome: by when it happens, by how it is stamped, by who has it at the first look.

An event with the time at which it happened cannot leak: it is used from then on. What leaks is an event of the end of
the story that carries an earlier time, and what is of no use is one that comes with the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from features.answers import Answer
from features.checks import CheckResult
from features.leaks.column_signs import (
    EVENT_TYPES,
    FEWEST,
    ONE_SIDED,
    PURE,
    Case,
    fill_differs,
    filled_on_one_side,
    lift,
    too_good_alone,
)
from features.leaks.later_outcomes import END, Stories
from features.leaks.statistics import share_interval

FALSE_SIGNS = 0.01
WITH_OUTCOME = 0.9
"""Share of the leads whose first event of a type comes with the outcome or after it, at least, to be part of it."""
ONE_STAMP = 0.2
"""Share of a type's events that bear one and the same time, from which on it looks like the time of an import."""
CLOSE_US = 3_600_000_000
"""Events that come this shortly before an outcome belong to it."""

REMEDY = "leave the type out of events.sql: it is part of the outcome"
STAMP = "give the time at which it happened, not the one of the import or the lead; else leave the type out"


def judge_events(facts: pd.DataFrame, stamps: pd.DataFrame, stories: Stories) -> list[CheckResult]:
    """Judge every type of event.

    Parameters
    ----------
    facts : DataFrame
        One row a lead and type: ``lead_id``, ``event_type``, ``known`` (events by the first look), ``first_us``.
    stamps : DataFrame
        One row a type: ``event_type``, ``actor``, ``events``, ``most`` (events at its most frequent time).
    stories : Stories
        What became of the leads.

    Returns
    -------
    list of CheckResult
        One a type (``subject``), sorted: failed is a leak, and what could not be checked is never called fine.
    """
    facts = facts[facts["lead_id"].isin(stories.looked_at_us.index)]
    types = stamps.sort_values("event_type")
    comparisons = max(len(types), 1) * len(stories.reached.columns)
    by_type = dict(list(facts.groupby("event_type")))
    verdicts = []
    error = FALSE_SIGNS / (2 * comparisons)
    for name, actor, events, most in zip(*(types[c] for c in ("event_type", "actor", "events", "most")), strict=True):
        type_facts = by_type.get(name, facts.iloc[:0]).set_index("lead_id").sort_index()
        bulk = float(most) / float(events) if actor != "marketing" and most >= FEWEST else 0.0
        verdicts.append(_judge(str(name), type_facts, bulk, stories, error))
    return verdicts


def _judge(name: str, type_facts: pd.DataFrame, bulk: float, stories: Stories, error: float) -> CheckResult:
    index = stories.looked_at_us.index
    early_events = type_facts["known"].where(type_facts["known"] > 0).reindex(index).astype("float64")
    first = type_facts["first_us"].reindex(index).to_numpy(dtype="float64")
    case = Case(name, early_events, stories, error, code=EVENT_TYPES)
    signs = [*_known_too_early(case), *_with_outcome(case, first), *_decides(case, first), *_stamped(case, bulk)]
    worst = next((one for one in signs if one.answer is Answer.FAILED), None) or next(iter(signs), None)
    if worst is not None:
        return worst
    leads = int((~np.isnan(first)).sum())
    if leads < FEWEST:
        return case.doubt(f"too few leads have it to judge ({leads}; {FEWEST} are needed)")
    reached = stories.reached[stories.target].dropna()
    if not case.enough(reached.to_numpy() == 1):
        return case.doubt(f"too few outcomes to judge ({int(reached.sum())} winners)")
    after = np.mean(first > stories.looked_at_us.to_numpy(dtype="float64")) * len(first) / leads
    return case.fine(f"{leads:,} leads have it, {after:.0%} of them first after the first look")


def _known_too_early(case: Case) -> Iterator[CheckResult]:
    """Find events that tell the outcome by the first look already: they carry a time before they happened."""
    for sign in (
        *filled_on_one_side(case, both_ways=False),
        *too_good_alone(case),
        *fill_differs(case, is_event=True),
    ):
        why = sign.sentence.replace("filled for", "there by the first look for").replace("it is written", "it happened")
        if sign.answer is Answer.FAILED or case.filled.any():
            yield replace(sign, sentence=why, todo=STAMP)


def _with_outcome(case: Case, first: np.ndarray) -> Iterator[CheckResult]:
    """Find events that come with the end of a story, or after it."""
    ends = case.stories.entered_us[END].to_numpy()
    having = ~np.isnan(first) & case.stories.judged
    late = having & (first >= ends - min(CLOSE_US, case.stories.slack_us))
    share = share_interval(int(late.sum()), int(having.sum()), error=case.error)
    said = f"for {share.value:.0%} of the {having.sum():,} leads that have it, it first comes with the end of the story"
    said += " or after it"
    if having.sum() >= FEWEST and share.low >= WITH_OUTCOME - 0.1 and share.value >= WITH_OUTCOME:
        yield case.leak(said, REMEDY)
    elif having.sum() >= 5 and share.value >= WITH_OUTCOME:
        yield case.doubt(said, REMEDY)


def _decides(case: Case, first: np.ndarray) -> Iterator[CheckResult]:
    """Find events before the end that nearly only winners have: as sure as that is an outcome with an earlier time."""
    for stage, known, reached in case.sides():
        entered = case.stories.entered_us
        if stage not in entered or stage == END or not case.enough(reached):
            continue
        before = (~np.isnan(first) & ~(first >= entered[stage].to_numpy()))[known]
        inside, outside = int((before & reached).sum()), int((before & ~reached).sum())
        pure = share_interval(inside, inside + outside, error=case.error)
        said = f"{pure.value:.0%} of the {inside + outside:,} leads that have it before {stage} reach {stage} later"
        if pure.low >= PURE and lift(pure.low, reached) >= ONE_SIDED:
            yield (case.leak if pure.low >= WITH_OUTCOME else case.doubt)(said, STAMP)


def _stamped(case: Case, bulk: float) -> Iterator[CheckResult]:
    if bulk >= ONE_STAMP:
        why = f"{bulk:.0%} of its events bear one and the same time: the time of an import?"
        yield case.doubt(why, STAMP)
