"""News: one thing that became true, known by a name that follows from what it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

Kind = Literal[
    "lead.above", "lead.below", "lead.left", "lead.drawn", "run.undone", "champion.changed", "night.stopped",
    "promise.broken", "monitor.alarm", "monitor.over", "digest",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
"""A lead passes a cut-off upwards, falls below one, leaves the list otherwise, is drawn by the lane; a run of scores is
taken back; another decision scores; a brake stops a night; the cut-offs
in force do not keep what was promised; a check of the monitor raises an alarm, or its alarm is
over; the summary of a day."""
ABOUT_LEADS: frozenset[str] = frozenset(kind for kind in KINDS if kind.startswith("lead."))


@dataclass(frozen=True)
class News:
    """One thing that became true.

    Attributes
    ----------
    kind : str
        Of `KINDS`.
    key : tuple of str
        What makes it this one and no other of its kind.
    at : datetime
        When it became true, with a zone.
    facts : mapping
        What is to be said of it, as JSON; it names no lead.
    lead_id, run_id : str or None
        Whom it is about, and which run of scores it comes from.
    entry : int or None
        Of the store's log.
    """

    kind: Kind
    key: tuple[str, ...]
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    lead_id: str | None = None
    run_id: str | None = None
    entry: int | None = None

    @property
    def news_id(self) -> str:
        """Its name: equal news have equal names."""
        return name_of(self.kind, *self.key)


@dataclass(frozen=True)
class StoredNews:
    """News as the outbox has it: `News`, with ``news_id`` in place of the key."""

    news_id: str
    kind: Kind
    at: datetime
    facts: Mapping[str, Any]
    lead_id: str | None
    run_id: str | None
    entry: int | None


@dataclass(frozen=True)
class Message:
    """What a channel gets at once.

    Attributes
    ----------
    message_id : str
        The same at every try.
    news : tuple of StoredNews
        Of one kind; one, unless the channel takes the leads of a run together.
    """

    message_id: str
    news: tuple[StoredNews, ...]

    @property
    def kind(self) -> Kind:
        """Of all its news."""
        return self.news[0].kind

    @property
    def at(self) -> datetime:
        """When it became true."""
        return self.news[0].at


def name_of(*parts: str) -> str:
    """Return a name that follows from some texts.

    Examples
    --------
    >>> name_of("lead.above", "7", "run1", "L-17")
    'msg_625984a8986defb19b2a4918a3e26c4f'
    """
    return "msg_" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def in_order(news: Iterable[StoredNews]) -> list[StoredNews]:
    """Return news as they are told: in the order in which they became true, of a run the highest band first."""
    bands = {"SAL": 0, "MQL": 1}
    return sorted(
        news,
        key=lambda one: (
            one.at, one.entry or 0, KINDS.index(one.kind), bands.get(str(one.facts.get("band")), 2),
            -float(one.facts.get("probability") or 0.0), one.lead_id or "",
        ),
    )  # fmt: skip
