"""The data of a person in the words of the letter: each declared column and family by its name, with its own value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from features.catalog.wording import plain_words
from features.language.dates import date
from features.language.languages import Language
from features.language.numbers import exact, number
from features.language.sentences import say as say_of_lead
from features.source_spec import SourceSpec
from models.scoring.reason_words import stage_words
from pipeline.explain.explained_score import ExplainedScore
from pipeline.explain.sentences import say, say_count
from pipeline.outputs.facts_of_lead import RECENT_DAYS, Acts, FactsOnRecord
from pipeline.settings.controller import Controller


def data_lines(explanation: ExplainedScore, controller: Controller, language: Language) -> Iterator[str]:
    """Give the lines that say which data were used, what they say of this person, and where they come from."""
    spec, facts = explanation.spec, explanation.facts
    if facts is None:
        kinds = [column_title(spec, name, language) for name in spec.fit]
        kinds += [family_title(spec, name, language) for name in spec.events]
        yield "- " + say("letter.data.kinds", language, names="; ".join(kinds))
    else:
        yield from ("- " + line for line in _own_data(facts, spec, language))
    rated = [column_title(spec, name, language) for name, column in spec.fit.items() if column.source_rate]
    if rated:
        yield "- " + say("letter.data.others", language, names=", ".join(rated))
    else:
        yield "- " + say("letter.data.account", language)
    said = controller.data_sources
    sources = say("letter.data.sources_usual", language) if said is None else said.of(language)
    yield "- " + say("letter.data.sources", language, sources=sources)


def _own_data(facts: FactsOnRecord, spec: SourceSpec, language: Language) -> Iterator[str]:
    details = [f"{column_title(spec, name, language)}: {detail(spec, name, facts, language)}" for name in facts.details]
    if details:
        yield say("letter.data.details", language, names="; ".join(details))
    by_lead = [name for name in facts.acts if spec.events[name].actor == "lead"]
    for key, names in (("acts", by_lead), ("ours", [name for name in facts.acts if name not in by_lead])):
        acts = [act(spec, name, facts.acts[name], language) for name in names]
        if acts:
            yield say(f"letter.data.{key}", language, names="; ".join(acts))
    stages = [
        say("letter.data.stage", language, stage=stage_words(stage).of(language), day=_day(us, language))
        for stage, us in facts.stages
    ]
    if stages:
        yield say("letter.data.stages", language, names="; ".join(stages))
    yield say("letter.data.first", language, day=_day(facts.created_us, language))


def column_title(spec: SourceSpec, name: str, language: Language) -> str:
    """Return what a column is called."""
    return (spec.fit[name].words or plain_words(name)).of(language)


def family_title(spec: SourceSpec, name: str, language: Language) -> str:
    """Return what a family of events is called."""
    return (spec.events[name].words or plain_words(name)).of(language)


def detail(spec: SourceSpec, name: str, facts: FactsOnRecord, language: Language) -> str:
    """Return the value of a column as people read it."""
    value, words = facts.details[name], spec.fit[name].value_words
    if str(value) in words:
        return words[str(value)].of(language)
    if isinstance(value, bool):
        return say_of_lead(f"value.boolean.{int(value)}", language)
    if isinstance(value, float):
        return exact(value, language)
    return plain_words(value).of(language) if spec.fit[name].type == "category" else str(value)


def act(spec: SourceSpec, name: str, acts: Acts, language: Language) -> str:
    """Return how often and when something was done."""
    return say(
        "letter.data.act", language, title=family_title(spec, name, language),
        count=_times(acts, language), day=_day(acts.last_us, language),
    )  # fmt: skip


def _times(acts: Acts, language: Language) -> str:
    count = say_count("letter.times", language, Decimal(acts.count), number=number(acts.count, language))
    if acts.count == 1:
        return count
    recent: dict[str, Any] = {"days": RECENT_DAYS, "recent": number(acts.recent, language)}
    return say("letter.recent", language, count=count, **recent)


def _day(us: int, language: Language) -> str:
    return date(datetime.fromtimestamp(us / 1e6, tz=UTC), language)
