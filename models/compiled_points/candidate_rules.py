"""Every points rule that a person could type into a tool, as a column of what it would give each row.

Conditions are on what a CRM knows: the fields of a lead, how often it did something within so many days, how old and
how idle it is, and whether sales has accepted it or handed it back. What only our own features know (order of actions,
rates of campaigns, an account's other leads) is no candidate, nor is a rung that the points themselves decide on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalog.feature import Feature
from features.families.stages import CURRENT_STAGE
from features.source_spec import SourceSpec
from models.arrays import Floats
from models.compiled_points.rule_bounds import cut_points, level_groups
from models.rules.conditions import holds
from models.rules.points import ActionPoints, AttributePoints, action_counts

PointsRule = AttributePoints | ActionPoints
TimesGiven = npt.NDArray[np.int8]

SMALLEST_SHARE = 0.003
"""A rule that gives points to fewer leads than this, or to nearly all, is none."""
CAPS = (1, 2, 3, 5)
"""Most events of a kind that a rule counts."""
DAYS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 21, 25, 30, 45, 60, 90, 180)
TIMES = (1, 2, 3, 5, 8, 12, 20)
_IN_DAYS = ("journey_days_since_created", "journey_days_since_anchor", "journey_days_since_last_event")
_IN_TIMES = ("journey_sessions_count", "journey_recycled_count")


@dataclass(frozen=True)
class Candidates:
    """Rules of one point each, and what they give.

    Attributes
    ----------
    rules : tuple of AttributePoints or ActionPoints
        Each with ``points`` 1, and ``cap`` the number of events it counts at most.
    given : array of int8, shape (rows, rules)
        What each rule gives each row: 0 or 1, or the number of events up to the cap.
    """

    rules: tuple[PointsRule, ...]
    given: TimesGiven


def rule_candidates(
    rows: pd.DataFrame, p: Floats, weights: Floats, features: Sequence[Feature], spec: SourceSpec
) -> Candidates:
    """Return the rules that could be typed and that tell the rows apart.

    Parameters
    ----------
    rows : DataFrame
        Feature rows.
    p : array of float
        The model's probability of each row; it only orders the values of categories, so that alike ones are grouped.
    weights : array of float
        Weight of each row; they sum to the number of leads.
    features : sequence of Feature
        The columns of ``rows`` that may be used.
    spec : SourceSpec
        Which families are the lead's own and of what intent; which stages are sales' own.

    Returns
    -------
    Candidates
        Without rules that hold for fewer than ``SMALLEST_SHARE`` of the leads or for nearly all, and without a rule
        that says the same as, or the opposite of, an earlier one. Simple rules come first.
    """
    rules: list[PointsRule] = []
    columns: list[TimesGiven] = []
    digests: set[bytes] = set()
    for rule in _typable(rows, p, weights, features, spec):
        given = rule_gives(rows, rule)
        share = float(weights @ (given > 0)) / float(weights.sum())
        if not SMALLEST_SHARE <= share <= 1 - SMALLEST_SHARE:
            continue
        if _digest(given) in digests or (given.max() == 1 and _digest(1 - given) in digests):
            continue
        digests.add(_digest(given))
        rules.append(rule)
        columns.append(given)
    return Candidates(tuple(rules), np.stack(columns, axis=1) if columns else np.empty((len(rows), 0), dtype=np.int8))


def _digest(given: TimesGiven) -> bytes:
    return hashlib.blake2b(given.tobytes(), digest_size=16).digest()


def rule_gives(rows: pd.DataFrame, rule: PointsRule) -> TimesGiven:
    """Return what a candidate gives each row, in units of its points."""
    if isinstance(rule, AttributePoints):
        return holds(rows, rule).to_numpy().astype(np.int8)
    return action_counts(rows, rule).clip(upper=rule.cap).to_numpy().astype(np.int8)


def _typable(
    rows: pd.DataFrame, p: Floats, weights: Floats, features: Sequence[Feature], spec: SourceSpec
) -> Iterator[PointsRule]:
    for feature in features:
        column = feature.name
        if feature.family == "fit" and not feature.unit:
            yield from _missing(column)
            if feature.dtype == "category":
                for group in level_groups(rows[column], p, weights):
                    yield AttributePoints(column=column, in_=group, points=1)
            elif feature.dtype == "boolean":
                yield from (AttributePoints(column=column, in_=(value,), points=1) for value in (True, False))
            else:
                yield from _ranges(column, cut_points(rows[column]))
        elif column in _IN_DAYS:
            yield from (AttributePoints(column=column, at_least=days, points=1) for days in DAYS)
        elif column in _IN_TIMES:
            yield from (AttributePoints(column=column, at_least=times, points=1) for times in TIMES)
        elif column == CURRENT_STAGE:
            stages = (*(stage for stage in spec.accepted_stages if stage not in spec.closed_stages), *spec.recycled)
            yield from (AttributePoints(column=column, in_=(stage,), points=1) for stage in stages)
    yield from _actions([feature.name for feature in features], spec)


def _missing(column: str) -> Iterator[PointsRule]:
    yield AttributePoints(column=column, missing=True, points=1)


def _ranges(column: str, cuts: Sequence[float]) -> Iterator[PointsRule]:
    """From a bound upwards, below it, and between two."""
    for cut in cuts:
        yield AttributePoints(column=column, at_least=cut, points=1)
        yield AttributePoints(column=column, below=cut, points=1)
    for low, high in combinations(cuts, 2):
        yield AttributePoints(column=column, at_least=low, below=high, points=1)


def _actions(columns: Sequence[str], spec: SourceSpec) -> Iterator[PointsRule]:
    names = set(columns)
    declared = {name: family for name, family in spec.model_families().items() if family.actor != "marketing"}
    single = [(name,) for name in declared]
    lead_families = {name: family for name, family in declared.items() if family.actor == "lead"}
    together = [
        tuple(name for name, family in lead_families.items() if family.intent in intents)
        for intents in (("high",), ("low",), ("low", "high"), ("low", "high", "neutral"))
    ]
    for families in (*single, *dict.fromkeys(group for group in together if len(group) > 1)):
        yield from _counted(families, names)


def _counted(families: tuple[str, ...], columns: set[str]) -> Iterator[PointsRule]:
    for within in _windows(families[0], columns):
        rule = ActionPoints(family=families[0], also=families[1:], within=within, points=1)
        if all(rule.column(family) in columns for family in families):
            # Tools count one action, and of several they know only whether there was any.
            caps = CAPS if len(families) == 1 else CAPS[:1]
            yield from (rule.model_copy(update={"cap": float(cap)}) for cap in caps)


def _windows(family: str, columns: Iterable[str]) -> list[str | None]:
    """Return the windows a family is counted in, as the column names have them; None is ever."""
    stem = f"behaviour_{family}_count_"
    names = sorted(name.removeprefix(stem) for name in columns if name.startswith(stem))
    return [None if name == "ever" else name for name in names]
