"""The answer to a question about cut-offs made ready for the page: worded and formatted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from features.language.dates import iso_date_time
from features.language.languages import Language
from features.language.numbers import DASH, apart, number, percent
from features.language.sentences import say as lead_say
from models.what_if.question import PromiseNotKeptError, Question
from models.what_if.settings_to_adopt import settings_for, settings_text
from serve.pages.cutoffs.chart import POLICIES, chart
from serve.wording.sentences import say

SHOWN_LEADS, SHOWN_MOVES, SHOWN_VALUES = 25, 12, 6
Tree = Mapping[str, Any]
LeadUrl = Callable[[str, Language], str]


def answer_view(answer: Tree, question: Question, language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    """Return what the page says about one answer.

    Parameters
    ----------
    answer : mapping
        From `models.what_if.answer.what_if`.
    question : Question
        What was asked.
    lead_url : callable
        Address of a lead's page.
    """
    about = answer["about"]
    texts = apart({"mql": answer["cutoffs"]["mql"], "sal": answer["cutoffs"]["sal"]}, language)
    return {
        "said": say("said", language, **texts),
        "limit": _limit(answer, language),
        "promise": _promise(answer, language),
        "stages": [_stage(stage, answer, language) for stage in answer["stages"]],
        "next_quarter_help": say("next_quarter_help", language, sure=percent(question.confidence, language)),
        "people": _people(answer, language),
        "people_help": say("people_help", language, person=number(answer["person_per_week"], language, digits=1)),
        "people_in_vain": _in_vain(answer, language),
        "has_promise": answer["promise"] is not None,
        "changes": [_changes(stage, answer, language, lead_url) for stage in answer["stages"]],
        "changes_help": say(
            "changes_help", language, leads=number(answer["changes"]["leads"], language),
            base=say(f"column_{_against(answer)}", language),
        ),
        "move_heads": [say(f"head_{name}", language) for name in ("now", "entering", "leaving", "then")],
        "monday": _monday(answer, language, lead_url),
        "agreed": say(
            "agreed_words", language, version=answer["version"], goal=about["stage"],
            days=number(about["horizon_days"], language), as_of=iso_date_time(about["observed_until"], language),
            **texts,
        ),
        "one_rule": question.rules > 1,
        "settings": settings_text(settings_for(question, answer["cutoffs"]["rule"])),
    }  # fmt: skip


def broken_promise(error: PromiseNotKeptError, goal: str, language: Language) -> dict[str, Any]:
    """Return why a promise cannot be kept, and what could be promised."""
    texts = {"share": percent(error.share, language), "sure": percent(error.confidence, language), "goal": goal}
    words = say("promise_broken", language, judged=number(error.judged, language), **texts)
    if error.too_few:
        too_few = say("promise_too_few", language, per_week=number(error.per_week, language, digits=1))
        return {"words": words, "best": too_few, "take": None}
    if error.best is None:
        return {"words": words, "best": say("promise_nothing", language), "take": None}
    best = {
        "share": percent(error.best.share, language),
        "per_week": number(error.per_week, language, digits=1),
        "won": number(error.best.won, language),
        "leads": number(error.best.leads, language),
    }
    return {
        "words": words,
        "best": say("promise_best", language, **best),
        "take": say("promise_take", language, share=best["share"]),
        "share": f"{100 * error.best.share:g}",
    }


def figure(
    value: Tree | None, language: Language, *, digits: int = 1, share: bool = False, signed: bool = False
) -> str:
    """Return a figure; a dash where there is none."""
    if value is None or value["value"] is None:
        return DASH
    if share:
        return percent(value["value"], language)
    return number(value["value"], language, digits=digits, signed=signed)


def bounds(
    value: Tree | None, language: Language, *, digits: int = 1, share: bool = False, signed: bool = False
) -> str:
    """Return the bounds of a figure; nothing where there are none."""
    if value is None or value.get("low") is None or value.get("high") is None:
        return ""
    ends = [
        percent(value[end], language) if share else number(value[end], language, digits=digits, signed=signed)
        for end in ("low", "high")
    ]
    return lead_say("range", language, low=ends[0], high=ends[1])


def _limit(answer: Tree, language: Language) -> str:
    cutoffs, wanted = answer["cutoffs"], answer["capacity"]
    got = answer["stages"]["SAL"]["proposed"]["leads_per_week"]
    words = say(f"limit_{cutoffs['limit']}", language)
    if wanted is None or got >= wanted - 0.5:
        return words
    texts = {
        "got": got, "wanted": wanted, "at_mql": cutoffs["reachable_per_week"],
        "at_all": cutoffs["reachable_per_week_at_all"],
    }  # fmt: skip
    numbers = {name: number(value, language, digits=1) for name, value in texts.items()}
    key = "limit_less_only" if cutoffs["limit"] in ("promise", "value") else "limit_less"
    return f"{words} {say(key, language, **numbers)}"


def _in_vain(answer: Tree, language: Language) -> str | None:
    """Return that more people would find no more leads, where that is so."""
    if answer["people"][-1]["got_per_week"] >= answer["people"][-1]["sal_per_week"] - 0.5:
        return None
    at_mql = number(answer["cutoffs"]["reachable_per_week"], language, digits=1)
    return say("people_in_vain", language, at_mql=at_mql)


def _promise(answer: Tree, language: Language) -> str | None:
    kept = answer["promise"]
    if kept is None:
        return None
    words = say(
        "promise_kept", language, share=percent(kept["share"], language), sure=percent(kept["confidence"], language),
        leads=number(kept["leads"], language), won=number(kept["won"], language), goal=answer["about"]["stage"],
    )  # fmt: skip
    held = answer["stages"]["SAL"]["proposed"]["test"]["precision"]
    if held is None:
        return words
    told = {"share": figure(held, language, share=True), "bounds": bounds(held, language, share=True)}
    return f"{words} {say('promise_in_test', language, **told)}"


def _against(answer: Tree) -> str:
    return "points" if answer["about"]["baseline"] == "points" else "naive_bayes"


def _stage(stage: str, answer: Tree, language: Language) -> dict[str, Any]:
    goal, sides = answer["about"]["stage"], answer["stages"][stage]
    quarter = {name: sides[name]["next_quarter"] for name in POLICIES}
    test = {name: sides[name]["test"] for name in POLICIES}
    goals = say("row_goals", language, goal=goal)

    def row(words: str, figures: Mapping[str, Tree | None], **form: Any) -> dict[str, Any]:
        cells = [
            {"value": figure(figures[name], language, **form), "bounds": bounds(figures[name], language, **form)}
            for name in POLICIES
        ]
        return {"words": words, "cells": cells}

    coming = [
        row(say("row_leads", language), {name: q["leads"] for name, q in quarter.items()}),
        row(goals, {name: q["outcomes"] for name, q in quarter.items()}),
        row(say("row_share", language), {name: q["precision"] for name, q in quarter.items()}, share=True),
        row(say("row_deals", language), {name: q["deals"] for name, q in quarter.items()}),
    ]
    if any(q["value"] is not None for q in quarter.values()):
        coming.append(row(say("row_value", language), {name: q["value"] for name, q in quarter.items()}, digits=0))
    past = [
        row(say("row_leads", language), {name: {"value": t["leads_per_week"]} for name, t in test.items()}),
        row(goals, {name: t["outcomes_per_week"] for name, t in test.items()}),
        row(say("row_share", language), {name: t["precision"] for name, t in test.items()}, share=True),
        row(say("row_deals", language), {name: t["deals_per_week"] for name, t in test.items()}),
    ]
    return {
        "name": stage,
        "title": say(f"stage_{stage}", language),
        "columns": [
            say("column_proposed", language), say("column_in_force", language),
            say(f"column_{_against(answer)}", language),
        ],
        "cutoffs": [_cutoff(name, sides[name]["cutoff"], answer, language) for name in POLICIES],
        "parts": [
            {"title": say("next_quarter", language), "rows": coming}, {"title": say("in_test", language), "rows": past},
        ],
        "chart": chart(stage, answer, language),
    }  # fmt: skip


def _cutoff(policy: str, value: float, answer: Tree, language: Language) -> str:
    if policy != "points":
        return percent(value, language, digits=1)
    if answer["about"]["baseline"] == "points":
        return say("some_points", language, points=number(value, language))
    return number(value, language, digits=2)


def _people(answer: Tree, language: Language) -> list[dict[str, str]]:
    names = {-1: "people_minus_1", 1: "people_plus_1", 2: "people_plus_2"}
    words = {None: DASH, True: say("kept", language), False: say("not_kept", language)}
    return [
        {
            "words": say(names[row["people"]], language),
            "per_week": number(row["got_per_week"], language, digits=1),
            "promise": words[row["keeps_promise"]],
            **{name: figure(row[name], language, signed=True) for name in ("leads", "outcomes", "deals")},
            **{f"{name}_bounds": bounds(row[name], language, signed=True) for name in ("leads", "outcomes", "deals")},
        }
        for row in answer["people"]
    ]


def _changes(stage: str, answer: Tree, language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    told = answer["changes"][stage]["points"]
    counts = {name: number(told[name], language) for name in ("now", "entering", "leaving", "then")}
    tables = [
        {
            "title": say("segment_more", language, title=table["title"][language]),
            "rows": _moves(table["rows"], language),
        }
        for table in told["tables"]
    ]
    return {
        "title": say(f"stage_{stage}", language),
        "counts": say("changes_counts", language, **counts),
        "lists": [
            _leads(say(f"changes_{way}", language), told[f"{way}_leads"], language, lead_url)
            for way in ("entering", "leaving")
        ],
        "tables": [table for table in tables if table["rows"]],
    }


def _moves(rows: Sequence[Tree], language: Language) -> list[dict[str, str]]:
    moving = [row for row in rows if row["entering"] or row["leaving"]]
    moving.sort(key=lambda row: -(row["entering"] + row["leaving"]))
    return [
        {
            "words": row["value"][language] if row["value"] is not None else say("not_filled_in", language),
            **{name: number(row[name], language) for name in ("now", "entering", "leaving", "then")},
        }
        for row in moving[:SHOWN_VALUES]
    ]


def _leads(title: str, ids: Sequence[str], language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    more = len(ids) - SHOWN_MOVES
    return {
        "title": title,
        "leads": [{"id": lead_id, "url": lead_url(lead_id, language)} for lead_id in ids[:SHOWN_MOVES]],
        "more": say("changes_more", language, more=number(more, language)) if more > 0 else None,
    }


def _monday(answer: Tree, language: Language, lead_url: LeadUrl) -> dict[str, Any]:
    told = answer["monday"]
    more = len(told["rows"]) - SHOWN_LEADS
    held = told["held_by_gates"]
    return {
        "help": say("monday_help", language, sal=number(told["sal"], language), mql=number(told["mql"], language)),
        "held": say("gates_marked", language, held=number(held, language)) if held else None,
        "more": say("monday_more", language, more=number(more, language)) if more > 0 else None,
        "rows": [
            {
                "place": number(row["place"], language),
                "id": row["lead_id"],
                "url": lead_url(row["lead_id"], language),
                "band": row["band"],
                "held": row["held_by_gates"],
                "chance": percent(row["p"], language),
                "points": DASH if row["points"] is None else number(row["points"], language),
                "grades": f"{row['fit_grade'] or DASH}{row['behaviour_grade'] or ''}",
                "stage": row["stage"] or DASH,
            }
            for row in told["rows"][:SHOWN_LEADS]
        ],
    }
