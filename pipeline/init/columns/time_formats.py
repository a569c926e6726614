"""Times as people write them: 31.01.2025 09:30, 1/31/25 9:30 PM, 12. Mrz 2024, milliseconds, Excel's days."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from pipeline.source.macros import MONTHS, WEEKDAYS
from pipeline.source.sql import literal

MOST_FORMS = 6

_MONTH = "|".join(written for _, written in MONTHS)
_CLOCK = (
    r"(?P<between>T|,? +(?:um |at )?)(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2}(?P<fraction>[.,]\d{1,9})?)?"
    r"(?P<noon> ?[ap]\.?m\.?)?(?P<zone>(?P<apart> ?)(?:Z|UTC|GMT|MESZ|CEST|MEZ|CET|[+-]\d{2}(?::?\d{2})?))?"
)
_DATE = re.compile(
    rf"(?P<weekday>(?:{WEEKDAYS})[.,]*\s+)?(?:"
    r"(?P<iso>\d{4})(?P<s1>[-/.])\d{1,2}(?P=s1)\d{1,2}"
    r"|\d{1,2}(?P<s2>[-/. ]|\. )\d{1,2}(?P=s2)(?P<y2>\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?P<s3>\.? |-|/|\.)(?:{_MONTH})(?P<dot>\.?)(?P<s4>,? |-|/|\.)?(?P<y3>\d{{4}}|\d{{2}})"
    rf"|(?P<first>(?:{_MONTH}))(?P<s5>\.? )\d{{1,2}}(?:st|nd|rd|th)?(?P<s6>,? )(?P<y4>\d{{4}})"
    rf"|(?P<packed>(?:19|20)\d{{6}}))(?:{_CLOCK})?",
    re.I,
)
_PARTS = r"^(?:[A-Za-zÄÖÜäöüß]+[.,]*\s+)?(\d{1,2})(?:[-/. ]|\. )(\d{1,2})(?:[-/. ]|\. )(?:\d{4}|\d{2})(?:\D|$)"
_LIKELY = r"^[0-9A-Za-zÄÖÜäöüß].*[0-9]"

_UNITS = ((1, "seconds"), (1_000, "milliseconds"), (1_000_000, "microseconds"), (1_000_000_000, "nanoseconds"))
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_PROMISES = re.compile(
    r"date|datum|time|zeit|stamp|(^|[_ ])(at|am|on|ts|when|seit|since)$|created|erstellt|closed|[a-z]At$"
)
_IS_ID = re.compile(r"(^|[_ -])(v?id|nr|no|key|number|nummer)$", re.I)
_FEWEST_SHARED, _FAR_APART_DAYS = 5, 180


@dataclass(frozen=True)
class TimeForm:
    """How the times of a column are read.

    Parameters
    ----------
    sql : str
        Reads the column; COLUMN stands for it.
    formats : tuple of str
        Formats for strptime, none for ISO 8601 and for numbers.
    notes : tuple of str
        What is ambiguous, or was taken for a missing value.
    """

    sql: str
    formats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def time_form(con: duckdb.DuckDBPyConnection, text: str, name: str, *, filled: int, most: float) -> TimeForm | None:
    """Tell how the times of a column of table ``looked_values`` are written, by all its values.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds the table ``looked_values``, and the macros.
    text : str
        SQL of the values as text, null where nothing is said.
    name : str
        Of the column: one that promises a time is believed with numbers, too.
    filled : int
        Rows with a value.
    most : float
        Rows of which a form must read at least as many.
    """
    if not filled:
        return None
    return (
        _epoch(con, text, name, most=most) or _serial(con, text, name, most=most) or _dates(con, text, name, most=most)
    )


def _count(con: duckdb.DuckDBPyConnection, text: str, condition: str) -> int:
    rows = con.execute(f"SELECT count(*) FILTER ({condition}) FROM (SELECT {text} AS v FROM looked_values)").fetchall()
    return int(rows[0][0])


def promises_time(name: str) -> bool:
    """Whether a column's name says that it holds times."""
    return bool(_PROMISES.search(name) or _PROMISES.search(name.lower()))


