"""News in words: a subject that is a whole sentence, what there is to say below it, and the same for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any

from features.language.dates import iso_date_time
from features.language.languages import Language
from features.language.numbers import number, percent
from models.findings.finding import said
from models.scoring.signatures import signed_words
from pipeline.score.sinks.news.news import ABOUT_LEADS, Message, StoredNews
from pipeline.telling.digest_words import digest_sections
from pipeline.telling.finding_words import alarm_words, odd_words, todo_of
from pipeline.telling.said import Said, Section
from pipeline.telling.sentences import say, say_count


@dataclass(frozen=True)
class Details:
    """What is looked up when a message is handed over, since only then it is said of whom.

    Attributes
    ----------
    told : sequence of StoredNews
        Of a run that was taken back: what the channel was told of leads.
    changes : mapping
        Of a digest: leads by what happened to them.
    """

    told: Sequence[StoredNews] = ()
    changes: Mapping[str, list[dict[str, Any]]] | None = None


def said_of(message: Message, language: Language, details: Details) -> Said:
    """Put a message into words.

    Parameters
    ----------
    message : Message
    language : {"de", "en"}
    details : Details
    """
    subject, sections = _WORDS.get(message.kind, _of_leads)(message, language, details)
    at = message.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = _data(message, language, details) | {"subject": subject}
    payload = {"type": message.kind, "timestamp": at, "data": data}
    return Said(subject, tuple(section for section in sections if section.lines), say("mail.footer", language), payload)


def _data(message: Message, language: Language, details: Details) -> dict[str, Any]:
    """Return the facts of a message for machines: of one lead flat, of several as a list."""
    if message.kind in ABOUT_LEADS:
        leads = [_lead(one, language) for one in message.news]
        return leads[0] if len(leads) == 1 else {"leads": leads}
    [one] = message.news
    data = {**one.facts, "run_id": one.run_id} if one.run_id else dict(one.facts)
    if message.kind in ("monitor.alarm", "monitor.over"):
        data |= asdict(alarm_words(data, language))
    if message.kind == "promise.broken":
        data |= {"sentence": said(data["finding"], language), "todo": todo_of("promise", language)}
    if message.kind == "night.stopped":
        data |= {"odd": list(odd_words(data["odd"], language)), "findings": data["odd"]}
    if message.kind == "run.undone":
        data["leads"] = [{"lead_id": told.lead_id, "told": told.kind} for told in details.told]
    return data | {"changes": dict(details.changes)} if details.changes is not None else data


def _lead(one: StoredNews, language: Language) -> dict[str, Any]:
    facts = {**one.facts, "lead_id": one.lead_id, "run_id": one.run_id}
    if "reasons" in facts:
        facts["reasons"] = facts["reasons"][language]
    return facts


def _of_leads(message: Message, language: Language, _: Details) -> tuple[str, list[Section]]:
    if len(message.news) == 1:
        [one] = message.news
        return lead_sentence(one.kind, str(one.lead_id), one.facts, language), [Section("", _why(one.facts, language))]
    count = Decimal(len(message.news))
    subject = say_count(f"many.{message.kind}", language, count, number=number(float(count), language))
    lines = []
    for one in message.news:
        why = " ".join(_why(one.facts, language))
        lines.append(f"{lead_sentence(one.kind, str(one.lead_id), one.facts, language)} {why}".rstrip())
    return subject, [Section("", tuple(lines))]


def lead_sentence(kind: str, lead_id: str, facts: Mapping[str, Any], language: Language) -> str:
    """Return what happened to a lead, as a sentence."""
    before, now = (say(f"group.{facts[name]}", language) for name in ("before", "now"))
    key = "lead.left.not_open" if kind == "lead.left" and facts["now"] == "not_open" else kind
    return say(f"one.{key}", language, lead=lead_id, band=facts.get("band") or "", before=before, now=now)


def _why(facts: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    if facts.get("probability") is None:
        return ()
    chance = say("lead.probability", language, percent=percent(float(facts["probability"]), language))
    reasons = facts["reasons"][language]
    return (chance, say("lead.reasons", language, reasons=reasons)) if reasons else (chance,)


def _undone(message: Message, language: Language, details: Details) -> tuple[str, list[Section]]:
    [one] = message.news
    subject = say("run.undone", language, night=iso_date_time(str(one.facts["as_of"]), language))
    opening = [say("run.undone.by", language, who=one.facts.get("who") or "–")]
    if one.facts.get("why"):
        opening.append(say("run.undone.why", language, why=one.facts["why"]))
    told = [lead_sentence(past.kind, str(past.lead_id), past.facts, language) for past in details.told]
    return subject, [Section("", tuple(opening)), Section(say("run.undone.told", language), tuple(told))]


def _champion(message: Message, language: Language, _: Details) -> tuple[str, list[Section]]:
    facts = message.news[0].facts
    signed = signed_words(facts["signed_by"]).of(language)
    return say("champion.changed", language, version=facts["version"]), [
        Section("", (say("champion.signed", language, names=signed),))
    ]


def _stopped(message: Message, language: Language, _: Details) -> tuple[str, list[Section]]:
    odd = odd_words(message.news[0].facts["odd"], language)
    after = Section("", (say("night.stopped.after", language),))
    return say("night.stopped", language), [Section(say("night.stopped.odd", language), odd), after]


def _alarm(message: Message, language: Language, _: Details) -> tuple[str, list[Section]]:
    words = alarm_words(message.news[0].facts, language)
    lines = (words.sentence, words.todo if message.kind == "monitor.alarm" else "")
    return say(message.kind, language, title=words.title), [Section("", tuple(text for text in lines if text))]


def _promise(message: Message, language: Language, _: Details) -> tuple[str, list[Section]]:
    facts = message.news[0].facts
    lines = (said(facts["finding"], language), todo_of("promise", language))
    return say("promise.broken", language, band=facts["band"]), [Section("", lines)]


def _digest(message: Message, language: Language, details: Details) -> tuple[str, list[Section]]:
    return digest_sections(message.news[0].facts, details.changes or {}, language)


_WORDS = {
    "run.undone": _undone, "champion.changed": _champion, "night.stopped": _stopped,
    "promise.broken": _promise, "monitor.alarm": _alarm,
    "monitor.over": _alarm, "digest": _digest,
}  # fmt: skip
