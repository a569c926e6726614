"""DuckDB macros of leadscore's own: how SQL reads times, numbers and yes/no that people write in many ways.

Each gives text that ``ingest`` reads, or null for a word that means nothing. What a macro cannot read stays as it
stands, so that ``ingest`` rejects this one row and names it. ``docs/source-folder.md`` describes them for users.
"""

from __future__ import annotations

import duckdb

from features.tables.written_values import BLANKS, NO, NOTHING, NOTHING_AMONG_FIGURES, YES

FIRST_BELIEVED, LAST_BELIEVED = "1970-01-02", "2100"
"""A time before the first or from the second on is no time of a lead; both compare as text with ISO 8601."""

_PLACEHOLDER = (
    r"^(0000|0001-01-01|1111-11-11|1600-12-31|1601-01-01|1753-01-01|1899-12-3[01]|1900-01-0[01]|1970-01-01|2999-12-31"
    r"|3000-01-01|4712|9999)"
)
"""What systems write where a date is missing, as the beginning of ISO 8601."""

_ZEROS = r"^(0{1,4}[-./]0{1,2}[-./]0{1,4})([ T][0:.]*)?Z?$"

MONTHS = (
    ("Jan", r"jan(?:uar|uary)?|jän(?:ner)?"),
    ("Feb", r"feb(?:ruar|ruary)?|feber"),
    ("Mar", r"mar(?:ch)?|mär(?:z)?|mrz|maerz"),
    ("Apr", r"apr(?:il)?"),
    ("May", r"mai|may"),
    ("Jun", r"jun[ie]?"),
    ("Jul", r"jul[iy]?"),
    ("Aug", r"aug(?:ust)?"),
    ("Sep", r"sept?(?:ember)?"),
    ("Oct", r"o[kc]t(?:ober)?"),
    ("Nov", r"nov(?:ember)?"),
    ("Dec", r"de[zc](?:ember)?"),
)
"""The months as strptime knows them, with how they are written in German and English."""

WEEKDAYS = (
    r"mon(tag|day)?|mo|die(nstag)?|di|tue(s|sday)?|mittwoch|mi|wed(nesday)?|don(nerstag)?|do|thu(rs|rsday)?|fre(itag)?"
    r"|fri(day)?|fr|samstag|sonnabend|sa|sat(urday)?|son(ntag)?|so|sun(day)?"
)
ZONES = (("Z", "+00"), ("UTC", "+00"), ("GMT", "+00"), ("MESZ", "+02"), ("CEST", "+02"), ("MEZ", "+01"), ("CET", "+01"))
"""Names of zones that strptime is given as hours from UTC."""

CURRENCIES = r"€|\$|£|¥|EUR|Euro|USD|US\$|GBP|CHF|Fr\.|SEK|NOK|DKK|PLN|CZK|HUF|JPY|CAD|AUD|INR|₹|zł"
THOUSANDS, MILLIONS, MILLIARDS = r"T|Tsd\.?|k|K|Tausend", r"Mio\.?|Mill\.?|Mn|mn|M|Million|Millionen", r"Mrd\.?|bn|Bn"
GERMAN = r"(?:\d{1,3}(?:[. '’]\d{3})+|\d+)(?:,\d+)?"
AMERICAN = r"(?:\d{1,3}(?:[, '’]\d{3})+|\d+)(?:\.\d+)?|\.\d+"


_OTHER_DIGITS = tuple("".join(chr(zero + n) for n in range(10)) for zero in (0xFF10, 0x0660, 0x06F0, 0x0966))
"""The digits of other scripts that exports hold: full-width, Arabic, Persian, Devanagari."""


def plain_digits(text: str) -> str:
    """Return SQL of a text with the digits, points, commas and signs of other scripts as those of ASCII."""
    signs = (("．", "."), ("，", ","), ("－", "-"), ("％", "%"), ("\u066b", ","), ("\u066c", "."))
    written = "".join(_OTHER_DIGITS) + "".join(sign for sign, _ in signs)
    plain = "0123456789" * len(_OTHER_DIGITS) + "".join(sign for _, sign in signs)
    return f"translate({text}, {_quoted(written)}, {_quoted(plain)})"


