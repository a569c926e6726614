"""What a tool holds of a lead beside what it is to hold: whether to send, and whether a person was there."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
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
    is_ours = not history or any(stands_there(one, there, companions) for one in history)
    return "send" if is_ours else "changed"


def stands_there(sent: Sent, there: Values | None, companions: Collection[str]) -> bool:
    """Whether what a record says is what it was sent, as far as anybody can tell.

    A job may end after a record was written and before it has looked what stands there: then it is known by what a
    place makes of it, which rounds numbers and cuts texts off.

    Examples
    --------
    >>> sent = Sent(1, "a", {"p": 0.604, "why": "demo requested"}, None, 60, stands=None)
    >>> stands_there(sent, {"p": 0.6, "why": "demo"}, ()), stands_there(sent, {"p": 0.7, "why": "demo"}, ())
    (True, False)
    """
    if alike(sent.sent, there, companions) or alike(sent.stands, there, companions):
        return True
    if sent.stands is not None or there is None:
        return False
    return all(_is_made_of(sent.sent.get(name), there.get(name)) for name in {*sent.sent, *there} - {*companions})


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


def _is_made_of(sent: Scalar, there: Scalar) -> bool:
    """Whether a value is another one rounded to its own digits, or cut off."""
    if isinstance(sent, int | float) and isinstance(there, int | float):
        digits = max(0, -int(Decimal(str(there)).normalize().as_tuple().exponent)) if math.isfinite(there) else 0
        return abs(sent - there) <= 0.500001 * 10.0**-digits
    is_cut = isinstance(sent, str) and isinstance(there, str) and there.strip() != "" and sent.startswith(there.strip())
    return is_cut or _equal(sent, there)


def _equal(one: Scalar, other: Scalar) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
    return ("" if one is None else str(one).strip()) == ("" if other is None else str(other).strip())
