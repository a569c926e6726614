"""Score rows made ready for the templates: worded, formatted, with the geometry of the small diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.language.dates import date, date_time, iso_date_time, local
from features.language.languages import Language
from features.language.numbers import DASH, apart, number, percent
from features.language.sentences import of_many
from features.source_spec import TargetName
from features.time_units import parse_time
from models.forecast.grades import BEHAVIOUR_GRADES, FIT_GRADES
from models.scoring.reason_words import stage_words
from models.scoring.run_about import RunAbout, TargetAbout
from models.scoring.score_columns import probability_of
from models.scoring.telling_order import foremost
from serve.pages.leads import changes
from serve.pages.leads.diagrams import curve, reason_sections, scale
from serve.pages.leads.due_curve import when
from serve.reading.open_leads import LeadPage
from serve.reading.score_store import Row
from serve.wording.caution import caution
from serve.wording.sentences import say

NBSP = "\N{NO-BREAK SPACE}"
LIST_REASONS = 2
"""Reasons in a line of the list."""
LIST_BAR_IN_CUTOFFS = 2.5
"""A bar in the list is full at this many times the cut-off for SAL: the same on every page of the list."""


def as_of_words(about: RunAbout, language: Language, moment: str) -> str:
    """Return until when the data reach; where the order of rows stands for the time, that it does."""
    return say("as_of_last_row", language) if about.unknown_times == "all" else moment


def target_name(target: TargetAbout, language: Language) -> str:
    """Return what a target is called."""
    return target.words.of(language) if target.words is not None else target.stage


def goal_name(target: TargetAbout, language: Language) -> str:
    """Return the stage of a target, with what it is called where that says more: ``WON (deal won)``."""
    name = target_name(target, language)
    return target.stage if target.stage in name else f"{target.stage} ({name})"


def badge(band: str, about: RunAbout, language: Language) -> dict[str, str]:
    """Return a group as it stands by itself; MQL and SAL are called the same everywhere."""
    words = band if band in ("MQL", "SAL") else say(f"badge_{band}", language, goal=about.goal.stage)
    return {"band": words, "band_class": band}


def share(value: float | None, language: Language) -> str:
    """Return a probability in percent, or a dash."""
    return DASH if value is None else percent(value, language)


def points_text(value: float | None, language: Language) -> str:
    """Return points, whole where they are whole."""
    if value is None:
        return DASH
    return number(value, language, digits=0 if value == round(value) else 1)


def list_row(row: Row, about: RunAbout, language: Language) -> dict[str, Any]:
    """Return one line of the list of leads."""
    p = row[about.probability]
    end = min(1.0, max(about.cutoffs.sal * LIST_BAR_IN_CUTOFFS, 0.05))
    missing = row["gates_missing"] if is_held_by_gates(row, about) else []
    return {
        "id": row["lead_id"],
        **badge(row["counted_as"], about, language),
        "chance": share(p, language),
        "bar": f"{min(100.0, 100 * (p or 0) / end):.1f}",
        "close": share(row["p_close"], language),
        "arrow": changes.arrow(row, language),
        "new": changes.new_badge(row, language),
        "moved": changes.why_line(row, language),
        "about": _main_reasons(row["reasons"], language),
        "missing": f"{say('gates', language)}: {names(missing, language)}" if missing else None,
        "fit_grade": row["fit_grade"] or DASH,
        "behaviour_grade": row["behaviour_grade"] or DASH,
        "points": points_text(row["points"], language),
    }


def _main_reasons(reasons: Sequence[Row], language: Language) -> str:
    """Return why to call the lead in one line: what it did last, and the strongest reason; + for, − against."""
    return " · ".join(
        f"{'+' if r['log_odds'] > 0 else '−' if r['log_odds'] < 0 else ''}{NBSP}{r[language]}".strip()
        for r in foremost(reasons, LIST_REASONS)
    )


def headline(row: Row, about: RunAbout, language: Language) -> tuple[str, str | None]:
    """Return the probability in plain words, and what else there is to say about the close."""
    first = about.cutoffs.target
    sentences = []
    for name in (first, *(other for other in about.targets if other != first)):
        probability, target = row[probability_of(name)], about.targets[name]
        if probability is None:
            continue
        goal = goal_name(target, language)
        if name == first and row["reached"]:
            sentences.append(say("goal_reached", language, goal=goal))
            continue
        many = of_many(probability, language)
        if target.horizon_days is None:
            sentences.append(say("chance_words_untimed", language, many=many, goal=goal))
            continue
        days = points_text(target.horizon_days, language)
        sentences.append(say("chance_words", language, many=many, goal=goal, days=days))
    return sentences[0], sentences[1] if len(sentences) > 1 else None


def is_held_by_gates(row: Row, about: RunAbout) -> bool:
    """Whether the lead would be SAL if its gates were open."""
    p = row[about.probability]
    return bool(row["gates_missing"]) and row["counted_as"] in ("SAL", "MQL", "none") and (p or 0) >= about.cutoffs.sal


def verdict(row: Row, about: RunAbout, language: Language) -> str:
    """Return why the lead has its band."""
    group = row["counted_as"]
    if group == "with_sales":
        return say("verdict_with_sales", language, stage=stage_words(row["stage"]).of(language))
    if group == "excluded":
        return say("verdict_excluded", language)
    p, cutoffs = row[about.probability], about.cutoffs
    key = "verdict_MQL_gates" if is_held_by_gates(row, about) else f"verdict_{row['band']}"
    texts = {"chance": p, "mql": cutoffs.mql, "sal": cutoffs.sal}
    return say(key, language, **apart(texts, language))


def points_sentence(row: Row, group: str, language: Language) -> str:
    """Return what today's points would have said."""
    if row["points"] is None:
        return say("no_points", language)
    key = "points_same" if row["points_band"] == row["band"] else "points_words"
    key = "points_plain" if group in ("reached", "with_sales") else key
    band = row["points_band"]
    band = say("points_no_band", language) if band == "none" else say("points_band", language, band=band or DASH)
    return say(key, language, points=points_text(row["points"], language), band=band)


