"""Brakes: how many kinds of broken export stop, and how many normal nights do.

One simulated company is cut at successive nights, so that its exports grow as real ones do. Each night is held against
the nights before it, as ``leadscore nightly`` does. Then the last night is broken in every way in turn.

    python benchmarks/brakes.py --export data/simulate/export --nights 200
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb

from models.brakes.night import ExportProfile
from models.brakes.odd_export import odd_export
from models.brakes.options import BrakeOptions
from pipeline.nightly.profile import TIMES, export_profile

DAY = 86_400_000_000
HISTORY = 28
Cut = Mapping[str, str]
"""By table, a query."""


class CutExport:
    """An export in memory, as it was at the end of any of its nights.

    Parameters
    ----------
    folder : Path
        Of an export whose tables have leadscore's columns.
    """

    def __init__(self, folder: Path) -> None:
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'")
        self.tables = [name for name in TIMES if (folder / f"{name}.parquet").is_file()]
        for name in self.tables:
            self.con.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{folder / name}.parquet')")
        newest = [f"(SELECT epoch_us(max({TIMES[name]})) FROM {name})" for name in self.tables]
        [(self.end_us,)] = self.con.execute(f"SELECT greatest({', '.join(newest)})").fetchall()

    def at(self, us: int) -> dict[str, str]:
        """Return what was there at a moment."""
        return {
            name: f"(SELECT * FROM {name} WHERE epoch_us({TIMES[name]}) < {us}"
            + (
                f" AND lead_id IN (SELECT lead_id FROM leads WHERE epoch_us(created_at) < {us}))"
                if name != "leads"
                else ")"
            )
            for name in self.tables
        }

    def profile(self, tonight: Cut, last: Cut | None, end_us: int) -> ExportProfile:
        """Return the profile of a night."""
        return export_profile(self.con, tonight, end_us=end_us, last=last)


def nights(export: CutExport, count: int) -> Iterator[tuple[dict[str, str], ExportProfile]]:
    """Yield the last nights of an export, oldest first."""
    last: dict[str, str] | None = None
    for back in range(count - 1, -1, -1):
        end = export.end_us - back * DAY
        tonight = export.at(end)
        yield tonight, export.profile(tonight, last, end)
        last = tonight


def changed(table: str, query: str) -> Callable[[CutExport, Cut, int], dict[str, str]]:
    """Return what puts a query in the place of a table; ``{}`` in it is what was there."""
    return lambda export, cut, end: {**cut, table: "(" + query.format(cut[table]) + ")"}


def all_tables(query: str) -> Callable[[CutExport, Cut, int], dict[str, str]]:
    """Return what changes every table; ``{time}`` is its time column."""
    return lambda export, cut, end: {
        name: "(" + query.format(rows, time=TIMES[name]) + ")" for name, rows in cut.items()
    }


def earlier(days: int, *tables: str) -> Callable[[CutExport, Cut, int], dict[str, str]]:
    """Return what takes tables (all if none is named) as they were so many days before."""

    def cut_earlier(export: CutExport, cut: Cut, end: int) -> dict[str, str]:
        old = export.at(end - days * DAY)
        return {name: old[name] if name in tables or not tables else rows for name, rows in cut.items()}

    return cut_earlier


KINDS: dict[str, Callable[[CutExport, Cut, int], dict[str, str]]] = {
    "half of the leads gone": changed("leads", "SELECT * FROM {} WHERE hash(lead_id) % 2 = 0"),
    "nine tenths of the leads gone": changed("leads", "SELECT * FROM {} WHERE hash(lead_id) % 10 = 0"),
    "20 leads left": changed("leads", "SELECT * FROM {} LIMIT 20"),
    "the newest tenth of the leads missing": changed(
        "leads", "SELECT * FROM {0} ORDER BY created_at LIMIT (SELECT count(*) * 9 // 10 FROM {0})"
    ),
    "one lead dated 400 days ahead": changed(
        "leads",
        "SELECT * REPLACE (CASE WHEN lead_id = (SELECT min(lead_id) FROM {0}) THEN created_at + INTERVAL 800 DAY "
        "ELSE created_at END AS created_at) FROM {0}",
    ),
    "14 days of events missing": earlier(14, "events"),
    "events of one row": changed("events", "SELECT * FROM {} LIMIT 1"),
    "stages of one row": changed("stages", "SELECT * FROM {} LIMIT 1"),
    "ids written otherwise": all_tables("SELECT * REPLACE ('0' || lead_id AS lead_id) FROM {}"),
    "one event type for all": changed("events", "SELECT * REPLACE ('visit' AS event_type) FROM {}"),
    "last quarter's export": earlier(90),
    "a column emptied": changed("leads", "SELECT * REPLACE (NULL::VARCHAR AS industry) FROM {}"),
    "a column renamed": changed("leads", "SELECT * RENAME (industry AS branch) FROM {}"),
    "a column turned constant": changed("leads", "SELECT * REPLACE ('other' AS channel) FROM {}"),
    "outcomes gone": changed("stages", "SELECT * FROM {} WHERE stage NOT IN ('SQL', 'WON', 'LOST')"),
    "times a day later": all_tables("SELECT * REPLACE ({time} + INTERVAL 1 DAY AS {time}) FROM {}"),
    "times of events in another zone": changed(
        "events", "SELECT * REPLACE (occurred_at + INTERVAL 2 HOUR AS occurred_at) FROM {}"
    ),
    "events twice": changed("events", "SELECT * FROM {0} UNION ALL SELECT * FROM {0}"),
    "stages of last month": earlier(30, "stages"),
    "a number a hundred times larger": changed("leads", "SELECT * REPLACE (employees * 100 AS employees) FROM {}"),
    "one family of events gone": changed("events", "SELECT * FROM {} WHERE event_type NOT LIKE 'newsletter%'"),
}


def broken(
    export: CutExport, past: list[tuple[dict[str, str], ExportProfile]], options: BrakeOptions
) -> dict[str, list[str]]:
    """Return, by kind, what is said of the last night broken in that way; what is silent has nothing."""
    (before, _), (tonight, whole) = past[-2:]
    history = [profile for _, profile in past[:-1]]
    said = {}
    for kind, breaking in KINDS.items():
        cut = breaking(export, tonight, whole.end_us)
        end = min(whole.end_us, newest(export, cut))
        said[kind] = [one.what for one in odd_export(export.profile(cut, before, end), history, options)]
    return said


def newest(export: CutExport, cut: Cut) -> int:
    """Return the newest time of events and stages: one lead's slip does not move the end of an export."""
    ends = [
        export.con.execute(f"SELECT epoch_us(max({TIMES[name]})) FROM {cut[name]}").fetchall()[0][0]
        for name in ("events", "stages", "changes")
        if name in cut
    ]
    return max(int(end) for end in ends if end is not None)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export", type=Path, default=Path("data/simulate/export"))
    parser.add_argument("--nights", type=int, default=200)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.export, arguments.nights), indent=1))


def measure(folder: Path, count: int) -> dict[str, object]:
    """Return how many normal nights and how many kinds of broken export stop, and what is said of each."""
    export, options = CutExport(folder), BrakeOptions()
    past = list(nights(export, HISTORY + count))
    false_stops = {}
    for place in range(HISTORY, len(past)):
        odd = odd_export(past[place][1], [profile for _, profile in past[:place]], options)
        if odd:
            false_stops[place - HISTORY] = [one.what for one in odd]
    said = broken(export, past, options)
    return {
        "normal_nights": count,
        "false_stops": len(false_stops),
        "false": false_stops,
        "kinds": len(said),
        "stopped": sum(bool(lines) for lines in said.values()),
        "silent": [kind for kind, lines in said.items() if not lines],
        "said": {kind: lines[:3] for kind, lines in said.items()},
    }


if __name__ == "__main__":
    main()
