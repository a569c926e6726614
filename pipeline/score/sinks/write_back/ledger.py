"""What was written back, and what stood there before: kept in the score store's database, before anything is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.score.sinks.store_tables import SCORE_RUNS, SENT_RECORDS, WRITE_BACKS
from pipeline.score.sinks.write_back.databases import alone_at, answering, opened_engine
from pipeline.score.sinks.write_back.records import Record, Sent
from pipeline.score.sinks.write_back.sendable import Values

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class WriteBack:
    """One run in one place.

    Attributes
    ----------
    position : int
        Counts from 1.
    run_id : str
    as_of : datetime
    finished : bool
    """

    position: int
    run_id: str
    as_of: datetime
    finished: bool


class Ledger:
    """The ledger of one place.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the score store's database, whose tables are there.
    sink : str
        The place's name in ``score.sinks``.
    """

    def __init__(self, engine: sa.Engine, sink: str) -> None:
        self._engine, self._sink = engine, sink

    def write_backs(self, *, undone: bool = False) -> list[WriteBack]:
        """Return the runs that were written back, oldest first, those that were ``undone`` among them or not."""
        rows = WRITE_BACKS.c
        chosen = sa.select(rows.position, rows.run_id, rows.as_of, rows.finished_at).where(rows.sink == self._sink)
        chosen = chosen if undone else chosen.where(rows.undone_at.is_(None))
        with self._asked() as connection:
            stored = connection.execute(chosen.order_by(rows.position))
            return [WriteBack(row.position, row.run_id, row.as_of, row.finished_at is not None) for row in stored]

    def undone_in_store(self, run_id: str) -> bool:
        """Whether the store counts a run as taken back."""
        undone = sa.select(SCORE_RUNS.c.undone_at).where(SCORE_RUNS.c.run_id == run_id)
        with self._asked() as connection:
            return connection.execute(undone).scalar() is not None

    def begin(self, run_id: str, *, as_of: datetime, now: datetime) -> int:
        """Return the position at which a run is written: that of its broken-off attempt, else the next."""
        standing = self.write_backs()
        if standing and standing[-1].run_id == run_id:
            return standing[-1].position
        rows = WRITE_BACKS.c
        with self._asked() as connection:
            last = connection.execute(sa.select(sa.func.max(rows.position)).where(rows.sink == self._sink)).scalar()
            position = (last or 0) + 1
            values = {"sink": self._sink, "position": position, "run_id": run_id, "as_of": as_of, "started_at": now}
            connection.execute(sa.insert(WRITE_BACKS).values(values))
        return position

    def sent_to(self, lead_ids: Sequence[str]) -> Mapping[str, list[Sent]]:
        """Return what each lead's record was sent and is not undone, oldest first."""
        undone = sa.select(WRITE_BACKS.c.position).where(
            WRITE_BACKS.c.sink == self._sink, WRITE_BACKS.c.undone_at.is_not(None)
        )
        rows = SENT_RECORDS.c
        found = defaultdict(list)
        for some in _parts(lead_ids):
            where = (rows.sink == self._sink, rows.lead_id.in_(some), rows.position.not_in(undone))
            for row in self._rows(where, (rows.lead_id, rows.position)):
                found[row.lead_id].append(row)
        return found

    def sent_at(self, position: int, after: str, most: int) -> list[Sent]:
        """Return what one run's records were sent, by lead id, beginning after one."""
        rows = SENT_RECORDS.c
        where = (rows.sink == self._sink, rows.position == position, rows.lead_id > after)
        return self._rows(where, (rows.lead_id,), most)

    def intend(self, position: int, records: Sequence[Record], scores: Mapping[str, int]) -> None:
        """Say what is going to be sent. What stood there before the first attempt stays known."""
        if not records:
            return
        values = [
            {"sink": self._sink, "position": position, "lead_id": record.lead_id, "sent": dict(record.values or {}),
             "before": None if record.before is None else dict(record.before), "score": scores[record.lead_id],
             "stands": None}
            for record in records
        ]  # fmt: skip
        with self._asked() as connection:
            insert = _INSERTS[connection.dialect.name](SENT_RECORDS)
            again = {name: insert.excluded[name] for name in ("sent", "score", "stands")}
            keys = ["sink", "lead_id", "position"]
            connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=again), values)

    def acknowledge(self, position: int, stands: Mapping[str, Values], refused: Sequence[str] = ()) -> None:
        """Say what the records say now, by lead; what the place refused was never sent."""
        rows = SENT_RECORDS.c
        at = (rows.sink == self._sink, rows.position == position)
        says = (
            sa.update(SENT_RECORDS).where(*at, rows.lead_id == sa.bindparam("lead")).values(stands=sa.bindparam("says"))
        )
        with self._asked() as connection:
            if stands:
                connection.execute(says, [{"lead": lead, "says": dict(values)} for lead, values in stands.items()])
            for some in _parts(refused):
                connection.execute(sa.delete(SENT_RECORDS).where(*at, rows.lead_id.in_(some)))

    def finish(self, position: int, *, now: datetime, acknowledge_all: bool) -> None:
        """Say that all records of a run are there, in one transaction."""
        rows = WRITE_BACKS.c
        with self._asked() as connection:
            if acknowledge_all:
                at = (SENT_RECORDS.c.sink == self._sink, SENT_RECORDS.c.position == position)
                connection.execute(sa.update(SENT_RECORDS).where(*at).values(stands=SENT_RECORDS.c.sent))
            at_position = (rows.sink == self._sink, rows.position == position)
            connection.execute(sa.update(WRITE_BACKS).where(*at_position).values(finished_at=now))

    def undone(self, position: int, *, now: datetime) -> None:
        """Say that a run's records are taken back."""
        rows = WRITE_BACKS.c
        with self._asked() as connection:
            at = (rows.sink == self._sink, rows.position == position)
            connection.execute(sa.update(WRITE_BACKS).where(*at).values(undone_at=now))

    def _rows(
        self, where: Sequence[sa.ColumnElement[bool]], order: Sequence[sa.Column[object]], most: int | None = None
    ) -> list[Sent]:
        rows = SENT_RECORDS.c
        statement = sa.select(rows.position, rows.lead_id, rows.sent, rows.before, rows.score, rows.stands)
        with self._asked() as connection:
            return [Sent(*row) for row in connection.execute(statement.where(*where).order_by(*order).limit(most))]

    @contextmanager
    def _asked(self) -> Iterator[sa.Connection]:
        with answering(self._engine.url, "score.store"), self._engine.begin() as connection:
            yield connection


@contextmanager
def opened_ledger(url: sa.URL, sink: str, *, writing: bool) -> Iterator[Ledger]:
    """Open the ledger of a place; who writes is alone there until the end.

    Raises
    ------
    InputError
        If the database does not answer, or another job writes to this place.
    """
    with opened_engine(url, "score.store") as engine:
        if not writing:
            yield Ledger(engine, sink)
        else:
            with alone_at(engine, sink, where=f"score.sinks.{sink}"):
                yield Ledger(engine, sink)


def _parts(lead_ids: Sequence[str], most: int = 500) -> Iterator[Sequence[str]]:
    for start in range(0, len(lead_ids), most):
        yield lead_ids[start : start + most]
