"""Until when an export tells what happened: its newest time that no planned date and no slip of the keyboard moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import duckdb

from features.errors import InputError
from features.tables.row_contracts import Table
from features.time_units import DAY_US, format_time

_FEWEST_ROWS = 10
_LATEST = 200
"""Times of a table that say how far apart its rows usually lie."""
_MOST_SLIPS = 0.005
_SLIP_GAP_US, _SLIP_GAP_SHARE = 30 * DAY_US, 0.25
"""A slip lies further from the other rows of its table than this, and than this share of the time they cover."""
_MOST_PLANNED, _MOST_PLANNED_ALONE = 0.1, 0.01
"""Stages, changes and hand-overs of which more lie later than everything else are no plans.

Where the leads are the only other table a few may be: of a whole tail of closings nobody can say whether leads stopped
or closings are expected.
"""


@dataclass(frozen=True)
class ExportEnd:
    """When an export ends.

    Parameters
    ----------
    us : int
        Microseconds since 1970: all tables together tell what happened up to here.
    newest_us : int
        The newest time of any row.
    later : dict of Table to tuple of int
        Rows after ``us`` and rows in all, for tables that have some.
    """

    us: int
    newest_us: int
    later: dict[Table, tuple[int, int]] = field(default_factory=dict)

    @property
    def said(self) -> str | None:
        """What lies after the end, in words, or None."""
        if not self.later:
            return None
        rows = ", ".join(f"{after:,} of {total:,} rows of {table}" for table, (after, total) in self.later.items())
        return (
            f"the export ends at {format_time(self.us)}; {rows} lie after that, up to {format_time(self.newest_us)}: "
            "planned, due or mistyped, so they are no facts yet. If the export does reach further, set observed_until "
            "in source.yaml"
        )


def find_end(con: duckdb.DuckDBPyConnection, time_columns: Mapping[Table, str]) -> ExportEnd:
    """Find out when an export ends by all its tables.

    A few rows of a table that lie far beyond its others are slips. What one table alone tells of a time at which leads
    no longer come and nothing else happens is planned: due dates of tasks, expected closings. Leads are never planned.

    Raises
    ------
    InputError
        If no table has a row.
    """
    rows, ends, latest = {}, {}, {}
    newest: int | None = None
    for table, time in time_columns.items():
        total, first, last = con.execute(
            f"SELECT count(*), epoch_us(min({time})), epoch_us(max({time})) FROM out_{table}"
        ).fetchall()[0]
        if not total:
            continue
        newest = last if newest is None else max(newest, last)
        times = [
            int(row[0])
            for row in con.execute(
                f"SELECT epoch_us({time}) FROM out_{table} ORDER BY {time} DESC LIMIT {_LATEST + _slips(total)}"
            ).fetchall()
        ]
        times = times[_first_believed(times, total, first=int(first)) :]
        rows[table], ends[table], latest[table] = int(total), times[0], times[:_LATEST]
    if newest is None:
        raise InputError(expected="at least one usable lead", found="none", table="leads")
    end = _last_of_several(con, time_columns, rows, ends, latest)
    later = {}
    for table, total in rows.items():
        query = f"SELECT count(*) FROM out_{table} WHERE epoch_us({time_columns[table]}) > {end}"
        after = int(con.execute(query).fetchall()[0][0]) if end < newest else 0
        if after:
            later[table] = (after, total)
    return ExportEnd(end, newest, later)


def _slips(total: int) -> int:
    return min(max(1, int(_MOST_SLIPS * total)), 5_000)


def _first_believed(times: list[int], total: int, *, first: int) -> int:
    """Return the place of the newest time, of those in falling order, that does not stand alone."""
    if total < 2 * _FEWEST_ROWS:
        return 0
    place = 0
    for slip in range(1, _slips(total) + 1):
        if times[slip - 1] - times[slip] > max(_SLIP_GAP_US, _SLIP_GAP_SHARE * (times[slip] - first)):
            place = slip
    return place


def _last_of_several(
    con: duckdb.DuckDBPyConnection,
    time_columns: Mapping[Table, str],
    rows: Mapping[Table, int],
    ends: Mapping[Table, int],
    latest: Mapping[Table, list[int]],
) -> int:
    last: Table = max(ends, key=lambda table: ends[table])
    others = [table for table in ends if table != last and rows[table] >= _FEWEST_ROWS]
    if last == "leads" or not others or "leads" not in others:
        return ends[last]
    end = max(ends[table] for table in others)
    times = sorted({time for table in others for time in latest[table]}, reverse=True)[:_LATEST]
    usual = max((later - earlier for later, earlier in pairwise(times)), default=0)
    if len(times) < _FEWEST_ROWS or ends[last] - end <= max(DAY_US, 2 * usual):
        return ends[last]
    time = f"epoch_us({time_columns[last]})"
    same_day, after = con.execute(
        f"SELECT max({time}) FILTER ({time} < $1), count(*) FILTER ({time} >= $1 AND {time} <= $2) FROM out_{last}",
        [end // DAY_US * DAY_US + DAY_US, ends[last]],
    ).fetchall()[0]
    most = _MOST_PLANNED if len(others) > 1 else _MOST_PLANNED_ALONE
    if last != "events" and after > most * rows[last]:
        return ends[last]
    return max(end, int(same_day or end))  # what happened on the last day has happened
