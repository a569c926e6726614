"""What reasons are about: which columns make one reason together, and what is told beside the column that speaks.

Two hundred columns are a few things to a salesperson: what the lead did with clear intent, what else it did, how active
it is, where it stands, when it arrived, and who it is. A reason is the sum of all columns of one of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from features.catalog.feature import Feature
from features.families.stages import CURRENT_STAGE
from features.source_columns import BANT, Actor, Intent
from features.source_spec import SourceSpec
from features.time_units import DAY_US, parse_duration
from models.arrays import Bools, Ints
from models.feature_rows import FeatureRows
from models.remembered import remembered

Subject = tuple[str, str]
"""Family and subject of a reason."""
HIGH_INTENT: Subject = ("behaviour", "high_intent")
"""What a lead did with clear intent, and what led up to it; of late, it is always named."""
_BY_INTENT: Mapping[Intent, str] = {
    "high": "high_intent", "low": "interest", "neutral": "interest", "negative": "negative",
}  # fmt: skip
FROM_US = "from_us"
"""What marketing or sales did."""
PACE: Subject = ("journey", "pace")
"""How active a lead is, and what it began and ended with."""
STAGE: Subject = ("journey", "stage")
"""Where a lead stands, apart from what it did."""
ARRIVAL: Subject = ("journey", "arrival")
BANT_ANSWERS: Subject = ("fit", "bant")
_JOURNEY = {"order": PACE, "tempo": PACE, "age": ARRIVAL, "calendar": ARRIVAL}
RECENT_DAYS = 30
"""So long an act with clear intent is news to a salesperson."""
ACTS_TOLD = 2
"""Acts that a reason names: the latest ones."""
ACTIVE_DAYS, LAST_ACTIVE = "journey_active_days_count", "journey_days_since_last_event"
DAYS_IN_STAGE, RECYCLED, AGE = "journey_days_in_stage", "journey_recycled_count", "journey_days_since_created"
_TOLD = (ACTIVE_DAYS, LAST_ACTIVE, CURRENT_STAGE, DAYS_IN_STAGE, RECYCLED, AGE)


class Source(NamedTuple):
    """What subjects depend on in a source; equal sources have equal ones.

    Attributes
    ----------
    acts : tuple of (str, str)
        Event families, and the subject of each.
    bant : tuple of str
        Columns that hold answers on budget, authority, need and time.
    rated : tuple of str
        Columns whose values have a rate: campaigns, channels.
    """

    acts: tuple[tuple[str, str], ...] = ()
    bant: tuple[str, ...] = ()
    rated: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: SourceSpec | None) -> Source:
        """Return what a source says; without one every subject of the feature list stands by itself."""
        if spec is None:
            return cls()
        return cls(
            tuple((name, act_subject(family.actor, family.intent)) for name, family in spec.events.items()),
            tuple(name for name, column in spec.fit.items() if column.role in BANT),
            tuple(name for name, column in spec.fit.items() if column.source_rate),
        )


def act_subject(actor: Actor, intent: Intent) -> str:
    """Return what acts of a family belong to.

    Examples
    --------
    >>> act_subject("lead", "high"), act_subject("lead", "low"), act_subject("marketing", "neutral")
    ('high_intent', 'interest', 'from_us')
    """
    return _BY_INTENT[intent] if actor == "lead" else FROM_US


class ActColumns(NamedTuple):
    """The columns that say when acts of a family happened last, and how often of late; by name."""

    family: str
    days: str
    times: str | None
    window_days: float


class Subjects(NamedTuple):
    """The subjects of a feature list.

    Attributes
    ----------
    listed : list of (str, str)
    of_feature : array of int64
        The subject of each feature, as its place in ``listed``.
    acts : dict of int to list of ActColumns
        By subject: the families that it is about.
    beside : dict of int to list of Feature
        By subject: the columns whose values are told too.
    """

    listed: list[Subject]
    of_feature: Ints
    acts: dict[int, list[ActColumns]]
    beside: dict[int, list[Feature]]


def subjects_of(features: Sequence[Feature], spec: SourceSpec | None) -> Subjects:
    """Return the subjects of a feature list; every request asks for those of one model."""
    return _subjects_of(features, Source.of(spec))


@remembered
def _subjects_of(features: Sequence[Feature], source: Source) -> Subjects:
    keys = [_subject_of(feature, source) for feature in features]
    listed = sorted(set(keys))
    place = {key: number for number, key in enumerate(listed)}
    names = {feature.name: feature for feature in features}
    acts: dict[int, list[ActColumns]] = {}
    for family, subject in source.acts:
        columns = _act_columns(family, names)
        if columns is not None and ("behaviour", subject) in place:
            acts.setdefault(place["behaviour", subject], []).append(columns)
    beside: dict[int, list[Feature]] = {}
    for feature, key in zip(features, keys, strict=True):
        if feature.name in _TOLD or key[0] in ("fit", "source"):
            beside.setdefault(place[key], []).append(feature)
    several = {at: told for at, told in beside.items() if listed[at][0] == "journey" or len(told) > 1}
    return Subjects(listed, np.array([place[key] for key in keys], dtype=np.int64), acts, several)


def _subject_of(feature: Feature, source: Source) -> Subject:
    acts = dict(source.acts)
    if feature.family == "behaviour" and feature.subject in acts:
        return "behaviour", acts[feature.subject]
    if feature.subject == "order" and "_high_" in feature.name and HIGH_INTENT[1] in acts.values():
        return HIGH_INTENT
    if feature.family == "journey" and acts:
        return _JOURNEY.get(feature.subject, (feature.family, feature.subject))
    if feature.family == "fit" and feature.subject in (*source.bant, "bant"):
        return BANT_ANSWERS
    if feature.family == "fit" and feature.subject in source.rated:
        return "source", feature.subject
    return feature.family, feature.subject


def _act_columns(family: str, names: Mapping[str, Feature]) -> ActColumns | None:
    """Return what tells when acts happened; of the windows the longest of a month at most, else the shortest."""
    days, counts = f"behaviour_{family}_days_since_last", f"behaviour_{family}_count_"
    if days not in names:
        return None
    windows = {
        parse_duration(name.removeprefix(counts)) / DAY_US: name
        for name in names
        if name.startswith(counts) and name != f"{counts}ever"
    }
    window = max((length for length in windows if length <= RECENT_DAYS), default=min(windows, default=0.0))
    return ActColumns(family, days, windows.get(window), window)


def latest_acts(X: FeatureRows, columns: Sequence[ActColumns], row: Ints) -> list[list[dict[str, Any]]]:
    """Return the latest acts of some rows, the last one first: ``act``, ``days`` ago, ``times`` within ``within`` days.

    Examples
    --------
    >>> import pandas as pd
    >>> X = FeatureRows.of(pd.DataFrame({"demo": [2.0, None], "demo_30": [1.0, 0.0]}))
    >>> latest_acts(X, [ActColumns("demo", "demo", "demo_30", 30.0)], np.arange(2))
    [[{'act': 'demo', 'days': 2.0, 'times': 1, 'within': 30}], []]
    """
    days = np.array([X.numbers(column.days)[row] for column in columns])
    none = np.zeros(len(row))
    times = np.array([none if column.times is None else X.numbers(column.times)[row] for column in columns])
    order = np.argsort(np.where(np.isnan(days), np.inf, days), axis=0, kind="stable")[:ACTS_TOLD].T
    ago = np.take_along_axis(days.T, order, axis=1).tolist()
    often = np.take_along_axis(times.T, order, axis=1).tolist()
    return [
        [_act(columns[place], since, count) for place, since, count in zip(*entry, strict=True) if since == since]
        for entry in zip(order.tolist(), ago, often, strict=True)
    ]


def _act(columns: ActColumns, days: float, times: float) -> dict[str, Any]:
    return {
        "act": columns.family, "days": round(days, 6), "times": int(times), "within": round(columns.window_days)
    }  # fmt: skip


def did_lately(X: FeatureRows, columns: Sequence[ActColumns]) -> Bools:
    """Return which rows have one of these acts in the last `RECENT_DAYS` days."""
    recent = np.zeros(len(X), dtype=bool)
    for column in columns:
        recent |= X.numbers(column.days) <= RECENT_DAYS
    return recent
