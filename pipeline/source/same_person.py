"""When two e-mail addresses or phone numbers are those of one person: one normal form of both."""

from __future__ import annotations

_FEWEST_DIGITS = 6


def same_person_sql(column: str) -> str:
    """Return SQL of the normal form of an address or a number, NULL where there is none.

    Addresses are compared in small letters; of phone numbers the digits count, a leading 0 or 00 and the country code
    of Germany, Austria and Switzerland aside. Anything else is compared in small letters without the blanks around.

    Parameters
    ----------
    column : str
        SQL of the value.
    """
    text = f"lower(trim({column}::VARCHAR))"
    digits = f"regexp_replace({text}, '[^0-9]', '', 'g')"
    number = f"regexp_replace(regexp_replace({digits}, '^0+', ''), '^(49|43|41)0?', '')"
    is_number = f"regexp_full_match({text}, '[+0-9 ()/.-]+') AND length({digits}) >= {_FEWEST_DIGITS}"
    return f"nullif(CASE WHEN {is_number} THEN {number} ELSE {text} END, '')"
