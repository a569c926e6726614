"""A points table line by line, as a person types it: what is asked, how often, since when, and the points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from features.catalog.feature import Feature
from features.families.stages import CURRENT_STAGE
from features.language.languages import Words
from features.source_spec import Condition, SourceSpec
from features.time_units import DAY_US
from models.compiled_points.rule_words import column_words, value_words
from models.compiled_points.table import rule_names
from models.rules.points import ActionPoints, PointsRules
from models.rules.points_reasons import families_words

LineKind = Literal["field", "date", "action", "exclusion", "gate"]
Operator = Literal["is any of", "at least", "below", "between", "is empty", "is not empty", "days ago", "done"]

NOTES = {
    "seniority": "A level read from the job title. Build it as: job title contains any of the words your company uses.",
    "function": "A department read from the job title. Build it as: job title contains any of the words for it.",
    "kind": "Read from the domain of the e-mail address. Build it with a list of free-mail or university domains.",
    "given": "Whether the field holds any text.",
}
_DATES = {
    "journey_days_since_created": "Date created",
    "journey_days_since_anchor": "Date the first stage was entered",
    "journey_days_since_last_event": "Date of the last action by the lead itself",
}
_STAGES = "Your stage or status field, as sales sets it."


@dataclass(frozen=True)
class Line:
    """One line to type.

    Attributes
    ----------
    rule : str
        Number of the rule; rules that count several times have a line for each time.
    kind : str
        ``field`` and ``date`` are about who the lead is and since when, ``action`` about what it did; the points of
        ``exclusion`` and ``gate`` are None.
    thing, operator, value : str
        What is asked of it.
    times : int or None
        Of an action: at least so often.
    days : float or None
        Within so many days (action), or so many days ago or more (date); None is ever.
    points : int or None
        Given while all this holds.
    note : str
        How to build what the tool has no field for.
    """

    rule: str
    kind: LineKind
    thing: str
    operator: Operator
    value: str
    times: int | None
    days: float | None
    points: int | None
    note: str = ""


def sheet_lines(rules: PointsRules, features: Mapping[str, Feature], spec: SourceSpec) -> list[Line]:
    """Return a table as lines to type.

    A rule that counts an action up to three times is three lines, *at least once*, *at least twice* and *at least three
    times*, of the same points each: together they give what the rule gives, in every tool.

    Parameters
    ----------
    rules : PointsRules
        With whole points and a cap on each action, without half-lives.
    features : mapping of str to Feature
        By name.
    spec : SourceSpec
        Words, and its own exclusions, which come before those of the rules.
    """
    lines: list[Line] = []
    for number, (_, rule) in enumerate(rule_names(rules), start=1):
        if isinstance(rule, ActionPoints):
            lines.extend(_action_lines(str(number), rule, spec))
        else:
            lines.append(_condition_line(str(number), rule, features, spec, points=round(rule.points)))
    for exclusion in (*spec.exclusions, *rules.exclusions):
        name = exclusion.words.en if exclusion.words is not None else exclusion.name
        for condition in exclusion.when:
            lines.append(_of_kind(_condition_line(name, condition, features, spec, points=None), "exclusion"))
    for condition in rules.gates.SAL:
        lines.append(_of_kind(_condition_line("SAL", condition, features, spec, points=None), "gate"))
    return lines


def _action_lines(number: str, rule: ActionPoints, spec: SourceSpec) -> Iterator[Line]:
    named = [families_words((family,), spec).en for family in rule.families]
    days = None if rule.within is None else rule.within / DAY_US
    most = round((rule.cap or rule.points) / rule.points)
    note = "Any one of these actions." if len(named) > 1 else ""
    for times in range(1, most + 1):
        line_number = f"{number}.{times}" if most > 1 else number
        yield Line(line_number, "action", "; ".join(named), "done", "", times, days, round(rule.points), note)


def _condition_line(
    number: str, condition: Condition, features: Mapping[str, Feature], spec: SourceSpec, *, points: int | None
) -> Line:
    feature = features[condition.column]
    called = dict(feature.values)
    if condition.column in _DATES and condition.at_least is not None and condition.below is None:
        days = condition.at_least
        return Line(number, "date", _DATES[condition.column], "days ago", f"{days:g}", None, days, points)
    operator, value = _asked(condition, called)
    return Line(
        number, "field", column_words(condition.column, feature, spec).en, operator, value, None, None, points,
        _note(condition.column, feature),
    )  # fmt: skip


def _asked(condition: Condition, called: Mapping[str, Words]) -> tuple[Operator, str]:
    """Return operator and value of one condition; several parts at once are told as a range."""
    if condition.in_ is not None:
        named = [value_words(value, {}).en for value in condition.in_]
        spoken = [value_words(value, called).en for value in condition.in_]
        shown = [code if code == words else f"{code} ({words})" for code, words in zip(named, spoken, strict=True)]
        return "is any of", "; ".join(shown)
    if condition.missing is not None:
        return ("is empty" if condition.missing else "is not empty"), ""
    if condition.at_least is not None and condition.below is not None:
        return "between", f"at least {condition.at_least:g} and below {condition.below:g}"
    if condition.at_least is not None:
        return "at least", f"{condition.at_least:g}"
    return "below", f"{condition.below:g}"


def _note(column: str, feature: Feature) -> str:
    if column == CURRENT_STAGE:
        return _STAGES
    part = column.removeprefix(f"fit_{feature.subject}").strip("_")
    return NOTES.get(part, "")


def _of_kind(line: Line, kind: LineKind) -> Line:
    return Line(line.rule, kind, line.thing, line.operator, line.value, line.times, line.days, line.points, line.note)