def around(number: str, unit: str = "") -> str:
    """Return the regular expression of a number with a sign, a currency, a multiplier and a unit beside it.

    Parameters
    ----------
    number : str
        The number itself, as a regular expression.
    unit : str
        Words that may follow it, separated by ``|``.
    """
    units = "|".join(part for part in (CURRENCIES, "%", unit) if part)
    return (
        rf"\(?[+−-]?\s*(?:(?:{CURRENCIES})\s*)?[+−-]?\s*(?:{number})(?:,--|,-|\.-)?\s*"
        rf"(?:{THOUSANDS}|{MILLIONS}|{MILLIARDS})?\s*(?:{units})?\s*[−-]?\)?"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(_quoted(word) for word in words)


def _blank_free(text: str) -> str:
    """Return SQL of a text without blanks around, the blanks of typesetting made common ones."""
    blanks = f"regexp_replace({text}::VARCHAR, '[\\x{{00A0}}\\x{{202F}}\\x{{2009}}]', ' ', 'g')"
    return f"trim({plain_digits(blanks)}, {_quoted(BLANKS)})"


def _plain_words(text: str) -> str:
    """Return SQL of a written date as strptime reads it: English months, no weekday, zones as hours from UTC."""
    weekday = rf"^(?i:{WEEKDAYS})[.,]*\s+"
    sql = f"regexp_replace({text}, {_quoted(weekday)}, '')"
    for name, written in MONTHS:
        month = rf"(?i)(^|[\s./-])(?:{written})\.?([\s,/-]|$)"
        sql = f"regexp_replace({sql}, {_quoted(month)}, '\\1{name}\\2')"
    return f"regexp_replace({sql}, '([0-9])(st|nd|rd|th)\\b', '\\1')"


def _zone_hours(text: str) -> str:
    sql = text
    for name, hours in ZONES:
        sql = f"regexp_replace({sql}, '([0-9])\\s*{name}$', '\\1{hours}')"
    return f"regexp_replace({sql}, '([0-9])\\s+([+-][0-9]{{2}}:?([0-9]{{2}})?)$', '\\1\\2')"


def _believed(moment: str, text: str) -> str:
    """Return SQL of a moment that can be believed, null where none is meant, and else the text as it stands."""
    return (
        f"list_transform([{moment}], lambda t: CASE WHEN t >= '{FIRST_BELIEVED}' AND t < '{LAST_BELIEVED}' "
        f"AND NOT contains(t, 'BC') THEN t WHEN regexp_matches(coalesce(t, {text}), {_quoted(_PLACEHOLDER)}) "
        f"OR regexp_matches({text}, {_quoted(_ZEROS)}) THEN NULL "
        f"ELSE nothing_to_null({text}, among_figures := true) END)[1]"
    )


def _number(form: str) -> str:
    """Return SQL of a number as SQL reads it, null where the whole text is no number of this form."""
    group, decimal = (".", ",") if form == "german" else (",", ".")
    digits = "regexp_extract(v, '[0-9][0-9., ''’]*|[.][0-9]+')"
    bare = f"replace(regexp_replace({digits}, '[{group} ''’]|[{decimal}]$', '', 'g'), ',', '.')"
    minus = r"^[^0-9]*[−(-]|[0-9]\s*[−-]$|[0-9]\s*(?:" + CURRENCIES + r")\s*[−-]$"
    times = ""
    for words, factor in ((MILLIARDS, 10**9), (MILLIONS, 10**6), (THOUSANDS, 10**3)):
        multiplied = rf"[0-9]\s*(?:{words})(?:[^A-Za-z.]|$)"
        times += f"WHEN regexp_matches(v, {_quoted(multiplied)}) THEN {factor} "
    whole = _quoted(around(GERMAN if form == "german" else AMERICAN, "UNIT"))
    whole = f"replace({whole}, 'UNIT', CASE WHEN unit = '' THEN '%' ELSE unit END)"
    amount = f"CASE WHEN {bare} = '' THEN NULL {times.replace('THEN ', f'THEN try_cast({bare} AS DOUBLE) * ')}END"
    amount = f"coalesce(({amount})::VARCHAR, {bare})"
    sign = f"CASE WHEN regexp_matches(v, {_quoted(minus)}) THEN '-' ELSE '' END"
    return f"CASE WHEN regexp_full_match(v, {whole}) THEN {sign} || {amount} END"


def _definitions() -> tuple[str, ...]:
    word = f"lower(trim(text::VARCHAR, {_quoted(BLANKS)}))"
    read = "try_cast(CASE WHEN regexp_matches(text::VARCHAR, '^\\s*[0-9]{4}[-/]') THEN trim(text::VARCHAR) END"
    words = "text::VARCHAR"
    bare, has = "trim(text::VARCHAR)", "contains(form::VARCHAR, '{}')".format
    dated = f"CASE WHEN {has('%b')} THEN {_plain_words(bare)} ELSE {bare} END"
    dated = f"CASE WHEN {has('%z')} THEN {_zone_hours(dated)} ELSE {dated} END"
    noon = f"regexp_replace({dated}, '(?i)([ap])[.]?m[.]?', '\\1m')"
    dated = f"try_strptime(CASE WHEN {has('%p')} THEN {noon} ELSE {dated} END, form)::VARCHAR"
    count = "try_cast(replace(trim(text::VARCHAR), ',', '.') AS DOUBLE)"
    epoch = f"to_timestamp(CASE WHEN {count} BETWEEN -1 AND 4102444800 * per_second THEN {count} / per_second END)"
    serial = (
        f"(TIMESTAMP '1899-12-30' + to_microseconds(round(CASE WHEN {count} BETWEEN 0 AND 2958465 THEN {count} END "
        "* 86400)::BIGINT * 1000000))"
    )
    yes_no = f"CASE WHEN {word} IN ({_listed(YES)}) THEN 'true' WHEN {word} IN ({_listed(NO)}) THEN 'false' "
    numbers = (
        f"list_transform([{_blank_free('text')}], lambda v: coalesce(CASE WHEN form = 'german' "
        f"THEN {_number('german')} ELSE {_number('american')} END, "
        "nothing_to_null(text, among_figures := true)))[1]"
    )
    later = "try_cast({} AS TIMESTAMPTZ)"
    return (
        f"nothing_to_null(text, among_figures := false) AS CASE WHEN {word} NOT IN ('', {_listed(NOTHING)}) "
        f"AND NOT (among_figures AND {word} IN ({_listed(NOTHING_AMONG_FIGURES)})) THEN text::VARCHAR END",
        f"to_moment(text) AS {_believed(f'{read} AS TIMESTAMPTZ)::VARCHAR', words)}, "
        f"(text, form) AS {_believed(dated, words)}",
        f"epoch_to_moment(text, per_second) AS {_believed(f'{epoch}::VARCHAR', words)}",
        f"serial_to_moment(text) AS {_believed(f'{serial}::VARCHAR', words)}",
        f"not_before(moment, earliest) AS CASE WHEN {later.format('moment')} IS NULL THEN moment::VARCHAR "
        f"ELSE greatest({later.format('moment')}, {later.format('earliest')} + INTERVAL 1 MICROSECOND)::VARCHAR END",
        f"to_yes_no(text) AS {yes_no} ELSE nothing_to_null(text, among_figures := true) END",
        f"to_number(text, form, unit := '') AS {numbers}",
    )


MACROS = ("nothing_to_null", "to_moment", "epoch_to_moment", "serial_to_moment", "not_before", "to_yes_no", "to_number")
"""The names that a source's SQL can use."""


def add_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Offer the macros on a connection, as temporary ones: no file and no attached database holds or hides them."""
    for definition in _definitions():
        con.execute(f"CREATE OR REPLACE TEMP MACRO {definition}")
