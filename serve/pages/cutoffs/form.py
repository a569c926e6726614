"""The form on cut-offs: its fields as the question declares them, and what was typed, as a question or a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from features.language.languages import Language
from features.language.numbers import number
from models.bands import PerBand
from models.what_if.knob import Group, Knob
from models.what_if.question import KNOBS, Question
from serve.wording.sentences import say

FIELDS: Mapping[str, Knob] = {knob.form: knob for knob in KNOBS.values()}
"""Every field of the form by its name."""
GROUPS: Mapping[Group, str | None] = {"volume": None, "times": "times", "money": "money"}
"""Parts of the form, and the sentence that heads each."""
MOST_CHARACTERS = 40


@dataclass(frozen=True)
class Problem:
    """What is wrong: the key of the sentence that says it, the field (empty: several), and what was found."""

    key: str
    field: str
    found: str = ""

    def words(self, goal: str, language: Language) -> str:
        """Return it for people."""
        if not self.field:
            return say(self.key, language)
        return say(self.key, language, field=_name(FIELDS[self.field], language, goal=goal), found=self.found)


@dataclass(frozen=True)
class Volume:
    """Leads a week of a band: by the cut-off in force, and at most."""

    now: float
    most: float


def _name(knob: Knob, language: Language, **texts: str) -> str:
    return say(f"ask_{knob.form}", language, **texts)


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
    for name, knob in KNOBS.items():
        text = given.get(knob.form, "").strip()
        if not text:
            continue
        value = _number(text)
        if value is None:
            problems.append(Problem("error_number", knob.form, text[:MOST_CHARACTERS]))
        else:
            values[name] = round(value * knob.form_unit, 10)
    if problems:
        return None, problems
    try:
        return Question.model_validate(values), []
    except ValidationError as error:
        return None, [_problem(entry, given) for entry in error.errors()]


def _number(text: str) -> float | None:
    plain = text.replace(",", ".")
    if len(plain) > MOST_CHARACTERS or not plain.replace(".", "", 1).isdecimal():
        return None
    return float(plain) or None


def _problem(error: ErrorDetails, given: Mapping[str, str]) -> Problem:
    if not error["loc"]:  # what does not fit together is of a kind of its own: value or order
        return Problem(f"error_{error['type']}", "")
    name = KNOBS[str(error["loc"][0])].form
    return Problem("error_range", name, given.get(name, "").strip())


@dataclass(frozen=True)
class Form:
    """What the form shows.

    Attributes
    ----------
    given : mapping
        Text by name of ``FIELDS``.
    wrong : set of str
        Fields in which something is wrong.
    question : Question
        What was asked, or what is asked where nothing is.
    volumes : PerBand of Volume
        Of the run.
    goal : str
        The stage that is forecast.
    """

    given: Mapping[str, str]
    wrong: frozenset[str]
    question: Question
    volumes: PerBand[Volume]
    goal: str

    def groups(self, language: Language) -> list[dict[str, Any]]:
        """Return the fields by group: name, words, what is in them, and how far a slider goes."""
        return [
            {
                "title": None if title is None else say(title, language),
                "fields": [self._field(name, knob, language) for name, knob in KNOBS.items() if knob.group == group],
            }
            for group, title in GROUPS.items()
        ]

    def _field(self, name: str, knob: Knob, language: Language) -> dict[str, Any]:
        default = Question.model_fields[name].default
        preset = 0.0 if default is None else default / knob.form_unit
        volume = None if knob.band is None else self.volumes.of(knob.band)
        now, most = (preset, knob.slider_to) if volume is None else (volume.now, volume.most)
        texts = {
            "goal": self.goal,
            "now": number(now, language, digits=1),
            "person": number(self.question.person_per_week, language, digits=1),
        }
        return {
            "name": knob.form,
            "words": _name(knob, language, **texts),
            "help": say(f"ask_{knob.form}_help", language, **texts) if knob.help else None,
            "value": self.given.get(knob.form, ""),
            "placeholder": f"{preset:g}" if preset else "",
            "wrong": knob.form in self.wrong,
            "slider": None if most is None else {"max": f"{most:g}", "now": f"{now:.1f}"},
        }
