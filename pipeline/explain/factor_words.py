"""What weighed most and what would have changed the result, in the words of the letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from features.families.stages import CURRENT_STAGE
from features.language.languages import Language
from features.language.numbers import number, percent
from models.scoring.reason import OTHER
from models.scoring.reason_words import stage_words
from models.scoring.subjects import STAGE
from models.scoring.variation import Variation, Without, band_at
from pipeline.explain.data_words import act, column_title, detail
from pipeline.explain.explained_score import ExplainedScore
from pipeline.explain.result_words import is_held_by_gates, listed, shares
from pipeline.explain.sentences import say

_HIGHER = {"none": "MQL", "MQL": "SAL"}
"""The next band above each."""


@dataclass(frozen=True)
class Table:
    """Rows of two columns, the second one figures.

    Attributes
    ----------
    head : tuple of (str, str)
    rows : tuple of (str, str)
    """

    head: tuple[str, str]
    rows: tuple[tuple[str, str], ...]


def factor_lines(explanation: ExplainedScore, language: Language) -> Iterator[str | Table]:
    """Give the table of the parts that add up to the chance, each with the person's own value."""
    variation, row = explanation.variation, explanation.score.row
    if variation is None:
        yield say("letter.factors.reached", language, goal=explanation.goal(language))
        return
    rows = [(say("letter.factors.start", language), number(100 * variation.start, language, digits=1))]
    for reason in row["reasons"]:
        effect = number(reason["percentage_points"], language, digits=1, signed=True)
        rows.append((part(explanation, reason, language), effect))
    chance = number(100 * (explanation.score.probability or 0.0), language, digits=1)
    rows.append((say("letter.factors.sum", language), chance))
    head = (say("letter.factors.head.part", language), say("letter.factors.head.effect", language))
    yield Table(head, tuple(rows))
    yield say("letter.factors.words", language)


def part(explanation: ExplainedScore, reason: Mapping[str, Any], language: Language) -> str:
    """Return what a reason is about, with the person's own value where it is on record."""
    spec, facts, subject = explanation.spec, explanation.facts, reason["subject"]
    if reason["family"] == OTHER:
        return say("letter.factors.rest", language)
    acts = [] if facts is None else [one["act"] for one in reason.get("acts") or () if one["act"] in facts.acts]
    if facts is not None and acts:
        return "; ".join(act(spec, name, facts.acts[name], language) for name in acts)
    if reason["family"] == "source" and subject in spec.fit:
        title = column_title(spec, subject, language)
        if facts is not None and subject in facts.details:
            title = f"{title} {detail(spec, subject, facts, language)}"
        return say("letter.factors.source", language, title=title)
    stage = (reason.get("beside") or {}).get(CURRENT_STAGE)
    if (reason["family"], subject) == STAGE and stage is not None:
        return say("letter.factors.stage", language, stage=stage_words(str(stage)).of(language))
    return str(reason[language])


def variation_lines(explanation: ExplainedScore, language: Language) -> Iterator[str]:
    """Give the lines that say to what extent other values would have led to another result."""
    variation, row = explanation.variation, explanation.score.row
    if variation is None or not explanation.is_decided:
        yield say("letter.variation.nothing", language)
        return
    if row["excluded"]:
        band = band_at(explanation.score.probability or 0.0, explanation.score.cutoffs, excluded=False,
                       gates_open=not row["gates_missing"])  # fmt: skip
        yield say("letter.variation.excluded", language, band=say(f"letter.band.{band}", language))
        return
    yield say("letter.variation.intro", language)
    for reason, answer in zip(row["reasons"], variation.each, strict=False):
        yield "- " + _each(explanation, reason, answer, language)
    yield from _turning(explanation, variation, language)
    yield from _next_band(explanation, language)


def _each(explanation: ExplainedScore, reason: Mapping[str, Any], answer: Without, language: Language) -> str:
    texts = {
        "part": part(explanation, reason, language),
        "chance": percent(answer.probability, language),
        "now": shares(explanation, language)["chance"],
    }
    if answer.band == explanation.score.row["band"]:
        return say("letter.variation.each_same", language, **texts)
    return say("letter.variation.each", language, **texts, band=say(f"letter.band.{answer.band}", language))


def _turning(explanation: ExplainedScore, variation: Variation, language: Language) -> Iterator[str]:
    turning, reasons = variation.turning, explanation.score.row["reasons"]
    if turning is None:
        yield say("letter.variation.no_turning", language)
        return
    parts = "; ".join(part(explanation, reasons[place], language) for place in turning.parts)
    band, chance = say(f"letter.band.{turning.band}", language), percent(turning.probability, language)
    if len(turning.parts) == 1:
        yield say("letter.variation.turning_one", language, parts=parts, band=band)
    else:
        yield say("letter.variation.turning", language, parts=parts, chance=chance, band=band)


def _next_band(explanation: ExplainedScore, language: Language) -> Iterator[str]:
    row, texts = explanation.score.row, shares(explanation, language)
    if is_held_by_gates(explanation):
        names, band = listed(row["gates_missing"], language), say("letter.band.SAL", language)
        yield say("letter.variation.gates", language, names=names, band=band)
    elif row["band"] in _HIGHER:
        band = _HIGHER[row["band"]]
        words, needed = say(f"letter.band.{band}", language), texts[band.lower()]
        yield say("letter.variation.up", language, band=words, needed=needed, now=texts["chance"])
