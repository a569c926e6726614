"""Points rules in words, for the table that people read and for the reasons that a rule gives."""

from __future__ import annotations

from collections.abc import Mapping

from features.catalog.feature import Feature, part_words
from features.language.languages import Words
from features.language.sentences import LEAD_SENTENCES, duration_words, one_of, words
from features.source_spec import SourceSpec
from features.time_units import format_duration
from models.compiled_points.candidate_rules import PointsRule
from models.rules.points import ActionPoints
from models.rules.points_reasons import asked_words, called_words, families_words


def rule_words(rule: PointsRule, features: Mapping[str, Feature], spec: SourceSpec) -> Words:
    """Return a rule in words, without its points.

    Parameters
    ----------
    rule : AttributePoints or ActionPoints
        The rule.
    features : mapping of str to Feature
        By name; how codes of values are called.
    spec : SourceSpec
        How columns and event families are called.

    Examples
    --------
    >>> spec = SourceSpec.model_validate({"name": "x", "title": {"de": "X", "en": "X"},
    ...     "targets": {"close": {"stage": "WON", "horizon": "30d"}}})
    >>> rule_words(ActionPoints(family="demo", also=("price",), points=8, within="7d", cap=8), {}, spec).en
    'demo or price in the last 7 days'
    """
    if isinstance(rule, ActionPoints):
        return _action(rule, spec)
    feature = features[rule.column]
    name, called = column_words(rule.column, feature, spec), dict(feature.values)
    wording = asked_words(rule, {}) if rule.in_ is None else one_of([value_words(value, called) for value in rule.in_])
    return Words.each(lambda language: f"{name.of(language)}: {wording.of(language)}")


def value_words(value: str | bool | float, called: Mapping[str, Words]) -> Words:
    """Return how a value of a column is called; what is true or false is yes or no."""
    return words(f"value.boolean.{value:d}") if isinstance(value, bool) else called_words(value, called)


def column_words(column: str, feature: Feature, spec: SourceSpec) -> Words:
    """Return how a column is called: ``Job title (level)``."""
    if f"rule.{column}" in LEAD_SENTENCES.sentences("en"):
        return words(f"rule.{column}")
    declared = spec.fit.get(feature.subject)
    thing = declared.words if declared is not None and declared.words is not None else Words.same(feature.subject)
    part = part_words(feature)
    return thing if part is None else Words.each(lambda language: f"{thing.of(language)} ({part.of(language)})")


def _action(rule: ActionPoints, spec: SourceSpec) -> Words:
    thing = families_words(rule.families, spec)
    if rule.half_life is not None:
        return words("rule.halves", thing=thing, half_life=format_duration(rule.half_life))
    return thing if rule.within is None else words("rule.within", thing=thing, window=duration_words(rule.within))
