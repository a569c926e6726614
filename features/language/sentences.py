"""What is said about a lead, its columns and the rules: features, models and pipeline say it with this catalogue."""

from __future__ import annotations

import math

from features.language.catalogue import Catalogue
from features.language.languages import Language, Words, locale_of
from features.language.numbers import about_three_digits, number, number_words
from features.time_units import DAY_US, HOUR_US

LEAD_SENTENCES = Catalogue("features.language")
say, say_count, words = LEAD_SENTENCES.say, LEAD_SENTENCES.say_count, LEAD_SENTENCES.words


def duration_words(us: int, *, every: bool = False) -> Words:
    """Return a duration in words as after "in the last", or after "every": ``7 days``, ``24 hours``.

    Parameters
    ----------
    us : int
        Microseconds; whole days from two on are told in days, all else in hours.
    every : bool
        German needs another case: ``alle 7 Tage``, but ``in den letzten 7 Tagen``.

    Examples
    --------
    >>> from features.time_units import DAY_US
    >>> duration_words(7 * DAY_US), duration_words(DAY_US).en
    (Words(de='7 Tagen', en='7 days'), '24 hours')
    """
    in_days = us % DAY_US == 0 and us > DAY_US
    shown = about_three_digits(us / (DAY_US if in_days else HOUR_US))
    key = ("duration.days.every" if every else "duration.days") if in_days else "duration.hours"
    return Words.each(lambda language: say_count(key, language, shown, number=number_words(shown, language)))


def one_of(names: list[Words]) -> Words:
    """Return names as a list that ends with "or".

    Examples
    --------
    >>> one_of([Words.same("a"), Words.same("b"), Words.same("c")])
    Words(de='a, b oder c', en='a, b or c')
    """
    from babel.lists import format_list

    return Words.each(
        lambda language: format_list([name.of(language) for name in names], style="or", locale=locale_of(language))
    )


def of_many(share: float, language: Language) -> str:
    """Return a probability as a count that people can picture.

    Examples
    --------
    >>> of_many(0.143, "en"), of_many(0.004, "de"), of_many(0.0001, "en"), of_many(0.999, "de")
    ('14 of 100', '4 von 1.000', 'fewer than 1 of 1,000', 'mehr als 99 von 100')
    """
    if share >= 0.995:
        key, part, whole = ("chance.more", 99, 100) if share < 1 else ("chance.of_many", 100, 100)
    elif share >= 0.0095:
        key, part, whole = "chance.of_many", math.floor(share * 100 + 0.5), 100
    else:
        part, whole = math.floor(share * 1000 + 0.5), 1000
        key, part = ("chance.of_many", part) if part else ("chance.fewer", 1)
    return say(key, language, part=part, whole=number(whole, language))
