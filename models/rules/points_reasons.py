"""How a lead got its points, rule by rule, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from features.language.languages import Words
from features.language.numbers import exact, number
from features.language.sentences import one_of, words
from features.source_spec import Condition, SourceSpec
from features.time_units import format_duration
from models.rules.points import ActionPoints, PointsRules, action_counts, points_breakdown


@dataclass(frozen=True)
class PointsReason:
    """One rule that gave (or took) points."""

    points: float
    de: str
    en: str


def points_reasons(row: pd.Series, rules: PointsRules, spec: SourceSpec | None = None) -> list[PointsReason]:
    """Return the rules that gave or took points of one row, largest first; see `points_reasons_of_rows`."""
    return points_reasons_of_rows(pd.DataFrame([row]), rules, spec)[0]


def points_reasons_of_rows(
    X: pd.DataFrame, rules: PointsRules, spec: SourceSpec | None = None
) -> list[list[PointsReason]]:
    """Return for each row the rules that gave or took points, largest first.

    Parameters
    ----------
    X : DataFrame
        Feature rows.
    rules : PointsRules
        The rules.
    spec : SourceSpec, optional
        Its wording of columns and event families is used where a rule has none of its own.

    Returns
    -------
    list of list of PointsReason
        One list a row. Its points sum to the lead's points (less ``rules.start``). Rules that give nothing are left
        out.
    """
    given = points_breakdown(X, rules).to_numpy(dtype="float64")
    attributes = [attribute.words or condition_words(attribute, spec) for attribute in rules.attributes]
    acts = [action.words or families_words(action.families, spec) for action in rules.actions]
    counts = [action_counts(X, action).to_numpy() for action in rules.actions]

    @cache
    def acted(nth: int, count: float) -> Words:
        return _acted(rules.actions[nth], acts[nth], count)

    result = []
    for row in range(len(X)):
        reasons = []
        for position in given[row].nonzero()[0]:
            nth = int(position) - len(attributes)
            said = attributes[position] if nth < 0 else acted(nth, float(counts[nth][row]))
            reasons.append(PointsReason(float(given[row, position]), said.de, said.en))
        result.append(sorted(reasons, key=lambda r: (-abs(r.points), r.en)))
    return result


def condition_words(condition: Condition, spec: SourceSpec | None) -> Words:
    """Return a condition in words: ``Budget: confirmed``."""
    fit = spec.fit.get(condition.column.removeprefix("fit_")) if spec is not None else None
    name = fit.words if fit is not None and fit.words is not None else Words.same(condition.column)
    wording = asked_words(condition, fit.value_words if fit is not None else {})
    return Words.each(lambda language: f"{name.of(language)}: {wording.of(language)}")


def asked_words(condition: Condition, called: Mapping[str, Words]) -> Words:
    """Return what a condition asks of its column: ``offered or confirmed``; ``called`` names the values."""
    parts = []
    if condition.in_ is not None:
        parts.append(one_of([called_words(value, called) for value in condition.in_]))
    for key, limit in (("condition.at_least", condition.at_least), ("condition.below", condition.below)):
        if limit is not None:
            parts.append(words(key, number=_each_number(limit)))
    if condition.missing is not None:
        parts.append(words("condition.missing" if condition.missing else "condition.given"))
    return Words.each(lambda language: ", ".join(part.of(language) for part in parts))


def called_words(value: str | bool | float, called: Mapping[str, Words]) -> Words:
    """Return how a value is called; the value itself where it has no name."""
    code = f"{value:g}" if isinstance(value, float) else str(value)
    return called.get(code, Words.same(code))


def families_words(families: Sequence[str], spec: SourceSpec | None) -> Words:
    """Return event families in words: ``Price list downloaded or Demo requested``."""
    declared = [spec.events.get(family) if spec is not None else None for family in families]
    return one_of(
        [
            event.words if event is not None and event.words is not None else Words.same(family)
            for family, event in zip(families, declared, strict=True)
        ]
    )


def _acted(action: ActionPoints, thing: Words, count: float) -> Words:
    if action.half_life is not None:
        faded = Words.each(lambda language: number(count, language, digits=1))
        return words("action.fading", thing=thing, count=faded, half_life=format_duration(action.half_life))
    if action.within is not None:
        window = format_duration(action.within)
        return words("action.within", thing=thing, count=_each_number(count), window=window)
    return words("action.ever", thing=thing, count=_each_number(count))


def _each_number(value: float) -> Words:
    return Words.each(lambda language: exact(value, language))
