"""The digest of a morning in words: the list, who came and went, alarms, brakes, and what waits for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from features.language.dates import iso_date_time
from features.language.languages import Language
from features.language.numbers import number, percent
from models.bands import BANDS
from pipeline.telling.finding_words import alarm_words, odd_words
from pipeline.telling.said import Section
from pipeline.telling.sentences import say, say_count

MOST_LEADS = 50
"""So many leads are named of a kind."""
_ORDER = ("lead.above", "lead.below", "lead.left", "lead.drawn")


def digest_sections(
    facts: Mapping[str, Any], changes: Mapping[str, list[dict[str, Any]]], language: Language
) -> tuple[str, list[Section]]:
    """Return the subject and the sections of a digest.

    Parameters
    ----------
    facts : mapping
        As `pipeline.telling.digest.digest_facts` gives them.
    changes : mapping
        Leads by the kind of news.
    language : {"de", "en"}
    """
    new = Decimal(sum(lead["before"] not in BANDS for lead in changes.get("lead.above", ())))
    subject = say_count("digest.subject", language, new, number=number(float(new), language), day=_day(facts, language))
    sections = [Section("", tuple(_list_now(facts, language)))]
    for kind in _ORDER:
        leads = changes.get(kind, [])
        lines = [_lead_line(lead, language) for lead in leads[:MOST_LEADS]]
        if len(leads) > MOST_LEADS:
            lines.append(say("digest.more", language, number=number(len(leads) - MOST_LEADS, language)))
        sections.append(Section(say(f"digest.{kind}", language), tuple(lines)))
    rest: tuple[tuple[str, Callable[[Any, Language], Iterator[str]]], ...] = (
        ("alarms", _alarms),
        ("stops", _stops),
        ("waits", _waits),
    )
    sections += [Section(say(f"digest.{name}", language), tuple(said(facts[name], language))) for name, said in rest]
    return subject, sections


def _alarms(alarms: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    for alarm in alarms:
        words = alarm_words(alarm, language)
        yield say("digest.alarm", language, title=words.title, sentence=words.sentence)


def _stops(stops: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    for stop in stops:
        odd = "; ".join(odd_words(stop["odd"], language))
        yield say("digest.stop", language, at=iso_date_time(stop["at"], language), odd=odd)


def _day(facts: Mapping[str, Any], language: Language) -> str:
    return iso_date_time(f"{facts['day']}T00:00:00Z", language).rsplit(",", 1)[0]


def _list_now(facts: Mapping[str, Any], language: Language) -> Iterator[str]:
    listed = facts["listed"]
    if listed is None:
        yield say("digest.no_run", language)
        return
    count = listed["MQL"] + listed["SAL"]
    yield say_count(
        "digest.listed", language, Decimal(count), number=number(count, language),
        sal=number(listed["SAL"], language), at=iso_date_time(facts["as_of"], language),
    )  # fmt: skip
    if not facts["scored_since"]:
        yield say("digest.not_scored", language)
    if facts["champion"] is not None:
        yield say("champion.changed", language, version=facts["champion"])


def _lead_line(lead: Mapping[str, Any], language: Language) -> str:
    before, now = (say(f"group.{lead[name]}", language) for name in ("before", "now"))
    if lead.get("probability") is None:
        return say("digest.lead", language, lead=lead["lead_id"], before=before, now=now)
    chance = percent(float(lead["probability"]), language)
    return say("digest.lead.scored", language, lead=lead["lead_id"], before=before, now=now, percent=chance)


def _waits(waits: Mapping[str, Any], language: Language) -> Iterator[str]:
    for team in waits["signatures"]:
        yield say(f"digest.signature.{team}", language)
    if waits["to_hand_over"]:
        count = Decimal(waits["to_hand_over"])
        yield say_count("digest.to_hand_over", language, count, number=number(float(count), language))
    for channel, count in sorted(waits["messages"].items()):
        shown = number(count, language)
        yield say_count("digest.messages", language, Decimal(count), channel=channel, number=shown)
