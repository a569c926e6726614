"""The result of a score in the words of the letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from features.language.languages import Language
from features.language.numbers import apart, exact, percent
from models.bands import BANDS
from pipeline.explain.explained_score import ExplainedScore
from pipeline.explain.sentences import say


def result_lines(explanation: ExplainedScore, language: Language) -> Iterator[str]:
    """Give the sentences about chance, category and what else decided."""
    row, goal = explanation.score.row, explanation.goal(language)
    if row["counted_as"] == "reached":
        yield say("letter.result.reached", language, goal=goal)
        return
    texts, days = shares(explanation, language), explanation.score.about.goal.horizon_days
    within = "" if days is None else " " + say("letter.result.within", language, days=exact(days, language))
    yield say("letter.result.chance", language, goal=goal, within=within, **_without_start(texts))
    if row["counted_as"] == "with_sales":
        yield say("letter.result.with_sales", language, stage=row["stage"])
        return
    if row["excluded"]:
        yield say("letter.result.excluded", language, names=listed(row["exclusions"], language))
    else:
        yield say(f"letter.result.{row['band']}", language)
    if is_held_by_gates(explanation):
        yield say("letter.result.gates", language, names=listed(row["gates_missing"], language))
    if row.get("handed_over_by") == "exploration":
        yield say("letter.result.drawn", language, chance=percent(row["handover_probability"], language))


def is_held_by_gates(explanation: ExplainedScore) -> bool:
    """Whether the chance would suffice for the highest band and only the gates are closed."""
    row, p = explanation.score.row, explanation.score.probability
    enough = p is not None and p >= explanation.score.cutoffs.sal
    return bool(row["gates_missing"]) and row["counted_as"] in (*BANDS, "none") and enough


def shares(explanation: ExplainedScore, language: Language) -> dict[str, str]:
    """Return chance, start and cut-offs in percent, with digits enough to tell them apart."""
    cutoffs, variation = explanation.score.cutoffs, explanation.variation
    values = {"chance": explanation.score.probability or 0.0, "mql": cutoffs.mql, "sal": cutoffs.sal}
    return apart(values if variation is None else values | {"start": variation.start}, language)


def listed(parts: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Return rules or gates as a list in a sentence."""
    return "; ".join(str(part[language]) for part in parts)


def _without_start(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name != "start"}
