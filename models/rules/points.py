"""Points for attributes and actions: what marketing does today, on the very rows the model sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from features.errors import InputError
from features.language.languages import Words
from features.source_spec import Condition, Exclusion, FeatureOptions
from features.strict import Strict
from features.time_units import Duration, format_duration
from models.arrays import Floats
from models.bands import PerBand, may_enter, passes
from models.feature_rows import FeatureRows
from models.remembered import remembered
from models.rules.conditions import are_all_met, check_condition, excluded_by, is_met

if TYPE_CHECKING:
    import pandas as pd

    from features.catalog.feature import Feature


class AttributePoints(Condition):
    """Points for who the lead is: given once, while the condition holds."""

    points: float
    words: Words | None = None


class ActionPoints(Strict):
    """Points for what the lead did: given for each event of a family, or of several.

    With ``within`` only events of that long before the as-of time count; with ``half_life`` an event's points halve
    every so often; with neither, every event ever counts.
    """

    family: str
    points: float
    also: tuple[str, ...] = ()
    """Further families whose events count as well: one rule for any of several actions."""
    within: Duration | None = None
    half_life: Duration | None = None
    cap: float | None = None
    """The most this rule may give (the least, for minus points)."""
    words: Words | None = None

    @model_validator(mode="after")
    def _coherent(self) -> ActionPoints:
        if self.within is not None and self.half_life is not None:
            raise ValueError(f"the action {self.family} may have within or half_life, not both")
        if self.cap is not None and self.cap * self.points < 0:
            raise ValueError(f"the action {self.family} gives {self.points:g}, so its cap cannot be {self.cap:g}")
        if len(set(self.families)) < len(self.families):
            raise ValueError(f"the action {self.family} names a family twice")
        return self

    @property
    def families(self) -> tuple[str, ...]:
        """All families whose events count."""
        return (self.family, *self.also)

    @property
    def measure(self) -> Literal["count", "count_ever", "decayed"]:
        """The measure that each of the families needs in ``source.yaml``."""
        if self.half_life is not None:
            return "decayed"
        return "count_ever" if self.within is None else "count"

    def column(self, family: str) -> str:
        """Return the feature column that holds a family's number of events, or their decayed sum."""
        if self.half_life is not None:
            return f"behaviour_{family}_decayed_{format_duration(self.half_life)}"
        window = "ever" if self.within is None else format_duration(self.within)
        return f"behaviour_{family}_count_{window}"


class Gates(Strict):
    """Conditions that must hold, besides enough points."""

    SAL: tuple[Condition, ...] = ()


class PointsCutoffs(Strict):
    """Points from which a lead is promoted."""

    MQL: float
    SAL: float

    @model_validator(mode="after")
    def _ordered(self) -> PointsCutoffs:
        if self.MQL > self.SAL:
            raise ValueError(f"the cut-off for MQL ({self.MQL:g}) must not exceed the one for SAL ({self.SAL:g})")
        return self

    @property
    def at(self) -> PerBand[float]:
        """Both cut-offs."""
        return PerBand(self.MQL, self.SAL)