def names(items: Sequence[Row], language: Language) -> str:
    """Return exclusions or gates as a list in a sentence."""
    return "; ".join(str(item[language]) for item in items)


def facts(row: Row, about: RunAbout, language: Language) -> list[tuple[str, str]]:
    """Return where the score comes from: name and value."""
    return [
        (say("as_of", language), as_of_words(about, language, date_time(row["as_of"], language, about.timezone))),
        (say("scored_at", language), date_time(row["scored_at"], language, about.timezone)),
    ]


def expert_facts(row: Row, language: Language) -> list[tuple[str, str]]:
    """Return what names exactly what scored: for who looks a score up, not for who sells."""
    return [
        (say("model_version", language), row["model_version"]),
        (say("cutoff_version", language), row["cutoff_version"]),
        (say("run", language), row["run_id"]),
    ]


def handed_over(history: Sequence[Row], about: RunAbout, language: Language) -> str | None:
    """Return that the lead was handed over by a draw, when and with what chance; older stores do not say."""
    drawn = next((row for row in reversed(history) if row.get("handed_over_by") == "exploration"), None)
    if drawn is None:
        return None
    day = date(local(parse_time(drawn["as_of"]), about.timezone), language)
    texts = {"day": day, "chance": share(drawn["handover_probability"], language)}
    return say("handed_over_words", language, **texts)


def history_rows(history: Sequence[Row], about: RunAbout, language: Language) -> list[dict[str, Any]]:
    """Return the lines of the history, newest first."""
    column = about.probability
    return [
        {
            "as_of": date(local(parse_time(row["as_of"]), about.timezone), language),
            **badge(row["counted_as"], about, language),
            "chance": share(row[column], language),
            "points": points_text(row["points"], language),
        }
        for row in history
    ]


