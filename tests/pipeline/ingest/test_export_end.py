"""When an export ends: planned dates and slips of the keyboard never move it, the work of the last day does."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest

from features.errors import InputError
from features.time_units import format_time
from pipeline.ingest.export_end import ExportEnd, find_end
from pipeline.ingest.stage import TIME_COLUMNS

START = datetime(2025, 1, 1)


def end_of(**days: list[float]) -> ExportEnd:
    """Find the end of tables whose rows lie so many days after the start."""
    with duckdb.connect() as con:
        for table, time in TIME_COLUMNS.items():
            con.execute(f"CREATE TABLE out_{table} ({time} TIMESTAMPTZ)")
            if table in days:
                rows = [(START + timedelta(days=day),) for day in days[table]]
                con.executemany(f"INSERT INTO out_{table} VALUES ($1::TIMESTAMP AT TIME ZONE 'UTC')", rows)
        return find_end(con, TIME_COLUMNS)


def day(end: ExportEnd) -> str:
    return format_time(end.us)[:10]


DAILY = [float(n) for n in range(200)]  # the last on 2025-07-19


def test_without_plans_the_newest_time_is_the_end() -> None:
    end = end_of(leads=DAILY, stages=DAILY, events=[n + 0.7 for n in DAILY])
    assert (day(end), end.later, end.said) == ("2025-07-19", {}, None)
    assert end.us == end.newest_us


@pytest.mark.parametrize("ahead", [3, 14, 90, 400])
def test_due_dates_of_tasks_never_move_the_end(ahead: int) -> None:
    planned = [199 + ahead * (n + 1) / 8 for n in range(8)]
    end = end_of(leads=DAILY, stages=DAILY, events=[*DAILY, 199.5, *planned])
    assert day(end) == "2025-07-19"
    after = sum(moment >= 200 for moment in planned)  # what is due on the last day may have been done
    assert end.later["events"] == (after, 209)
    assert f"{after:,} of 209 rows of events" in str(end.said)


def test_expected_closings_do_not_move_it_where_events_agree_with_the_leads() -> None:
    closings = [*DAILY, *(199 + 20 * n for n in range(1, 8))]
    assert day(end_of(leads=DAILY, events=DAILY, stages=closings)) == "2025-07-19"


@pytest.mark.parametrize("ahead", [5, 30, 45])
def test_a_lone_expected_closing_does_not_move_it_where_leads_are_all_there_is_beside(ahead: int) -> None:
    end = end_of(leads=DAILY, stages=[*DAILY, *DAILY, 199.0 + ahead])
    assert day(end) == "2025-07-19"
    assert end.later == {"stages": (1, 401)}
    assert "1 of 401 rows of stages lie after that" in str(end.said)


def test_a_tail_of_closings_beside_leads_alone_is_believed() -> None:
    end = end_of(leads=DAILY, stages=[*DAILY, *DAILY, *(199.0 + 3 * n for n in range(1, 12))])
    assert (day(end), end.said) == ("2025-08-21", None)


def test_wins_of_leads_that_no_longer_come_are_believed() -> None:
    # leads of the first 60 days; their wins follow for months: a closed cohort, not a plan
    end = end_of(leads=DAILY[:60], stages=DAILY)
    assert day(end) == "2025-07-19"


@pytest.mark.parametrize("table", ["leads", "stages", "events"])
def test_one_mistyped_year_is_a_slip(table: str) -> None:
    tables = {"leads": DAILY, "stages": DAILY, "events": DAILY}
    end = end_of(**{**tables, table: [*DAILY, 2000.0]})
    assert day(end) == "2025-07-19"
    assert end.later == {table: (1, 201)}


def test_a_handful_of_rows_is_taken_as_it_stands() -> None:
    assert day(end_of(leads=[0, 1], stages=[40])) == "2025-02-10"


def test_no_rows_have_no_end() -> None:
    with pytest.raises(InputError, match="usable lead"):
        end_of()