class PointsRules(Strict):
    """All that ``rules.yaml`` says."""

    attributes: tuple[AttributePoints, ...] = ()
    actions: tuple[ActionPoints, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    gates: Gates = Gates()
    cutoffs: PointsCutoffs

    start: float = Field(default=0)
    """Points that every lead has from the beginning."""

    @model_validator(mode="after")
    def _says_something(self) -> PointsRules:
        if not self.attributes and not self.actions:
            raise ValueError("rules need at least one entry in attributes or actions")
        return self


def check_rules(rules: PointsRules, features: Sequence[Feature], options: FeatureOptions) -> None:
    """Raise an InputError naming the first rule that cannot be computed from the features.

    Parameters
    ----------
    rules : PointsRules
        The rules.
    features : sequence of Feature
        The feature list they will be evaluated on.
    options : FeatureOptions
        Named in the message when a window or half-life is not computed.

    Raises
    ------
    InputError
        For an unknown column, an unknown event family, or a window or half-life that is not computed.
    """
    by_name = {feature.name: feature for feature in features}
    for position, attribute in enumerate(rules.attributes, start=1):
        check_condition(attribute, by_name, where=f"attributes, rule {position}")
    for exclusion in rules.exclusions:
        for condition in exclusion.when:
            check_condition(condition, by_name, where=f"exclusions, {exclusion.name}")
    for condition in rules.gates.SAL:
        check_condition(condition, by_name, where="gates.SAL")
    for position, action in enumerate(rules.actions, start=1):
        for family in action.families:
            if action.column(family) not in by_name:
                raise _uncomputable(action, family, position, by_name, options)


def _uncomputable(
    action: ActionPoints, family: str, position: int, by_name: dict[str, Feature], options: FeatureOptions
) -> InputError:
    where = f"actions, rule {position}"
    families = sorted({feature.subject for feature in by_name.values() if feature.family == "behaviour"})
    if family not in families:
        return InputError(
            expected=f"one of the event families {families} in {where}", found=repr(family), table="rules.yaml"
        )
    measure = action.measure
    if not any(re.fullmatch(rf"behaviour_{family}_{measure}(_\d+\w*)?", name) for name in by_name):
        return InputError(
            expected=f"an event family with the measure {measure} in {where}", found=repr(family),
            table="rules.yaml", hint=f"Add it to events.{family}.measures in source.yaml.",
        )  # fmt: skip
    kind, given, allowed = (
        ("half_life", action.half_life, options.half_lives)
        if action.half_life is not None
        else ("within", action.within, options.windows)
    )
    return InputError(
        expected=f"{kind} of {family} among {[format_duration(us) for us in allowed]} in {where}",
        found=format_duration(given or 0),
        table="rules.yaml",
        hint=f"Add it to features.{'half_lives' if kind == 'half_life' else 'windows'} in params.yaml.",
    )


def points_breakdown(X: pd.DataFrame, rules: PointsRules) -> pd.DataFrame:
    """Return the points each rule gives each row: one column a rule, in the order of the rules (``start`` left out).

    Parameters
    ----------
    X : DataFrame
        Feature rows.
    rules : PointsRules
        The rules.

    Returns
    -------
    DataFrame of float
        Columns ``attribute_1…``, ``action_1…``; the index of ``X``.
    """
    import pandas as pd

    names = [f"attribute_{place}" for place, _ in enumerate(rules.attributes, start=1)]
    names += [f"action_{place}" for place, _ in enumerate(rules.actions, start=1)]
    return pd.DataFrame(given_points(FeatureRows.of(X), rules).points, index=X.index, columns=names)


class GivenPoints(NamedTuple):
    """What each rule gives each row: arrays of shape (rows, rules), attributes before actions.

    Attributes
    ----------
    points : array
    counts : array
        The events that an action's rule counts, or their decayed sum; NaN for attributes.
    """

    points: Floats
    counts: Floats


def given_points(rows: FeatureRows, rules: PointsRules) -> GivenPoints:
    """Return the points that each rule gives each row, and what it counted."""
    points = np.zeros((len(rows), len(rules.attributes) + len(rules.actions)))
    counts = np.full(points.shape, np.nan)
    for place, attribute in enumerate(rules.attributes):
        points[:, place] = is_met(rows, attribute) * attribute.points
    first, (columns, places) = len(rules.attributes), _counted_columns(rules)
    if not rows.has(columns):  # which says what is missing
        for action in rules.actions:
            counted_actions(rows, action)
    counts[:, first:] = 0.0
    for place, count in zip(places, rows.matrix(columns), strict=True):
        counts[:, first + place] += np.where(np.isnan(count), 0.0, count)
    for place, action in enumerate(rules.actions, start=first):
        points[:, place] = _action_points(counts[:, place], action)
    return GivenPoints(points, counts)


@remembered
def _counted_columns(rules: PointsRules) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the columns that the rules for actions add up, and the rule of each."""
    listed = [(a.column(family), place) for place, a in enumerate(rules.actions) for family in a.families]
    columns, places = zip(*listed, strict=True) if listed else ((), ())
    return columns, places


def action_counts(X: pd.DataFrame, action: ActionPoints) -> pd.Series:
    """Return each row's number of events that an action's rule counts; see `counted_actions`."""
    import pandas as pd

    return pd.Series(counted_actions(FeatureRows.of(X), action), index=X.index)


def counted_actions(rows: FeatureRows, action: ActionPoints) -> Floats:
    """Return each row's number of events that an action's rule counts, or their decayed sum; 0 where there are none.

    Raises
    ------
    InputError
        If the rows lack a column of one of the families.
    """
    total = np.zeros(len(rows))
    for family in action.families:
        column = action.column(family)
        if column not in rows:
            raise InputError(
                expected=f"the feature column {column} for the action {family}", found="none", table="rules.yaml"
            )
        count = rows.numbers(column)
        total += np.where(np.isnan(count), 0.0, count)
    return total


def _action_points(count: Floats, action: ActionPoints) -> Floats:
    given = count * action.points
    if action.cap is None:
        return given
    return np.minimum(given, action.cap) if action.points > 0 else np.maximum(given, action.cap)


def points_of(given: Floats, rules: PointsRules) -> Floats:
    """Return the points of each row from those that each rule gives it; see `given_points`."""
    total = np.zeros(len(given))
    for points in given.T:  # rule by rule: a row is added up the same way alone and among others
        total += points
    # Sums of 0.1-ish points in different orders must not decide at the cut-off.
    return np.asarray(np.round(rules.start + total, 9))


def score_points(X: pd.DataFrame, rules: PointsRules, *, exclusions: Sequence[Exclusion] = ()) -> pd.DataFrame:
    """Return points and what follows from them.

    Parameters
    ----------
    X : DataFrame
        Feature rows.
    rules : PointsRules
        The rules.
    exclusions : sequence of Exclusion
        Further exclusions, those of ``source.yaml``.

    Returns
    -------
    DataFrame
        ``points`` (float, more is better), ``excluded`` (bool), ``gates_open`` (bool), ``mql`` (bool: enough points
        and not excluded) and ``sal`` (bool: enough for SAL as well, and every gate open); the index of ``X``.
    """
    import pandas as pd

    rows = FeatureRows.of(X)
    points = points_of(given_points(rows, rules).points, rules)
    excluded = excluded_by(X, (*exclusions, *rules.exclusions)).notna().to_numpy()
    gates_open = are_all_met(rows, rules.gates.SAL)
    passing = passes(points, may_enter(excluded, gates_open), rules.cutoffs.at)
    frame = {"points": points, "excluded": excluded, "gates_open": gates_open, "mql": passing.mql, "sal": passing.sal}
    return pd.DataFrame(frame, index=X.index)
