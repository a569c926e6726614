"""What is written in one form is read back exactly, whatever stands for nothing beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.tables.written_values import NO, NOTHING, YES
from pipeline.init.columns.look_at_columns import ColumnLook, look_at_column
from pipeline.source.macros import add_macros
from pipeline.source.sql import identifier

FEW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GERMAN_MONTHS = ("Jan", "Feb", "Mrz", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")
LONG_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November"),
    "Dezember",
)
WEEKDAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
TIMES: dict[str, Callable[[datetime], str]] = {
    "iso": lambda t: t.strftime("%Y-%m-%d %H:%M:%S"),
    "iso with zone": lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "iso with offset": lambda t: (t + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S +0200"),
    "german": lambda t: t.strftime("%d.%m.%Y %H:%M:%S"),
    "german short": lambda t: t.strftime("%d.%m.%y %H:%M:%S"),
    "dashes": lambda t: t.strftime("%d-%m-%y %H:%M:%S"),
    "slashes": lambda t: t.strftime("%d/%m/%Y %H:%M:%S"),
    "american": lambda t: f"{t.month}/{t.day}/{t.year} {t.strftime('%I:%M:%S %p')}",
    "american lower": lambda t: t.strftime("%m/%d/%y %I:%M:%S") + (" p.m." if t.hour >= 12 else " a.m."),
    "german months": lambda t: f"{t.day}. {GERMAN_MONTHS[t.month - 1]} {t:%Y %H:%M:%S}",
    "long months": lambda t: f"{t.day}. {LONG_MONTHS[t.month - 1]} {t:%Y, %H:%M:%S}",
    "weekdays": lambda t: f"{WEEKDAYS[t.weekday()]}, {t.day}. {LONG_MONTHS[t.month - 1]} {t:%Y %H:%M:%S}",
    "english months": lambda t: t.strftime("%b %d, %Y %H:%M:%S"),
    "oracle": lambda t: t.strftime("%d-%b-%Y %H:%M:%S").upper(),
    "blanks": lambda t: t.strftime("%d %m %Y %H:%M:%S"),
    "central european": lambda t: (t + timedelta(hours=1)).strftime("%d.%m.%Y %H:%M:%S MEZ"),
    "fractions": lambda t: t.strftime("%d.%m.%Y %H:%M:%S,000"),
    "packed": lambda t: t.strftime("%Y%m%d %H:%M:%S"),
    "seconds": lambda t: str(int(t.replace(tzinfo=UTC).timestamp())),
    "milliseconds": lambda t: str(int(t.replace(tzinfo=UTC).timestamp()) * 1000),
    "microseconds": lambda t: str(int(t.replace(tzinfo=UTC).timestamp()) * 1_000_000),
    "excel": lambda t: repr(((t - datetime(1899, 12, 30)).total_seconds()) / 86_400),
}
PLACEHOLDERS = {
    "iso": ("1900-01-01 00:00:00", "9999-12-31 00:00:00", "0000-00-00 00:00:00", "1970-01-01 00:00:00"),
    "german": ("01.01.1900 00:00:00", "31.12.9999 00:00:00", "01.01.0001 00:00:00"),
    "milliseconds": ("0",),
}
MOMENTS = st.lists(
    st.datetimes(datetime(2009, 1, 1), datetime(2026, 6, 30)).map(lambda t: t.replace(microsecond=0)),
    min_size=25,
    max_size=40,
    unique_by=lambda t: t.date(),  # a time that many rows share is taken for none
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        add_macros(connection)
        yield connection


def look(con: duckdb.DuckDBPyConnection, written: list[str | None], name: str = "created_at") -> ColumnLook:
    con.execute(f"CREATE OR REPLACE TEMP TABLE looked (row INT, {identifier(name)} VARCHAR)")
    con.executemany("INSERT INTO looked VALUES ($1, $2)", list(enumerate(written)))
    return look_at_column(con, name, "VARCHAR")


def read(con: duckdb.DuckDBPyConnection, column: ColumnLook, type_: str) -> list[object]:
    value = f"nothing_to_null(({column.sql})::VARCHAR)"  # as ingest reads it
    rows = con.execute(f"SELECT try_cast({value} AS {type_}) FROM looked ORDER BY row").fetchall()
    return [row[0] for row in rows]


def moments(con: duckdb.DuckDBPyConnection, column: ColumnLook) -> list[datetime | None]:
    rows = con.execute(f"SELECT epoch_us(try_cast({column.sql} AS TIMESTAMPTZ)) FROM looked ORDER BY row").fetchall()
    return [None if row[0] is None else datetime(1970, 1, 1) + timedelta(microseconds=row[0]) for row in rows]


def is_sure(times: list[datetime], form: str) -> bool:
    return form not in ("slashes", "american", "american lower", "dashes", "blanks", "german", "german short") or any(
        t.day > 12 for t in times
    )


@pytest.mark.parametrize("form", list(TIMES))
@given(times=MOMENTS, words=st.lists(st.sampled_from(NOTHING), max_size=3))
@FEW
def test_times_of_one_form_come_back(
    con: duckdb.DuckDBPyConnection, form: str, times: list[datetime], words: list[str]
) -> None:
    if not is_sure(times, form):
        return
    written = [*(TIMES[form](t) for t in times), *PLACEHOLDERS.get(form, ()), *words, ""]
    column = look(con, written)
    assert column.kind == "time"
    came = moments(con, column)
    expected = [*times, *[None] * (len(written) - len(times))]
    assert [a and a.replace(microsecond=0) for a in came] == expected
    left = f"SELECT {column.sql} AS v FROM looked WHERE trim({identifier(column.name)}) <> ''"
    unread = con.execute(
        f"SELECT v FROM ({left}) WHERE v IS NOT NULL AND try_cast(v AS TIMESTAMPTZ) IS NULL"
    ).fetchall()
    assert unread == []  # a word for nothing that stayed would become a stage entered at no time
    assert column.filled == len(times)


def _german(number: float) -> str:
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


NUMBERS: dict[str, Callable[[float], str]] = {
    "plain": repr,
    "german": _german,
    "american": lambda n: f"{n:,.2f}",
    "euro before": lambda n: f"€ {_german(n)}",
    "euro behind": lambda n: f"{_german(n)} €",
    "typeset": lambda n: f"{_german(n)}\u00a0EUR",
    "dollar": lambda n: f"${n:,.2f}" if n >= 0 else f"-${-n:,.2f}",
    "accounting": lambda n: f"{n:,.2f}" if n >= 0 else f"({-n:,.2f})",
    "minus behind": lambda n: _german(n) if n >= 0 else f"{_german(-n)}-",
    "true minus": lambda n: _german(n).replace("-", "−"),
    "percent": lambda n: f"{_german(n)} %",
    "swiss": lambda n: f"{n:,.2f}".replace(",", "'"),
    "french": lambda n: f"{n:,.2f}".replace(",", " ").replace(".", ","),
    "unit": lambda n: f"{_german(n)} Mitarbeiter",
}
AMOUNTS = st.lists(
    st.integers(-(10**9), 10**9).map(lambda cents: cents / 100), min_size=25, max_size=40, unique=True
).filter(lambda numbers: any(abs(n) >= 1000 and round(n * 100) % 100 for n in numbers))


@pytest.mark.parametrize("form", list(NUMBERS))
@given(numbers=AMOUNTS, words=st.lists(st.sampled_from((*NOTHING, "NA", "#DIV/0!")), max_size=3))
@FEW
def test_numbers_of_one_form_come_back(
    con: duckdb.DuckDBPyConnection, form: str, numbers: list[float], words: list[str]
) -> None:
    written = [*(NUMBERS[form](n) for n in numbers), *words, ""]
    column = look(con, written, "revenue")
    assert column.kind == "number"
    assert read(con, column, "DOUBLE") == [*numbers, *[None] * (len(words) + 1)]


@pytest.mark.parametrize(
    ("written", "value"),
    [("12 T€", 12_000), ("1,5 Mio", 1_500_000), ("0,2 Mrd. €", 200_000_000), ("3.500 €", 3_500), ("-2 Tsd. €", -2_000)],
)
def test_thousands_and_millions_are_multiplied(con: duckdb.DuckDBPyConnection, written: str, value: float) -> None:
    column = look(con, ["1,5 €", written, *["2.000,50 €"] * 20], "umsatz")
    assert (column.kind, read(con, column, "DOUBLE")[1]) == ("number", value)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (["5 €", "6 $"], "several currencies"),
        (["5 h", "30 min"], "several units"),
        (["12 %", "0,12"], "percent sign"),
    ],
)
def test_what_cannot_be_compared_is_said_and_not_read(
    con: duckdb.DuckDBPyConnection, written: list[str], said: str
) -> None:
    column = look(con, written * 10, "amount")
    assert column.kind == "text"
    assert said in str(column.note)


@pytest.mark.parametrize(
    "words", [("ja", "nein"), ("Wahr", "Falsch"), ("J", "N"), ("Y", "N"), ("on", "off"), ("1", "0")]
)
def test_yes_and_no_are_read_in_both_languages(con: duckdb.DuckDBPyConnection, words: tuple[str, str]) -> None:
    column = look(con, [*words, "k. A.", "-", *words], "opt_in")
    assert column.kind == "boolean"
    assert words[0].lower() in YES
    assert words[1].lower() in NO


def test_a_lone_x_is_yes_and_its_blanks_are_no(con: duckdb.DuckDBPyConnection) -> None:
    column = look(con, ["x", "", None, "X", "-"], "newsletter")
    assert column.kind == "boolean"
    assert read(con, column, "VARCHAR") == ["yes", "no", "no", "yes", "no"]
    assert "blank is read as no" in str(column.note)


def test_both_orders_of_day_and_month_are_counted(con: duckdb.DuckDBPyConnection) -> None:
    # 30 surely day first, 2 surely month first, 3 either way, 1 the same both ways
    written = [*["25/03/2024"] * 30, *["03/25/2024"] * 2, *["03/04/2024"] * 3, "05/05/2024", *["26/03/2024"] * 10]
    column = look(con, written)
    note = str(column.note)
    assert "40 rows are surely day first, 2 surely month first, 3 could be either" in note
    assert moments(con, column)[30:32] == [None, None]  # text that ingest rejects, never another day
    assert moments(con, column)[0] == datetime(2024, 3, 25)


def test_days_that_could_be_months_are_a_question_with_counts(con: duckdb.DuckDBPyConnection) -> None:
    assert "2 rows would be other days as month/day/year" in str(look(con, ["1/2/2025", "3/4/2025", "5/5/2025"]).note)
    assert look(con, ["1.2.2025", "3.4.2025"]).note is None  # between dots the day is first


def test_a_time_that_many_rows_share_far_from_all_others_is_missing(con: duckdb.DuckDBPyConnection) -> None:
    real = [f"2024-0{1 + n % 9}-1{n % 9} 08:00:0{n % 10}" for n in range(30)]
    column = look(con, [*real, *["2000-01-01 00:00:00"] * 90])
    assert moments(con, column)[30:] == [None] * 90
    assert column.filled == 30
    assert "90 rows share the time '2000-01-01 00:00:00'" in str(column.note)


def test_times_after_today_are_said(con: duckdb.DuckDBPyConnection) -> None:
    due = (datetime.now(UTC) + timedelta(days=40)).strftime("%Y-%m-%d")
    column = look(con, [*["2024-05-06"] * 3, "2024-06-07", due, due])
    assert "2 rows lie after today" in str(column.note)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("lead_id", [str(1_700_000_000_000 + n) for n in range(30)]),  # an id, though it could be milliseconds
        ("score", [str(1_700_000_000 + n) for n in range(30)]),  # seconds only where the name says so
        ("employees", ["45000", "45363"] * 20),
        ("plz", ["20240312", "20240401"] * 9),
    ],
)
def test_numbers_are_times_only_where_that_can_be_believed(
    con: duckdb.DuckDBPyConnection, name: str, written: list[str]
) -> None:
    assert look(con, written, name).kind == "number"


def test_one_cell_that_is_no_date_does_not_make_the_column_text(con: duckdb.DuckDBPyConnection) -> None:
    column = look(con, [*["31.01.2025 09:30"] * 30, "tomorrow"])
    assert column.kind == "time"
    assert moments(con, column)[-1] is None
    assert read(con, column, "VARCHAR")[-1] == "tomorrow"  # so that ingest names it
    assert "1 rows cannot be read as times, such as 'tomorrow'" in str(column.note)


def test_lists_are_said_and_taken_apart_by_the_lines_offered(con: duckdb.DuckDBPyConnection) -> None:
    column = look(con, ["crm;erp", "erp", "crm; bi", "bi;erp;crm", ""] * 6, "interests")
    assert column.kind == "text"
    assert "lists of 3 different entries" in str(column.note)
    count, *entries = (offer.rpartition(" AS ")[0] for offer in column.offers)
    row = con.execute(f"SELECT {count}, {entries[0]} FROM looked WHERE row = 3").fetchall()[0]
    assert (row[0], row[1]) == (3, "true")


def test_json_is_said_and_its_keys_are_offered(con: duckdb.DuckDBPyConnection) -> None:
    column = look(con, ['{"utm": "ads", "n": 3}', '{"utm": "mail"}'] * 5, "props")
    assert "holds JSON" in str(column.note)
    read_by = column.offers[0].rpartition(" AS ")[0]
    assert column.offers[0].endswith("AS props_utm")
    assert con.execute(f"SELECT {read_by} FROM looked WHERE row = 1").fetchall() == [("mail",)]


def test_text_with_digits_stays_text(con: duckdb.DuckDBPyConnection) -> None:
    for written in (["A4", "B5"], ["11-50", "51-200"], ["Main St. 5", "High St. 7"], ["v1.2.3", "v1.2.4"]):
        assert look(con, written * 10, "x").kind == "text"