def list_page(
    listing: LeadPage,
    about: RunAbout,
    language: Language,
    *,
    search: str,
    grades: tuple[str | None, str | None],
    new: bool = False,
) -> dict[str, Any]:
    """Return what stands above the list, and which columns it has; ``grades`` are those filtered by, fit first."""
    values = {"open": number(listing.total, language), "found": number(listing.found, language), "search": search}
    texts = apart({"mql": about.cutoffs.mql, "sal": about.cutoffs.sal}, language)
    key = "leads_found" if search else "leads_graded" if any(grades) or new else "leads_known"
    return {
        "title": say("leads_title", language),
        "known": say(key, language, **values),
        "grade_filters": [
            {"name": name, "words": say(f"{name}_grade", language), "chosen": chosen, "grades": sorted(all_grades)}
            for name, chosen, all_grades in zip(
                ("fit", "behaviour"), grades, (FIT_GRADES, BEHAVIOUR_GRADES), strict=True
            )
        ],
        "caution": caution(about, language),
        "decision": None if about.decision is None else about.decision.words(with_version=False).of(language),
        "as_of": as_of_words(about, language, iso_date_time(about.observed_until, language, about.timezone)),
        "cutoff_words": ", ".join(say(f"band_help_{band}", language, **texts) for band in ("MQL", "SAL")),
        "chance_title": target_name(about.goal, language),
        "has_close": "close" in about.targets and about.cutoffs.target != "close",
        "has_points": about.points_cutoffs is not None,
        "new_since": changes.since_words(about, language),
        "arrows_help": changes.arrows_help(about, language),
    }


def _points_reasons(row: Row, language: Language) -> list[dict[str, str]]:
    """Return what each rule gave: words and signed points."""
    rules = row["points_reasons"]
    digits = [0 if rule["points"] == round(rule["points"]) else 1 for rule in rules]
    return [
        {"words": rule[language], "points": number(rule["points"], language, digits=places, signed=True)}
        for rule, places in zip(rules, digits, strict=True)
    ]


def lead_page(history: Sequence[Row], about: RunAbout, language: Language) -> dict[str, Any]:
    """Return what a lead's page says; ``history`` is newest first."""
    row = history[0]
    first, second = headline(row, about, language)
    explained: TargetName = "close" if row["reached"] and "close" in about.targets else about.cutoffs.target
    enough, group = is_held_by_gates(row, about), row["counted_as"]
    gates, average = row["gates_missing"], about.average
    gate_key = "gates_words" if enough else "gates_also"
    return {
        "title": f"{say('lead', language)} {row['lead_id']}",
        "id": row["lead_id"],
        "caution": caution(about, language),
        **badge(group, about, language),
        "as_of": as_of_words(about, language, date_time(row["as_of"], language, about.timezone)),
        "stage": None if row["stage"] is None else stage_words(row["stage"]).of(language),
        "headline": first,
        "second": second,
        "scale": None if row["reached"] or row[about.probability] is None else scale(row, about, language),
        "verdict": None if row["reached"] else verdict(row, about, language),
        "exclusion": say("excluded_words", language, names=names(row["exclusions"], language))
        if row["excluded"]
        else None,
        "gates": say(gate_key, language, names=names(gates, language))
        if gates and group not in ("with_sales", "reached")
        else None,
        "handed_over": handed_over(history, about, language),
        "arrow": changes.arrow(row, language),
        "new": changes.new_words(row, language),
        "moved": changes.why_line(row, language),
        "change": changes.split(row, about, language),
        "gates_decide": enough,
        "average": say("about_average", language, goal=about.goal.stage, share=percent(average, language))
        if average is not None and not row["reached"]
        else None,
        "reasons_about": say("reasons_about", language, goal=goal_name(about.targets[explained], language)),
        "reasons": reason_sections(row["reasons"], language),
        "when": when(row, about, explained, language),
        "points_words": points_sentence(row, group, language),
        "points_reasons": _points_reasons(row, language),
        "fit_grade": row["fit_grade"] or DASH,
        "behaviour_grade": row["behaviour_grade"] or DASH,
        "facts": facts(row, about, language),
        "expert_facts": expert_facts(row, language),
        "history": history_rows(history, about, language),
        "curve": curve(history, about, language),
        "has_points": about.points_cutoffs is not None,
    }
