"""How a lead got its points, rule by rule, and how a rule is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from features.language.languages import Words
from features.language.numbers import exact
from features.language.sentences import duration_words, one_of, words
from features.source_spec import Condition, SourceSpec
from models.feature_rows import FeatureRows
from models.rules.points import ActionPoints, GivenPoints, PointsRules, given_points

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PointsReason:
    """One rule that gave (or took) points.

    Attributes
    ----------
    points : float
    rule : str
        ``attribute_1…`` or ``action_1…``: its place in ``rules.yaml``.
    column : str or None
        The column that a rule for an attribute asks; None for an action.
    families : tuple of str or None
        The event families that an action's rule counts; None for an attribute.
    count : float or None
        How many of their events it counted, or their decayed sum.
    """

    points: float
    rule: str
    column: str | None = None
    families: tuple[str, ...] | None = None
    count: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the reason as JSON has it: what a rule has not is left out."""
        parts: dict[str, Any] = {"points": self.points, "rule": self.rule}
        if self.column is not None:
            parts["column"] = self.column
        if self.families is not None:
            parts |= {"families": list(self.families), "count": self.count}
        return parts

    def words(self, rules: PointsRules, spec: SourceSpec | None) -> Words | None:
        """Return the rule in words; None where the rules have no such rule.

        Parameters
        ----------
        rules : PointsRules
            The rules that gave the points.
        spec : SourceSpec or None
            Its wording of columns and event families is used where a rule has none of its own.
        """
        kind, _, number = self.rule.partition("_")
        listed = rules.attributes if kind == "attribute" else rules.actions
        if not 1 <= int(number) <= len(listed):
            return None
        rule = listed[int(number) - 1]
        if isinstance(rule, ActionPoints):
            return _acted(rule, rule.words or families_words(rule.families, spec), self.count or 0.0)
        return rule.words or condition_words(rule, spec)


def points_reasons(row: pd.Series, rules: PointsRules) -> list[PointsReason]:
    """Return the rules that gave or took points of one row, largest first; see `points_reasons_of_rows`."""
    import pandas as pd

    return points_reasons_of_rows(pd.DataFrame([row]), rules)[0]


def points_reasons_of_rows(X: pd.DataFrame | FeatureRows, rules: PointsRules) -> list[list[PointsReason]]:
    """Return for each row the rules that gave or took points, largest first; of equal ones, that of ``rules`` first.

    Parameters
    ----------
    X : DataFrame or FeatureRows
        Feature rows.
    rules : PointsRules
        The rules.

    Returns
    -------
    list of list of PointsReason
        One list a row. Its points sum to the lead's points (less ``rules.start``). Rules that give nothing are left
        out. Rows with the same reason share it.
    """
    return points_reasons_of_given(given_points(FeatureRows.of(X), rules), rules)


def points_reasons_of_given(given: GivenPoints, rules: PointsRules) -> list[list[PointsReason]]:
    """Return the same where it is known already what each rule gives."""
    points, count = given.points, len(given.points)
    row, rule = np.nonzero(points)
    order = np.lexsort((rule, -np.abs(points[row, rule]), row))
    row, rule = row[order], rule[order]
    said = zip(rule.tolist(), points[row, rule].tolist(), given.counts[row, rule].tolist(), strict=True)
    known: dict[tuple[int, float, float], PointsReason] = {}
    listed = [known.get(key) or known.setdefault(key, _points_reason(rules, *key)) for key in said]
    ends = np.cumsum(np.bincount(row, minlength=count)).tolist()
    return [listed[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)] if count else []


def _points_reason(rules: PointsRules, place: int, points: float, count: float) -> PointsReason:
    nth = place - len(rules.attributes)
    if nth < 0:
        return PointsReason(points, f"attribute_{place + 1}", column=rules.attributes[place].column)
    return PointsReason(points, f"action_{nth + 1}", families=rules.actions[nth].families, count=count)


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
        return words("action.fading", thing=thing)  # a sum that fades is a number that nobody can say
    if action.within is not None:
        window = duration_words(action.within)
        return words("action.within", thing=thing, count=_each_number(count), window=window)
    return words("action.ever", thing=thing, count=_each_number(count))


def _each_number(value: float) -> Words:
    return Words.each(lambda language: exact(value, language))
