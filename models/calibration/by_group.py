"""Whether forecasts hold in every part of the test period: by band, source, segment and month, not only on average."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from features.catalog.feature import Feature
from features.source_spec import SourceSpec
from models.arrays import Floats
from models.measures.lead_weights import even_weights
from models.measures.outcome_sums import LeadSum
from models.measures.wilson import wilson

Dimension = Literal["band", "source", "segment", "month"]
GroupVerdict = Literal["agrees", "too high", "too low", "too few to tell"]

MISSING: Final = "(missing)"
OTHER: Final = "(other)"
MOST_VALUES: Final = 6
"""Values of a column that are looked at one by one, the most frequent; the rest are looked at together."""
MOST_COLUMNS: Final = 6
"""Columns that are looked at as segments, those that move the forecast most."""
FALSE_ALARM: Final = 0.05
"""Chance that a forecast that is right everywhere is said to be wrong anywhere."""
RULE: Final = (
    "A group is called too high or too low when chance would not explain the distance even though many groups are "
    "looked at: where the forecast is right in every group, one report in twenty calls one of them wrong (Holm). Too "
    "few to tell: even odds twice as high as forecast would more likely than not have gone unnoticed. Each interval "
    "stands for its group alone: of many, a few leave the forecast out by chance."
)


@dataclass(frozen=True)
class Grouping:
    """One way of dividing rows: a name a row, the missing and the rare ones under names of their own."""

    dimension: Dimension
    column: str
    """The feature column, empty for bands and months."""
    value: pd.Series


def groupings(
    rows: pd.DataFrame,
    features: Sequence[Feature],
    spec: SourceSpec,
    *,
    telling: Sequence[str],
    bands: pd.Series | None = None,
) -> list[Grouping]:
    """Return the ways in which the rows of a test are divided.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of`` and the columns of ``features``.
    features, spec
        Columns with ``source_rate`` are sources; the other fit columns with few values are segments.
    telling : sequence of str
        Subjects of the fit columns, the most telling first: of the segments only so many are looked at.
    bands : Series of str, optional
        The band of each row.
    """
    divisions = [] if bands is None else [Grouping("band", "", bands.astype(str))]
    rank = {subject: position for position, subject in enumerate(telling)}
    columns = [f for f in features if f.family == "fit" and f.dtype in ("category", "boolean")]
    columns = [f for f in columns if len(rows[f.name].unique()) > 1]
    sources = [f for f in columns if f.subject in spec.fit and spec.fit[f.subject].source_rate]
    segments = sorted((f for f in columns if f not in sources), key=lambda f: rank.get(f.subject, len(rank)))
    divisions += [Grouping("source", f.name, _values(rows, f.name)) for f in sources]
    divisions += [Grouping("segment", f.name, _values(rows, f.name)) for f in segments[:MOST_COLUMNS]]
    return [*divisions, Grouping("month", "", rows["as_of"].dt.strftime("%Y-%m"))]


def _values(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as text, the most frequent values by lead; equally frequent ones by name."""
    values = rows[column]
    codes, distinct = pd.factorize(values)
    names = [f"{value:g}" if isinstance(value, float) else str(value) for value in distinct]
    text = pd.Series(np.array([*names, MISSING], dtype=object)[codes], index=values.index)
    leads = rows["lead_id"].groupby(text).nunique().drop(MISSING, errors="ignore")
    top_values = leads.sort_index().sort_values(ascending=False, kind="stable").index[:MOST_VALUES]
    return text.where(text.isin([*top_values, MISSING]), OTHER)


def calibration_by_group(
    y: pd.Series, p: pd.Series, *, lead_ids: pd.Series, divided: Iterable[Grouping]
) -> pd.DataFrame:
    """Hold the observed rate of every group against its mean forecast.

    Parameters
    ----------
    y, p, lead_ids : Series
        Outcome 0 or 1, probability and lead of each row; rows weigh alike.
    divided : iterable of Grouping
        Over the same rows.

    Returns
    -------
    DataFrame
        One row a group: ``dimension``, ``column``, ``value``, ``leads``, ``outcomes`` (leads), ``forecast`` and
        ``observed`` (weighted means), ``low`` and ``high`` (of ``observed``: Wilson, 95 %, by the effective number of
        leads), ``p_value`` (two-sided, of the distance) and ``verdict`` by ``RULE``, Holm's over all rows.

    Notes
    -----
    The p-value is that of a sum of independent leads with the probabilities that were forecast, by a gamma
    distribution with the sum's mean, variance and skewness; the rows of a lead count as one outcome, which errs on
    the side of caution.
    """
    frame = pd.DataFrame({"lead": pd.factorize(lead_ids)[0], "weight": even_weights(lead_ids)})
    frame["y"], frame["p"] = y.to_numpy(dtype="float64"), p.to_numpy(dtype="float64")
    rows = []
    for grouping in divided:
        frame["value"] = grouping.value.to_numpy(dtype=object)
        rows += [
            {"dimension": grouping.dimension, "column": grouping.column, "value": str(value)} | _group(inside)
            for value, inside in frame.groupby("value", sort=True)
        ]
    table = pd.DataFrame(rows)
    return table.assign(verdict=_verdicts(table)).drop(columns=["power"])


def agreement(table: pd.DataFrame) -> dict[str, int]:
    """Return how many groups there are, and how many had each verdict.

    Parameters
    ----------
    table : DataFrame
        As from `calibration_by_group`.
    """
    counts = table["verdict"].value_counts()
    names = ("agrees", "too high", "too low", "too few to tell")
    return {"groups": len(table)} | {name.replace(" ", "_"): int(counts.get(name, 0)) for name in names}


def _group(inside: pd.DataFrame) -> dict[str, float | int]:
    weight, p = inside["weight"].to_numpy(), inside["p"].to_numpy()
    total, hits = float(weight.sum()), float(weight @ inside["y"].to_numpy())
    mass = inside.groupby("lead")["weight"].sum().to_numpy()
    effective = total**2 / float((mass**2).sum())
    low, high = wilson(hits / total * effective, effective)
    chance = LeadSum.of(inside["lead"], weight, p)
    doubled = float(weight @ (2 * p / (1 + p) - p))
    return {
        "leads": len(mass),
        "outcomes": int(inside.loc[inside["y"] > 0, "lead"].nunique()),
        "forecast": float(weight @ p) / total,
        "observed": hits / total,
        "low": float(low),
        "high": float(high),
        "p_value": chance.two_sided(hits),
        "power": doubled / chance.spread,
    }


def _verdicts(table: pd.DataFrame) -> list[GroupVerdict]:
    p_values = table["p_value"].to_numpy()
    wrong = _holm(p_values)
    needed = float(ndtri(1 - FALSE_ALARM / (2 * len(table))))
    verdicts: list[GroupVerdict] = []
    for is_wrong, over, power in zip(wrong, table["forecast"] > table["observed"], table["power"], strict=True):
        if is_wrong:
            verdicts.append("too high" if over else "too low")
        else:
            verdicts.append("agrees" if power >= needed else "too few to tell")
    return verdicts


def _holm(p_values: Floats) -> np.ndarray:
    """Say which are significant together (Holm 1979): each in order of size against what is left of the chance."""
    order = np.argsort(p_values, kind="stable")
    steps = FALSE_ALARM / (len(p_values) - np.arange(len(p_values)))
    passed = np.logical_and.accumulate(p_values[order] <= steps)
    result = np.zeros(len(p_values), dtype=bool)
    result[order] = passed
    return result