def _epoch(con: duckdb.DuckDBPyConnection, text: str, name: str, *, most: float) -> TimeForm | None:
    oldest, newest = _OLDEST.timestamp(), (datetime.now(UTC) + timedelta(days=3 * 365)).timestamp()
    number = "try_cast(v AS DOUBLE)"
    within = [f"{number} BETWEEN {oldest * each} AND {newest * each}" for each, _ in _UNITS]
    counts = ", ".join(f"count(*) FILTER ({condition})" for condition in (*within, f"{number} BETWEEN -1 AND 0"))
    *fitting, nothing = con.execute(f"SELECT {counts} FROM (SELECT {text} AS v FROM looked_values)").fetchall()[0]
    for (per_second, unit), fits in zip(_UNITS, fitting, strict=True):
        if not fits or fits + nothing < most:
            continue
        if (per_second == 1 and not promises_time(name)) or _IS_ID.search(name):
            return None
        return TimeForm(f"epoch_to_moment(COLUMN, {per_second})", (), (f"read as {unit} since 1970",))
    return None


def _serial(con: duckdb.DuckDBPyConnection, text: str, name: str, *, most: float) -> TimeForm | None:
    """Excel counts days from 1900: 45363.75 is six in the evening of 12 March 2024."""
    if not promises_time(name):
        return None
    latest = (datetime.now(UTC) - datetime(1899, 12, 30, tzinfo=UTC)).days + 5 * 365
    number = "try_cast(replace(v, ',', '.') AS DOUBLE)"
    within = f"{number} BETWEEN 36526 AND {latest}"
    if _count(con, text, f"{within} OR {number} = 0") < most or not _count(con, text, within):
        return None
    return TimeForm("serial_to_moment(COLUMN)", (), ("read as Excel's days since 1900",))


def _dates(con: duckdb.DuckDBPyConnection, text: str, name: str, *, most: float) -> TimeForm | None:
    likely = f"length(v) <= 45 AND regexp_matches(v, {literal(_LIKELY)})"
    if _count(con, text, likely) < most:
        return None
    shapes = con.execute(
        f"SELECT any_value(v), count(*) FROM (SELECT {text} AS v FROM looked_values) WHERE {likely} "
        "GROUP BY regexp_replace(regexp_replace(v, '[0-9]', '9', 'g'), '([./-])9([./-])', '\\199\\2') "
        "ORDER BY count(*) DESC, any_value(v) LIMIT 3000"
    ).fetchall()
    matches = [(match, n) for value, n in shapes if (match := _DATE.fullmatch(value.strip()))]
    matches = [(match, n) for match, n in matches if not match["packed"] or match["hour"] or promises_time(name)]
    if sum(n for _, n in matches) < 0.5 * most:
        return None
    day_first, notes = _order(con, text, matches)
    forms: Counter[str] = Counter()
    for match, n in matches:
        for form in _formats(match, day_first=day_first):
            forms[form] += n
    chosen = [form for form, _ in forms.most_common(MOST_FORMS)]
    chosen.sort(key=lambda form: ("%Y" in form, -forms[form], form))  # %Y would read a year of two digits
    formats = tuple(form for form in chosen if form != "ISO")
    sql = f"to_moment(COLUMN, {_listed(formats)})" if formats else "to_moment(COLUMN)"
    if formats and "ISO" in chosen:
        sql = f"to_moment({sql})"
    read = sql.replace("COLUMN", "v")
    if _count(con, text, f"{read} IS NULL OR try_cast({read} AS TIMESTAMPTZ) IS NOT NULL AND {read} >= '1970'") < most:
        return None
    return TimeForm(sql, formats, notes)


def _listed(formats: tuple[str, ...]) -> str:
    return literal(formats[0]) if len(formats) == 1 else f"[{', '.join(map(literal, formats))}]"


def _formats(match: re.Match[str], *, day_first: bool) -> list[str]:
    part = match.groupdict()
    year = {4: "%Y", 2: "%y"}
    if part["iso"]:
        if (
            part["s1"] != "."
            and not part["noon"]
            and not part["weekday"]
            and not (part["apart"] and part["zone"][-1:].isdigit())
        ):
            return ["ISO"]
        date = f"%Y{part['s1']}%m{part['s1']}%d"
    elif part["y2"]:
        one, two = ("%d", "%m") if day_first else ("%m", "%d")
        date = f"{one}{part['s2']}{two}{part['s2']}{year[len(part['y2'])]}"
    elif part["y3"]:
        after = part["s4"] or (" " if part["dot"] else "")
        date = f"%d{part['s3']}%b{after}{year[len(part['y3'])]}"
    elif part["first"]:
        date = f"%b %d{part['s6']}%Y"
    else:
        date = "%Y%m%d"
    if part["weekday"] and "%b" not in date:
        return []
    if part["hour"] is None:
        return [date]
    clock = ("%I" if part["noon"] else "%H") + ":%M" + (":%S" if part["second"] else "")
    clock += f"{part['fraction'][0]}%f" if part["fraction"] else ""
    clock += f"{' ' if part['noon'].startswith(' ') else ''}%p" if part["noon"] else ""
    return [f"{date}{part['between']}{clock}{'%z' if part['zone'] else ''}"]


