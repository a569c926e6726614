"""What a tool holds of a lead beside what it is to hold: whether to send, and whether a person was there."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.score.sinks.write_back.sendable import Scalar, Values

RecordFate = Literal["same", "send", "changed"]
"""``changed``: a person has written something else there since."""


@dataclass(frozen=True)
class Record:
    """One lead's record in a tool.

    Attributes
    ----------
    lead_id : str
    values : mapping or None
        What it is to say; None takes the record away.
    before : mapping or None
        What it said when it was read; None: there was none, or nobody can read there.
    """

    lead_id: str
    values: Values | None
    before: Values | None


@dataclass(frozen=True)
class Sent:
    """What a record was sent, and what it said before.

    Attributes
    ----------
    position : int
        Of the run among those that were written back there.
    lead_id : str
    sent : mapping
    before : mapping or None
        None: there was no record, or nobody can read there.
    score : int
    stands : mapping or None
        What it says since, as the place rounds and trims it; None: the place has not said that it has it.
    """

    position: int
    lead_id: str
    sent: Values
    before: Values | None
    score: int
    stands: Values | None


def decide(wanted: Values, there: Values | None, history: Sequence[Sent], *, companions: Collection[str]) -> RecordFate:
    """Say what becomes of a record.

    Parameters
    ----------
    wanted : mapping
        What it is to say.
    there : mapping or None
        What it says.
    history : sequence of Sent
        What it was sent before, oldest first; anything else was written by somebody else.
    companions : collection of str
        Fields that are sent along, and for whose sake alone nothing is sent.
    """
    if there is None:
        return "send"
    last = history[-1] if history else None
    is_last = last is not None and alike(last.stands, there, companions) and alike(last.sent, wanted, companions)
    if is_last or alike(wanted, there, companions):
        return "same"
    known = [said for one in history for said in (one.sent, one.stands)]
    return "send" if not known or any(alike(said, there, companions) for said in known) else "changed"


def alike(one: Values | None, other: Values | None, companions: Collection[str] = ()) -> bool:
    """Whether two records say the same; tools strip texts, round numbers, and keep nothing as an empty text.

    Examples
    --------
    >>> alike({"score": 0.25, "why": "Demo "}, {"score": 0.2500001, "why": "Demo"})
    True
    >>> alike(None, {"score": None})
    False
    """
    if one is None or other is None:
        return one is other
    return all(_equal(one.get(name), other.get(name)) for name in {*one, *other} if name not in companions)


def of_fields(values: Mapping[str, Scalar], fields: Collection[str]) -> dict[str, Scalar]:
    """Return the part of a record that is written to."""
    return {name: values.get(name) for name in fields}


def _equal(one: Scalar, other: Scalar) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
    return ("" if one is None else str(one).strip()) == ("" if other is None else str(other).strip())
