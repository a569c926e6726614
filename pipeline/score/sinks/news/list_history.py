"""Which run was in force before and after each entry of the store's log: the history of the list, never of a clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipeline.score.sinks.news.list_changes import list_changes
from pipeline.score.sinks.news.news import News
from pipeline.score.sinks.store_tables import SCORE_LOG, SCORE_RUNS, SCORES
from pipeline.score.sinks.write_back.current_run import stored_run


@dataclass(frozen=True)
class ListStep:
    """One entry of the log.

    Attributes
    ----------
    entry : int
    what : str
        ``visible`` or ``undone``.
    run_id : str
        The run that became visible, or was taken back.
    at : datetime
    who, why : str or None
    before, now : str or None
        The run in force before and after it.
    """

    entry: int
    what: str
    run_id: str
    at: datetime
    who: str | None
    why: str | None
    before: str | None
    now: str | None


def steps(connection: sa.Connection) -> Iterator[ListStep]:
    """Yield the whole log, oldest first, with what was in force."""
    visible: dict[str, int] = {}
    before = None
    for row in connection.execute(sa.select(SCORE_LOG).order_by(SCORE_LOG.c.entry)).all():
        if row.what == "visible":
            visible[row.run_id] = row.entry
        else:
            visible.pop(row.run_id, None)
        now = max(visible, key=lambda run_id: visible[run_id], default=None)
        yield ListStep(row.entry, row.what, row.run_id, row.at, row.who, row.why, before, now)
        before = now


def news_of(connection: sa.Connection, step: ListStep) -> Iterator[News]:
    """Yield what one step makes true.

    The list that a store begins with is no news, nor is that of another source or another folder that takes its place.
    What a run said that is taken back is corrected by one piece of news: the leads are those that were told of it.
    """
    if step.before == step.now or step.before is None:
        return
    key = (str(step.entry), step.run_id)
    if step.what == "undone":
        undone = {"who": step.who, "why": step.why, "as_of": stored_run(connection, step.run_id).about.observed_until}
        yield News("run.undone", key, step.at, undone, run_id=step.run_id, entry=step.entry)
        return
    if not _comparable(connection, step.before, str(step.now)):
        return
    before, now = (stored_run(connection, str(run_id)).about.decision for run_id in (step.before, step.now))
    if now is not None and now.version is not None and (before is None or before.version != now.version):
        facts: dict[str, Any] = {"version": now.version, "since": now.since, "signed_by": list(now.signed_by)}
        yield News("champion.changed", key, step.at, facts, run_id=step.now, entry=step.entry)
    for change in list_changes(connection, step.before, step.now):
        yield News(
            change.kind, (*key, change.lead_id), step.at, change.facts,
            lead_id=change.lead_id, run_id=step.now, entry=step.entry,
        )  # fmt: skip


def _comparable(connection: sa.Connection, before: str, now: str) -> bool:
    """Whether two runs are of one list, and both still have their scores."""
    rows = {
        row.run_id: row
        for row in connection.execute(sa.select(SCORE_RUNS).where(SCORE_RUNS.c.run_id.in_((before, now))))
    }
    old, new = rows[before], rows[now]
    same = all(None in pair or pair[0] == pair[1] for pair in ((old.source, new.source), (old.out, new.out)))
    return same and all(_has_scores(connection, row.run_id) or row.leads == 0 for row in (old, new))


def _has_scores(connection: sa.Connection, run_id: str) -> bool:
    return connection.execute(sa.select(SCORES.c.run_id).where(SCORES.c.run_id == run_id).limit(1)).first() is not None
