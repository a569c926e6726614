"""The path from the scores of one run to those of a later one, some leads at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.as_of import AS_OF
from models.arrays import Bools
from models.scoring.changes import PathPoint, split_changes
from pipeline.history.changed_rows import ChangedFacts
from pipeline.score.changes.side import Kernel, RowsByLead, Side
from pipeline.score.changes.strongest import say_what_moved

Parts = list[dict[str, Any]]
"""The change of one lead's score; see `models.scoring.changes.split_changes`."""


@dataclass(frozen=True)
class PathRows:
    """Feature rows along the path, of some leads in their order.

    Attributes
    ----------
    earlier, corrected, later_on, all_facts, now : DataFrame
        As the earlier run scored them; of the same looks with what is on record today; of today's looks with that; with
        all facts; and as the later run scored them. What cannot differ is the same object.
    """

    earlier: pd.DataFrame
    corrected: pd.DataFrame
    later_on: pd.DataFrame
    all_facts: pd.DataFrame
    now: pd.DataFrame


class ChangePath:
    """The path between two runs; what did not change between them is not computed.

    Parameters
    ----------
    earlier, later : Side
    tables : mapping of str to Path
        Facts as the later run had them.
    facts : ChangedFacts
        What became of the facts between the two.
    leads : pyarrow array of string
        Whose path is wanted: leads that both scored.
    scratch : Path
        An empty folder.
    rows : int
        That are held at a time.
    """

    def __init__(
        self,
        earlier: Side,
        later: Side,
        *,
        tables: Mapping[str, Path],
        facts: ChangedFacts,
        leads: pa.Array,
        scratch: Path,
        rows: int,
    ) -> None:
        self._earlier, self._later = earlier, later
        self._same = earlier.decides_as(later)
        kernel, until = Kernel.of(earlier.parts), earlier.observed_until_us
        then, now = earlier.looks_at(leads), later.looks_at(leads)
        same_columns = self._same or kernel == Kernel.of(later.parts)
        same_moments = bool(np.array_equal(then[AS_OF], now[AS_OF]))

        def opened(file: Path) -> RowsByLead:
            return RowsByLead(file, rows)

        self._then, self._now = opened(earlier.features), opened(later.features)
        self._corrected = opened(kernel.write(tables, then, scratch / "corrected.parquet")) if facts.past else None
        self._later_on = self._all_facts = None
        self._stands = same_moments
        if facts.since and not same_moments:
            self._later_on = opened(kernel.write(tables, now, scratch / "later_on.parquet", until_us=until))
        if not same_columns:
            self._all_facts = opened(kernel.write(tables, now, scratch / "all_facts.parquet"))

    def rows_of(self, lead_ids: pa.Array) -> PathRows:
        """Return the feature rows of leads that follow those asked for before."""
        earlier, now = self._then.up_to(lead_ids), self._now.up_to(lead_ids)
        corrected = earlier if self._corrected is None else self._corrected.up_to(lead_ids)
        all_facts = now if self._all_facts is None else self._all_facts.up_to(lead_ids)
        later_on = corrected if self._stands else all_facts
        if self._later_on is not None:
            later_on = self._later_on.up_to(lead_ids)
        return PathRows(earlier, corrected, later_on, all_facts, now)

    def changes(self, rows: PathRows, first: PathPoint, last: PathPoint) -> list[Parts]:
        """Split the changes of leads.

        Parameters
        ----------
        rows : PathRows
        first, last : PathPoint
            Where the two runs put them.
        """
        facts_end = last if self._same and rows.all_facts is rows.now else self._earlier.point(rows.all_facts)
        corrected = self._reusing(rows.corrected, rows.earlier, first)
        later_on = self._reusing(rows.later_on, rows.all_facts, facts_end, rows.corrected, corrected)
        by_old_cutoffs = last
        if not self._same:
            by_old_cutoffs = replace(self._later.point(rows.now, self._earlier), log_odds=last.log_odds)
        points = [first, corrected, later_on, facts_end, by_old_cutoffs, last]
        parts = split_changes(points)
        ways = {"corrected_facts": (rows.earlier, rows.corrected), "time_passing": (rows.corrected, rows.later_on),
                "new_behaviour": (rows.later_on, rows.all_facts)}  # fmt: skip
        say_what_moved(parts, ways, self._earlier.parts)
        return parts

    def _reusing(
        self,
        rows: pd.DataFrame,
        like: pd.DataFrame,
        point: PathPoint,
        other: pd.DataFrame | None = None,
        other_point: PathPoint | None = None,
    ) -> PathPoint:
        """Return where the earlier model puts rows; those that are equal to known ones stand where these do."""
        if rows is like:
            return point
        if other_point is not None and rows is other:
            return other_point
        odds, bands = np.array(point.log_odds, dtype=np.float64), list(point.bands)
        differs = differing(rows, like)
        if differs.any():
            places = np.flatnonzero(differs)
            moved = self._earlier.point(rows[differs].reset_index(drop=True))
            odds[places] = moved.log_odds
            for place, band in zip(places.tolist(), moved.bands, strict=True):
                bands[place] = band
        return PathPoint(odds, bands)


def differing(rows: pd.DataFrame, like: pd.DataFrame) -> Bools:
    """Return which rows differ from others of the same leads in any column but their moment."""
    differs = np.zeros(len(rows), dtype=bool)
    if set(rows.columns) != set(like.columns):
        return ~differs
    names = rows.columns.difference(["lead_id", "as_of", AS_OF])
    is_number = (rows.dtypes[names] == np.float64) & (like.dtypes[names] == np.float64)
    numbers = names[is_number.to_numpy()]
    ours, others = (frame[numbers].to_numpy() for frame in (rows, like))  # all at once: a column at a time costs more
    differs |= np.asarray(((ours != others) & ~(np.isnan(ours) & np.isnan(others))).any(axis=1), dtype=bool)
    for name in names[~is_number.to_numpy()]:
        mine, theirs = rows[name].to_numpy(), like[name].to_numpy()
        unequal = mine != theirs
        differs |= np.asarray(unequal & ~(pd.isna(mine) & pd.isna(theirs)), dtype=bool)
    return differs


def common_leads(earlier: Side, later: Side) -> pa.Array:
    """Return the leads that two runs scored and whose changes can be split, in order; none where targets differ."""
    if earlier.parts.cutoffs.target != later.parts.cutoffs.target:
        return pa.array([], pa.string())
    both = pc.is_in(later.leads, value_set=earlier.leads.combine_chunks())
    return later.leads.filter(both).combine_chunks()
