"""The answer to a question about cut-offs made ready for the page: worded and formatted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from features.language.dates import iso_date_time
from features.language.languages import Language
from features.language.numbers import DASH, apart, number, percent
from features.language.sentences import say as lead_say
from models.bands import BANDS, Band
from models.what_if.agreement import PromiseNotKeptError
from models.what_if.answer import POLICIES, Answer, ByPolicy, InTestPeriod, Policy, StaffChange
from models.what_if.answer_part import Figure
from models.what_if.open_leads import Moves, MovesRow
from models.what_if.settings_to_adopt import settings_text
from serve.pages.cutoffs.chart import chart
from serve.wording.sentences import say

SHOWN_LEADS, SHOWN_MOVES, SHOWN_VALUES = 25, 12, 6
LeadUrl = Callable[[str, Language], str]


def answer_view(answer: Answer, language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    """Return what the page says about one answer.

    Parameters
    ----------
    answer : Answer
    lead_url : callable
        Address of a lead's page.
    """
    texts = apart({"mql": answer.cutoffs.mql, "sal": answer.cutoffs.sal}, language)
    return {
        "said": say("said", language, **texts),
        "limit": _limit(answer, language),
        "promise": _promise(answer, language),
        "stages": [_stage(band, answer, language) for band in BANDS],
        "next_quarter_help": say("next_quarter_help", language, sure=percent(answer.question.confidence, language)),
        "people": [_people(row, language) for row in answer.people],
        "people_help": say("people_help", language, person=number(answer.person_per_week, language, digits=1)),
        "people_in_vain": _in_vain(answer, language),
        "has_promise": answer.promise is not None,
        "changes": [_changes(band, answer, language, lead_url) for band in BANDS],
        "changes_help": say(
            "changes_help", language, leads=number(answer.changes.leads, language),
            base=say(_column("points", answer), language),
        ),
        "move_heads": [say(f"head_{name}", language) for name in ("now", "entering", "leaving", "then")],
        "monday": _monday(answer, language, lead_url),
        "agreed": _agreed(answer, language, **texts),
        "one_rule": answer.one_rule_of_several,
        "settings": settings_text(answer.settings),
    }  # fmt: skip


def _agreed(answer: Answer, language: Language, **texts: str) -> str:
    """Return version, goal and cut-offs; without a time where the export does not say when leads got there."""
    about = answer.about
    values = texts | {"version": answer.version, "goal": about.stage}
    if about.horizon_days is None:
        return say("agreed_words_untimed", language, **values)
    days, as_of = number(about.horizon_days, language), iso_date_time(about.observed_until, language)
    return say("agreed_words", language, days=days, as_of=as_of, **values)


def broken_promise(error: PromiseNotKeptError, goal: str, language: Language) -> dict[str, Any]:
    """Return why a promise cannot be kept, and what could be promised."""
    texts = {"share": percent(error.share, language), "sure": percent(error.confidence, language), "goal": goal}
    words = say("promise_broken", language, judged=number(error.judged, language), **texts)
    per_week = number(error.per_week, language, digits=1)
    if error.too_few:
        return {"words": words, "best": say("promise_too_few", language, per_week=per_week), "take": None}
    if error.best is None:
        return {"words": words, "best": say("promise_nothing", language), "take": None}
    share = percent(error.best.share, language)
    best = say(
        "promise_best", language, share=share, per_week=per_week, won=number(error.best.won, language),
        leads=number(error.best.leads, language),
    )  # fmt: skip
    return {"words": words, "best": best, "take": say("promise_take", language, share=share)}


def figure(
    value: Figure | None, language: Language, *, digits: int = 1, share: bool = False, signed: bool = False
) -> str:
    """Return a figure; a dash where there is none."""
    if value is None or value.value is None:
        return DASH
    if share:
        return percent(value.value, language)
    return number(value.value, language, digits=digits, signed=signed)


def bounds(
    value: Figure | None, language: Language, *, digits: int = 1, share: bool = False, signed: bool = False
) -> str:
    """Return the bounds of a figure; nothing where there are none."""
    if value is None or value.low is None or value.high is None:
        return ""
    ends = [
        percent(end, language) if share else number(end, language, digits=digits, signed=signed)
        for end in (value.low, value.high)
    ]
    return lead_say("range", language, low=ends[0], high=ends[1])


def _limit(answer: Answer, language: Language) -> str:
    words = say(f"limit_{answer.cutoffs.limit}", language)
    if answer.capacity is None or not answer.fewer_than_time_for:
        return words
    texts = {
        "got": answer.stages.sal.proposed.leads_per_week, "wanted": answer.capacity,
        "at_mql": answer.cutoffs.reachable_per_week, "at_all": answer.cutoffs.reachable_per_week_at_all,
    }  # fmt: skip
    numbers = {name: number(value, language, digits=1) for name, value in texts.items()}
    return f"{words} {say('limit_less' if answer.gates_are_the_limit else 'limit_less_only', language, **numbers)}"


def _in_vain(answer: Answer, language: Language) -> str | None:
    """Return that more people would find no more leads, where that is so."""
    if not answer.more_people_in_vain:
        return None
    return say("people_in_vain", language, at_mql=number(answer.cutoffs.reachable_per_week, language, digits=1))


def _promise(answer: Answer, language: Language) -> str | None:
    promise = answer.promise
    if promise is None:
        return None
    words = say(
        "promise_kept", language, share=percent(promise.share, language), sure=percent(promise.confidence, language),
        leads=number(promise.leads, language), won=number(promise.won, language), goal=answer.about.stage,
    )  # fmt: skip
    in_test = answer.stages.sal.proposed.test.precision
    if in_test is None:
        return words
    texts = {"share": figure(in_test, language, share=True), "bounds": bounds(in_test, language, share=True)}
    return f"{words} {say('promise_in_test', language, **texts)}"


def _column(policy: Policy, answer: Answer) -> str:
    """Return the key of what a policy is called; without points rules, naive Bayes stands in for them."""
    return "column_naive_bayes" if policy == "points" and not answer.about.has_points else f"column_{policy}"


def _stage(band: Band, answer: Answer, language: Language) -> dict[str, Any]:
    policies = answer.stages.of(band)
    return {
        "name": band,
        "title": say(f"stage_{band}", language),
        "columns": [say(_column(policy, answer), language) for policy in POLICIES],
        "cutoffs": [_cutoff(policy, side.cutoff, answer, language) for policy, side in policies.items()],
        "parts": [
            {"title": say("next_quarter", language), "rows": _coming(policies, answer, language)},
            {"title": say("in_test", language), "rows": _tried(policies, answer, language)},
        ],
        "chart": chart(band, answer, language),
    }


def _coming(policies: ByPolicy, answer: Answer, language: Language) -> list[dict[str, Any]]:
    """Return the rows of what is to be expected of the next quarter."""
    quarters = [side.next_quarter for _, side in policies.items()]
    rows = [
        _row("row_leads", [quarter.leads for quarter in quarters], answer, language),
        _row("row_goals", [quarter.outcomes for quarter in quarters], answer, language),
        _row("row_share", [quarter.precision for quarter in quarters], answer, language, share=True),
        _row("row_deals", [quarter.deals for quarter in quarters], answer, language),
    ]
    if any(quarter.value is not None for quarter in quarters):
        rows.append(_row("row_value", [quarter.value for quarter in quarters], answer, language, digits=0))
    return rows


def _tried(policies: ByPolicy, answer: Answer, language: Language) -> list[dict[str, Any]]:
    """Return the rows of what would have been in the test period."""
    tests = [side.test for _, side in policies.items()]
    return [
        _row("row_leads", [_counted(test) for test in tests], answer, language),
        _row("row_goals", [test.outcomes_per_week for test in tests], answer, language),
        _row("row_share", [test.precision for test in tests], answer, language, share=True),
        _row("row_deals", [test.deals_per_week for test in tests], answer, language),
    ]


def _counted(test: InTestPeriod) -> Figure:
    """Return leads a week as a figure: they were counted, so there are no bounds."""
    return Figure(value=test.leads_per_week, low=None, high=None)


def _row(key: str, figures: Sequence[Figure | None], answer: Answer, language: Language, **form: Any) -> dict[str, Any]:
    """Return a row: its words, and a cell with bounds for each policy."""
    cells = [{"value": figure(one, language, **form), "bounds": bounds(one, language, **form)} for one in figures]
    return {"words": say(key, language, goal=answer.about.stage), "cells": cells}


def _cutoff(policy: Policy, value: float, answer: Answer, language: Language) -> str:
    if policy != "points":
        return percent(value, language, digits=1)
    if answer.about.has_points:
        return say("some_points", language, points=number(value, language))
    return number(value, language, digits=2)


def _people(row: StaffChange, language: Language) -> dict[str, str]:
    names = {-1: "people_minus_1", 1: "people_plus_1", 2: "people_plus_2"}
    words = {None: DASH, True: say("kept", language), False: say("not_kept", language)}
    changes = {"leads": row.leads, "outcomes": row.outcomes, "deals": row.deals}
    return {
        "words": say(names[row.people], language),
        "per_week": number(row.got_per_week, language, digits=1),
        "promise": words[row.keeps_promise],
        **{name: figure(change, language, signed=True) for name, change in changes.items()},
        **{f"{name}_bounds": bounds(change, language, signed=True) for name, change in changes.items()},
    }


def _changes(band: Band, answer: Answer, language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    moves = answer.changes.of(band).points
    tables = [
        {
            "title": say("segment_more", language, title=table.title.of(language)),
            "rows": [_moved(row, language) for row in table.by_movement(SHOWN_VALUES) if row.moving],
        }
        for table in moves.tables
        if any(row.moving for row in table.rows)
    ]
    return {
        "title": say(f"stage_{band}", language),
        "counts": say("changes_counts", language, **_counts(moves, language)),
        "lists": [
            _leads(say("changes_entering", language), moves.entering_leads, language, lead_url),
            _leads(say("changes_leaving", language), moves.leaving_leads, language, lead_url),
        ],
        "tables": tables,
    }


def _counts(moves: Moves | MovesRow, language: Language) -> dict[str, str]:
    counts = {"now": moves.now, "entering": moves.entering, "leaving": moves.leaving, "then": moves.then}
    return {name: number(count, language) for name, count in counts.items()}


def _moved(row: MovesRow, language: Language) -> dict[str, str]:
    words = row.value.of(language) if row.value is not None else say("not_filled_in", language)
    return {"words": words, **_counts(row, language)}


def _leads(title: str, ids: Sequence[str], language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    more = len(ids) - SHOWN_MOVES
    return {
        "title": title,
        "leads": [{"id": lead_id, "url": lead_url(lead_id, language)} for lead_id in ids[:SHOWN_MOVES]],
        "more": say("changes_more", language, more=number(more, language)) if more > 0 else None,
    }


def _monday(answer: Answer, language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    monday = answer.monday
    more, gated_leads = len(monday.rows) - SHOWN_LEADS, monday.held_by_gates
    return {
        "help": say("monday_help", language, sal=number(monday.sal, language), mql=number(monday.mql, language)),
        "held": say("gates_marked", language, held=number(gated_leads, language)) if gated_leads else None,
        "more": say("monday_more", language, more=number(more, language)) if more > 0 else None,
        "rows": [
            {
                "place": number(row.place, language),
                "id": row.lead_id,
                "url": lead_url(row.lead_id, language),
                "band": row.band,
                "held": row.held_by_gates,
                "chance": percent(row.p, language),
                "points": DASH if row.points is None else number(row.points, language),
                "grades": row.grades(DASH),
                "stage": row.stage or DASH,
            }
            for row in monday.rows[:SHOWN_LEADS]
        ],
    }
