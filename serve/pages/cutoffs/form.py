"""The form on cut-offs: what was typed, as a question or as what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from models.what_if.question import Question

FIELDS = {
    "sal": ("sal_per_week", 1.0),
    "mql": ("mql_per_week", 1.0),
    "promise": ("promise", 0.01),
    "sure": ("confidence", 0.01),
    "people": ("people", 1.0),
    "minutes": ("minutes_a_lead", 1.0),
    "hours": ("hours_a_week", 1.0),
    "deal": ("deal", 1.0),
    "handover": ("handover", 1.0),
}
"""Fields of the form: what each is in a question, and what one unit of it is worth there (percent)."""
MOST_CHARACTERS = 40


@dataclass(frozen=True)
class Problem:
    """What is wrong: the key of the sentence that says it, the field (empty: several), and what was found."""

    key: str
    field: str
    found: str = ""


def read_form(given: Mapping[str, str]) -> tuple[Question | None, list[Problem]]:
    """Make a question of the form's fields; empty ones are not asked.

    Parameters
    ----------
    given : mapping
        Text by name of ``FIELDS``; numbers may have a decimal comma.

    Examples
    --------
    >>> read_form({"sal": "7,5", "promise": "30"})[0].promise
    0.3
    >>> read_form({"sal": "many"})
    (None, [Problem(key='error_number', field='sal', found='many')])
    """
    values: dict[str, float] = {}
    problems = []
    for name, (field, unit) in FIELDS.items():
        text = given.get(name, "").strip()
        if not text:
            continue
        number = _number(text)
        if number is None:
            problems.append(Problem("error_number", name, text[:MOST_CHARACTERS]))
        else:
            values[field] = round(number * unit, 10)
    money = {key: values.pop(key) for key in ("deal", "handover") if key in values}
    if len(money) == 1:
        problems.append(Problem("error_value", ""))
    if problems:
        return None, problems
    try:
        return Question.model_validate({**values, **({"value": money} if money else {})}), []
    except ValidationError as error:
        return None, [_problem(dict(entry), given) for entry in error.errors()]


def _number(text: str) -> float | None:
    plain = text.replace(",", ".")
    if len(plain) > MOST_CHARACTERS or not plain.replace(".", "", 1).isdecimal():
        return None
    return float(plain) or None


def _problem(error: dict[str, object], given: Mapping[str, str]) -> Problem:
    place = error["loc"]
    field = str(place[-1]) if isinstance(place, tuple) and place else ""
    name = next((name for name, (own, _) in FIELDS.items() if own == field), "")
    return Problem("error_range", name, given.get(name, "").strip()) if name else Problem("error_order", "")
