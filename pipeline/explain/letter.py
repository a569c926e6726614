"""The letter that answers a person who asks how they were assessed: sections, each a title and what stands below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from features.language.dates import date_time
from features.language.languages import Language
from features.language.numbers import number
from features.time_units import DAY_US
from pipeline.explain.data_words import data_lines
from pipeline.explain.explained_score import ExplainedScore
from pipeline.explain.factor_words import Table, factor_lines, variation_lines
from pipeline.explain.result_words import result_lines, shares
from pipeline.explain.sentences import say
from pipeline.settings.settings import Settings

Part = str | Table
"""A paragraph or a table."""


@dataclass(frozen=True)
class Section:
    """A part of a letter.

    Attributes
    ----------
    title : str
    parts : tuple of str or Table
        Paragraphs, and tables of two columns; a paragraph that begins with ``- `` is an entry of a list.
    """

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Letter:
    """All that the letter says.

    Attributes
    ----------
    language : {"de", "en"}
    title : str
    opening : tuple of str
    sections : tuple of Section
    """

    language: Language
    title: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]


def letter(explanation: ExplainedScore, settings: Settings, language: Language) -> Letter:
    """Write what Article 15(1)(h) GDPR asks for, as the Court of Justice reads it in C-203/22.

    Parameters
    ----------
    explanation : ExplainedScore
        The score, what is on record about the lead, and what the model learned from.
    settings : Settings
        Who is responsible, and how long what is kept.
    language : {"de", "en"}
    """
    row = explanation.score.row
    as_of = date_time(row["as_of"], language)
    bodies = {
        "result": result_lines(explanation, language),
        "procedure": _procedure(explanation, language),
        "data": data_lines(explanation, settings.controller, language),
        "factors": factor_lines(explanation, language),
        "variation": variation_lines(explanation, language),
        "consequences": _consequences(explanation, language),
        "version": _version(explanation, language),
        "retention": _retention(settings, language),
        "rights": _rights(settings, language),
    }
    return Letter(
        language,
        say("letter.title", language),
        (say("letter.reference", language, lead=row["lead_id"], as_of=as_of), say("letter.intro", language)),
        tuple(Section(say(f"letter.{name}.title", language), tuple(parts)) for name, parts in bodies.items()),
    )


def _procedure(explanation: ExplainedScore, language: Language) -> Iterator[str]:
    about, learned, texts = explanation.score.about, explanation.learned, shares(explanation, language)
    yield "- " + say("letter.procedure.learned", language, goal=explanation.goal(language))
    if learned.leads is not None and learned.outcomes is not None:
        leads, outcomes = number(learned.leads, language), number(learned.outcomes, language)
        yield "- " + say("letter.procedure.learned_from", language, leads=leads, outcomes=outcomes)
    if explanation.variation is not None:
        yield "- " + say("letter.procedure.parts", language, start=texts["start"], chance=texts["chance"])
    yield "- " + say("letter.procedure.time", language)
    volumes = ""
    if learned.per_week is not None:
        weekly = {band.lower(): number(count, language) for band, count in learned.per_week.items()}
        volumes = " " + say("letter.procedure.volumes", language, **weekly)
    yield "- " + say("letter.procedure.cutoffs", language, mql=texts["mql"], sal=texts["sal"]) + volumes
    if about.verdict is not None:
        yield "- " + say("letter.procedure.checked", language, leads=number(about.verdict.leads, language))


def _consequences(explanation: ExplainedScore, language: Language) -> Iterator[str]:
    group, drawn = explanation.score.row["counted_as"], explanation.score.row.get("handed_over_by") is not None
    if group in ("with_sales", "reached"):
        yield say("letter.consequences.with_sales", language)
    elif drawn or group in ("MQL", "SAL"):
        yield say("letter.consequences.proposed", language)
    else:
        yield say("letter.consequences.not_proposed", language)
    yield say("letter.consequences.always", language)


def _version(explanation: ExplainedScore, language: Language) -> Iterator[str]:
    row = explanation.score.row
    yield say(
        "letter.version.words", language,
        as_of=date_time(row["as_of"], language), scored_at=date_time(row["scored_at"], language),
        model=row["model_version"], cutoffs=row["cutoff_version"], run=row["run_id"],
    )  # fmt: skip


def _retention(settings: Settings, language: Language) -> Iterator[str]:
    retention = settings.retention
    if retention.scores is None or retention.facts is None:
        yield say("letter.retention.unset", language)
        return
    days = {name: number(getattr(retention, name) / DAY_US, language) for name in ("scores", "facts")}
    yield say("letter.retention.period", language, **days)


def _rights(settings: Settings, language: Language) -> Iterator[str]:
    controller = settings.controller
    yield say("letter.rights.words", language)
    if controller.name is None or controller.contact is None:
        yield say("letter.rights.unset", language)
        return
    yield "- " + say("letter.rights.controller", language, name=controller.name, address=controller.address or "")
    yield "- " + say("letter.rights.contact", language, contact=controller.contact)
    if controller.data_protection_officer is not None:
        yield "- " + say("letter.rights.officer", language, officer=controller.data_protection_officer)
    if controller.authority is not None:
        yield "- " + say("letter.rights.authority", language, authority=controller.authority)