def _order(
    con: duckdb.DuckDBPyConnection, text: str, matches: list[tuple[re.Match[str], int]]
) -> tuple[bool, tuple[str, ...]]:
    """Return whether the day comes first, decided by the values above 12 of all rows, and what is unsure."""
    if not any(match["y2"] for match, _ in matches):
        return True, ()
    day, month, both, noon = con.execute(
        "SELECT count(*) FILTER (a > 12 AND b <= 12), count(*) FILTER (b > 12 AND a <= 12), "
        "count(*) FILTER (a <= 12 AND b <= 12 AND a <> b), "
        "count(*) FILTER (regexp_matches(v, '(?i)[ap]\\.?m\\.?$')) FROM ("
        f"SELECT v, try_cast(regexp_extract(v, {literal(_PARTS)}, 1) AS INT) AS a, "
        f"try_cast(regexp_extract(v, {literal(_PARTS)}, 2) AS INT) AS b FROM (SELECT {text} AS v FROM looked_values))"
    ).fetchall()[0]
    slashed = any(match["s2"] == "/" for match, _ in matches)
    if day and month:
        first, other = ("day", "month") if day >= month else ("month", "day")
        return day >= month, (
            f"both orders of day and month occur: {max(day, month):,} rows are surely {first} first, "
            f"{min(day, month):,} surely {other} first, {both:,} could be either. All are read {first} first, ingest "
            "rejects the sure misfits; export the column in one form, such as 2026-01-31",
        )
    if day or month:
        return bool(day), ()
    if not both or not slashed:
        return True, ()
    order, other = ("month/day/year", "day/month/year") if noon else ("day/month/year", "month/day/year")
    return not noon, (
        f"ambiguous: no day above 12; read as {order}, but {both:,} rows would be other days as {other}. "
        "Which is right? If the other one, exchange %d and %m in the SQL",
    )


def shared_placeholder(con: duckdb.DuckDBPyConnection, text: str, moment: str) -> tuple[str, int] | None:
    """Return the one value that many rows share and that lies apart from all others, with its rows; or None.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds the table ``looked_values``.
    text : str
        SQL of the values as text.
    moment : str
        SQL that reads v, one of them.
    """
    value, shared, rows, apart, span = con.execute(
        f"WITH t AS (SELECT v, epoch(try_cast({moment} AS TIMESTAMPTZ)) / 86400 AS day "
        f"FROM (SELECT {text} AS v FROM looked_values)), "
        "n AS (SELECT v, any_value(day) AS day, count(*) AS n FROM t WHERE day IS NOT NULL GROUP BY v), "
        "top AS (SELECT * FROM n ORDER BY n DESC, v LIMIT 1) "
        "SELECT any_value(top.v), any_value(top.n), sum(n.n), min(abs(n.day - top.day)) FILTER (n.v <> top.v), "
        "max(n.day) FILTER (n.v <> top.v) - min(n.day) FILTER (n.v <> top.v) FROM n, top"
    ).fetchall()[0]
    if value is None or apart is None or shared < max(_FEWEST_SHARED, 0.05 * rows):
        return None
    return (str(value), int(shared)) if apart > max(_FAR_APART_DAYS, span) else None


def later_than_today(con: duckdb.DuckDBPyConnection, text: str, moment: str) -> tuple[int, str] | None:
    """Return how many times of a column lie after tomorrow, with the last of them; or None."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    n, last = con.execute(
        f"SELECT count(*), max(t) FROM (SELECT try_cast({moment} AS TIMESTAMPTZ)::DATE::VARCHAR AS t "
        f"FROM (SELECT {text} AS v FROM looked_values)) WHERE t > '{tomorrow}'"
    ).fetchall()[0]
    return (int(n), str(last)) if n else None
