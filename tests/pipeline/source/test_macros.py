"""What the macros read, what is nothing to them, and what stays text so that ingest can name it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipeline.source.macros import MACROS, add_macros


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Europe/Berlin'")
        add_macros(connection)
        yield connection


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("to_moment('2024-07-01 10:00')", "2024-07-01 10:00:00+02"),  # local time of the company
        ("to_moment('2024-07-01T08:00:00Z')", "2024-07-01 10:00:00+02"),
        ("to_moment('10-06-24')", "10-06-24"),  # nobody was a lead in the year 10
        ("to_number('１．２３４，５０ €', 'german')", "1234.50"),
        ("to_number('٢٤٨', 'american')", "248"),
        ("to_moment('1955-01-01')", "1955-01-01"),
        ("to_moment('9999-12-31')", None),
        ("to_moment('0000-00-00 00:00:00')", None),
        ("to_moment('k. A.')", None),
        ("to_moment('soon')", "soon"),
        ("to_moment('10-06-24', '%d-%m-%y')", "2024-06-10 00:00:00"),
        ("to_moment('12. März 2024', '%d. %b %Y')", "2024-03-12 00:00:00"),
        ("to_moment('12.03.2024 9:05 p.m.', '%d.%m.%Y %I:%M %p')", "2024-03-12 21:05:00"),
        ("to_moment('12. Mrz 2024 09:30 MEZ', '%d. %b %Y %H:%M%z')", "2024-03-12 09:30:00+01"),
        ("to_moment('31.12.2024', ['%d.%m.%y', '%d.%m.%Y'])", "2024-12-31 00:00:00"),
        ("epoch_to_moment('1719820800000', 1000)", "2024-07-01 10:00:00+02"),
        ("epoch_to_moment('0', 1000)", None),
        ("serial_to_moment('45363,75')", "2024-03-12 18:00:00"),
        ("to_number('€ 1.234,50', 'german')", "1234.50"),
        ("to_number('(1,234.50)', 'american')", "-1234.50"),
        ("to_number('1,5 Mio. €', 'german')", "1500000.0"),
        ("to_number('140 MA', 'german', unit := 'Mitarbeiter|MA')", "140"),
        ("to_number('140 MA', 'german')", "140 MA"),
        ("to_number('#NV', 'german')", None),
        ("to_yes_no('Wahr')", "true"),
        ("to_yes_no('perhaps')", "perhaps"),
        ("nothing_to_null(' unbekannt ')", None),
        ("nothing_to_null('NA')", "NA"),  # Namibia
        ("not_before('2024-01-01', '2024-02-01')", "2024-02-01 00:00:00.000001+01"),
        ("not_before('soon', '2024-02-01')", "soon"),
    ],
)
def test_what_is_read(con: duckdb.DuckDBPyConnection, call: str, value: str | None) -> None:
    assert con.execute(f"SELECT {call}").fetchall() == [(value,)]


def test_no_file_and_no_database_brings_or_hides_a_macro(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE schema_name = 'main' AND database_name = 'temp' "
        "AND function_type = 'macro'"
    ).fetchall()
    assert {row[0] for row in rows} == set(MACROS)
