"""The outbox: what became true and who has to be told, kept in the score store's database until everybody was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models.scoring.run_about import RunAbout
from pipeline.score.sinks.news.list_changes import ListChange, list_changes
from pipeline.score.sinks.news.list_history import news_of, steps
from pipeline.score.sinks.news.news import ABOUT_LEADS, Message, News, StoredNews, in_order, name_of
from pipeline.score.sinks.store_tables import DELIVERIES, NEWS, TELLING_MARKS
from pipeline.score.sinks.write_back.current_run import stored_run
from pipeline.score.sinks.write_back.databases import answering

OLDEST = timedelta(days=7)
"""What became true longer ago is no news: telling that was off for a year does not begin with all of it."""
_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_TOLD, _ALARM, _DIGEST = "told", "alarm ", "digest"


@dataclass(frozen=True)
class Wish:
    """What a channel wants to be told.

    Attributes
    ----------
    kinds : frozenset of str
    together : bool
        Whether the leads of one run come in one message.
    """

    kinds: frozenset[str]
    together: bool = False


@dataclass(frozen=True)
class Window:
    """What the list was and is.

    Attributes
    ----------
    before, now : str or None
        Runs in force.
    until : int
        The last entry of the log.
    """

    before: str | None
    now: str | None
    until: int


class Outbox:
    """What is to be told, by channel.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the score store's database, whose tables are there.
    wishes : mapping of str to Wish
        By channel.
    """

    def __init__(self, engine: sa.Engine, wishes: Mapping[str, Wish]) -> None:
        self._engine, self._wishes = engine, wishes

    def gather(self, *, now: datetime) -> int:
        """Put in what the store's runs have made true since this was done last.

        Each step of its log is one transaction. The first time, nothing is news: telling begins with what is in force.

        Returns
        -------
        int
            News that are new.
        """
        with self._asked() as connection:
            log = list(steps(connection))
            told = self._mark(connection, _TOLD)
        if told is None:
            self._set(_TOLD, str(log[-1].entry if log else 0))
            return 0
        count = 0
        for step in log:
            if step.entry <= int(told):
                continue
            with self._asked() as connection:
                news = list(news_of(connection, step)) if now - step.at <= OLDEST else []
                if step.what == "undone" and step.before != step.now:
                    self._withdraw(connection, step.run_id)
                count += self._insert(connection, news)
                self._set(_TOLD, str(step.entry), connection)
        return count

    def record(self, news: Sequence[News]) -> int:
        """Put in what became true elsewhere; what is there already is there once."""
        with self._asked() as connection:
            return self._insert(connection, news)

    def record_alarms(self, alarms: Mapping[str, News], over: Mapping[str, News]) -> int:
        """Put in alarms that are new, and those that are over; an alarm that lasts is told once.

        Parameters
        ----------
        alarms : mapping of str to News
            Each alarm that there is, by what raises it. Its fact ``subjects`` says about whom it is: a further one of
            them is told, too.
        over : mapping of str to News
            By what raises it, what to say if its alarm had lasted until now. What stands in neither could not be told.
        """
        with self._asked() as connection:
            lasting, new = self._alarms(connection), list[News]()
            for name, news in alarms.items():
                before = lasting.get(name)
                if before is None or not set(news.facts["subjects"]) <= set(before["subjects"]):
                    new.append(news)
                self._set(
                    f"{_ALARM}{name}",
                    json.dumps({"since": news.at.isoformat(), **(before or {}), **news.facts}),
                    connection,
                )
            for name in lasting.keys() & over.keys():
                new.append(over[name])
                connection.execute(sa.delete(TELLING_MARKS).where(TELLING_MARKS.c.name == f"{_ALARM}{name}"))
            return self._insert(connection, new)

    def record_digest(self, digest: News, until_entry: int) -> bool:
        """Put in the digest of a day, and remember up to where it goes; False where the day has one."""
        with self._asked() as connection:
            if not self._insert(connection, [digest]):
                return False
            self._set(_DIGEST, str(until_entry), connection)
            return True

    def digest_until(self) -> int | None:
        """Return up to which entry of the log the last digest went."""
        with self._asked() as connection:
            mark = self._mark(connection, _DIGEST)
        return None if mark is None else int(mark)

    def waiting(self, channel: str) -> list[Message]:
        """Return what a channel was not told yet, in the order in which it became true."""
        return self._messages(DELIVERIES.c.channel == channel, DELIVERIES.c.state == "waits")

    def delivered(self, channel: str, message: Message) -> None:
        """Say that a channel has a message."""
        self._change(channel, message, {"state": "delivered", "said": None})

    def refused(self, channel: str, message: Message, why: str) -> None:
        """Say that a channel did not take a message; it is tried again."""
        self._change(channel, message, {"said": why})

    def give_up(self, channel: str, *, before: datetime) -> int:
        """Stop trying what became true before a time; return how many news that are."""
        old = sa.select(NEWS.c.news_id).where(NEWS.c.at < before)
        where = (DELIVERIES.c.channel == channel, DELIVERIES.c.state == "waits", DELIVERIES.c.news_id.in_(old))
        with self._asked() as connection:
            return connection.execute(sa.update(DELIVERIES).where(*where).values(state="given_up")).rowcount

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many news each channel has in each state."""
        column = DELIVERIES.c
        counted = sa.select(column.channel, column.state, sa.func.count()).group_by(column.channel, column.state)
        found: dict[str, dict[str, int]] = {}
        with self._asked() as connection:
            for channel, state, count in connection.execute(counted):
                found.setdefault(channel, {})[state] = count
        return found

    def leads_told(self, channel: str, run_id: str) -> list[StoredNews]:
        """Return the news about leads of a run that a channel was told."""
        where = (DELIVERIES.c.channel == channel, DELIVERIES.c.state == "delivered")
        messages = self._messages(*where, NEWS.c.run_id == run_id, NEWS.c.kind.in_(sorted(ABOUT_LEADS)))
        return [one for message in messages for one in message.news]

    def since(self, at: datetime, kinds: Sequence[str]) -> list[StoredNews]:
        """Return the news of some kinds from a time on."""
        chosen = sa.select(NEWS).where(NEWS.c.at > at, NEWS.c.kind.in_(kinds))
        with self._asked() as connection:
            return in_order(StoredNews(**row._mapping) for row in connection.execute(chosen))

    def lasting_alarms(self) -> list[dict[str, Any]]:
        """Return the facts of each alarm that lasts, with ``since``."""
        with self._asked() as connection:
            return list(self._alarms(connection).values())

    def window(self, after_entry: int | None, *, since: datetime) -> Window:
        """Return what the list was and is: after an entry of the log, else at a time, or else when the log began."""
        with self._asked() as connection:
            log = list(steps(connection))
        old = [step for step in log if (step.at <= since if after_entry is None else step.entry <= after_entry)]
        if not log:
            return Window(None, None, 0)
        return Window((old[-1] if old else log[0]).now, log[-1].now, log[-1].entry)

    def changes(self, before: str, now: str) -> list[ListChange]:
        """Return what changes on the list between two runs."""
        with self._asked() as connection:
            return list(list_changes(connection, before, now))

    def about(self, run_id: str) -> RunAbout:
        """Return what a run says of itself."""
        with self._asked() as connection:
            return stored_run(connection, run_id).about

    def _insert(self, connection: sa.Connection, news: Iterable[News]) -> int:
        """Write news and who has to be told, and return how many were not there."""
        given = {one.news_id: one for one in news}
        there = set[str]()
        for some in _parts(list(given)):
            there |= set(connection.execute(sa.select(NEWS.c.news_id).where(NEWS.c.news_id.in_(some))).scalars())
        new = [one for news_id, one in given.items() if news_id not in there]
        names = ("kind", "at", "facts", "lead_id", "run_id", "entry")
        rows = [{"news_id": one.news_id} | {name: getattr(one, name) for name in names} for one in new]
        deliveries = [
            {"channel": channel, "news_id": one.news_id, "lead_id": one.lead_id, "state": "waits", "tries": 0,
             "message_id": _message_id(channel, one) if wish.together else one.news_id}
            for channel, wish in self._wishes.items() for one in new if one.kind in wish.kinds
        ]  # fmt: skip
        for table, values in ((NEWS, rows), (DELIVERIES, deliveries)):
            if values:
                connection.execute(sa.insert(table), values)
        return len(new)

    def _withdraw(self, connection: sa.Connection, run_id: str) -> None:
        """Take back what a run that is taken back would have said and nobody was told yet."""
        of_run = sa.select(NEWS.c.news_id).where(NEWS.c.run_id == run_id)
        where = (DELIVERIES.c.state == "waits", DELIVERIES.c.news_id.in_(of_run))
        connection.execute(sa.update(DELIVERIES).where(*where).values(state="withdrawn"))

    def _messages(self, *where: sa.ColumnElement[bool]) -> list[Message]:
        chosen = sa.select(NEWS, DELIVERIES.c.message_id).join(DELIVERIES, DELIVERIES.c.news_id == NEWS.c.news_id)
        with self._asked() as connection:
            rows = [dict(row) for row in connection.execute(chosen.where(*where)).mappings()]
        message_of = {row["news_id"]: row.pop("message_id") for row in rows}
        news = in_order(StoredNews(**row) for row in rows)
        grouped = groupby(news, key=lambda one: message_of[one.news_id])
        return [Message(message_id, tuple(some)) for message_id, some in grouped]

    def _change(self, channel: str, message: Message, values: Mapping[str, Any]) -> None:
        where = (DELIVERIES.c.channel == channel, DELIVERIES.c.message_id == message.message_id)
        with self._asked() as connection:
            changed = {**values, "tries": DELIVERIES.c.tries + 1}
            connection.execute(sa.update(DELIVERIES).where(*where).values(changed))

    def _marks(self, connection: sa.Connection) -> dict[str, str]:
        return {row.name: row.value for row in connection.execute(sa.select(TELLING_MARKS))}

    def _alarms(self, connection: sa.Connection) -> dict[str, dict[str, Any]]:
        marks = self._marks(connection).items()
        return {name.removeprefix(_ALARM): json.loads(value) for name, value in marks if name.startswith(_ALARM)}

    def _mark(self, connection: sa.Connection, name: str) -> str | None:
        return self._marks(connection).get(name)

    def _set(self, name: str, value: str, connection: sa.Connection | None = None) -> None:
        if connection is None:
            with self._asked() as own:
                return self._set(name, value, own)
        insert = _INSERTS[connection.dialect.name](TELLING_MARKS).values(name=name, value=value)
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
        return None

    @contextmanager
    def _asked(self) -> Iterator[sa.Connection]:
        with answering(self._engine.url, "score.store"), self._engine.begin() as connection:
            yield connection


def _message_id(channel: str, news: News) -> str:
    """Return the name of the message that holds a lead's news and those of the same kind from the same run."""
    if news.kind not in ABOUT_LEADS:
        return news.news_id
    return name_of(channel, news.kind, str(news.entry), str(news.run_id))


def _parts(values: Sequence[str], most: int = 500) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), most):
        yield values[start : start + most]
