"""Points rules in words, for the table that people read and for the reasons that a rule gives."""

from __future__ import annotations

from collections.abc import Mapping

from features.catalog.feature import Feature
from features.catalog.feature_list import CURRENT_STAGE
from features.catalog.wording import duration_words
from features.source_spec import SourceSpec, Words
from features.time_units import format_duration
from models.compiled_points.candidate_rules import PointsRule
from models.rules.points import ActionPoints
from models.rules.points_reasons import condition_words, families_words

_JOURNEY = {
    "journey_days_since_created": Words(de="Alter des Leads in Tagen", en="Age of the lead in days"),
    "journey_days_since_anchor": Words(de="Tage seit Beginn der Bewertung", en="Days since the anchor stage"),
    "journey_days_since_last_event": Words(de="Tage seit der letzten Aktion", en="Days since the last action"),
    "journey_sessions_count": Words(de="Zahl der Sitzungen", en="Number of sessions"),
    "journey_recycled_count": Words(de="Rückgaben an das Marketing", en="Times handed back to marketing"),
    CURRENT_STAGE: Words(de="Stufe", en="Stage"),
}
_PARTS = {
    "seniority": Words(de="Ebene", en="level"),
    "function": Words(de="Bereich", en="department"),
    "kind": Words(de="Art", en="kind"),
    "given": Words(de="ausgefüllt", en="filled in"),
}
_YES, _NO = Words(de="ja", en="yes"), Words(de="nein", en="no")


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
    plain = condition_words(rule, None)
    if rule.in_ is not None:
        named = [value_words(value, called) for value in rule.in_]
        plain = Words(de=" oder ".join(w.de for w in named), en=" or ".join(w.en for w in named))
    else:
        plain = Words(de=plain.de.removeprefix(f"{rule.column}: "), en=plain.en.removeprefix(f"{rule.column}: "))
    return Words(de=f"{name.de}: {plain.de}", en=f"{name.en}: {plain.en}")


def value_words(value: str | bool | float, called: Mapping[str, Words]) -> Words:
    """Return how a value of a column is called."""
    if isinstance(value, bool):
        return _YES if value else _NO
    code = value if isinstance(value, str) else f"{value:g}"
    return called.get(code, Words(de=code, en=code))


def column_words(column: str, feature: Feature, spec: SourceSpec) -> Words:
    """Return how a column is called: ``Job title (level)``."""
    if column in _JOURNEY:
        return _JOURNEY[column]
    declared = spec.fit.get(feature.subject)
    thing = declared.words if declared is not None and declared.words is not None else None
    thing = thing or Words(de=feature.subject, en=feature.subject)
    part = _PARTS.get(column.removeprefix(f"fit_{feature.subject}").strip("_"))
    return thing if part is None else Words(de=f"{thing.de} ({part.de})", en=f"{thing.en} ({part.en})")


def _action(rule: ActionPoints, spec: SourceSpec) -> Words:
    thing = families_words(rule.families, spec)
    if rule.half_life is not None:
        half = format_duration(rule.half_life)
        return Words(de=f"{thing.de}, halbiert alle {half}", en=f"{thing.en}, halves every {half}")
    if rule.within is None:
        return thing
    window = duration_words(rule.within)
    return Words(de=f"{thing.de} in den letzten {window.de}", en=f"{thing.en} in the last {window.en}")
