"""Scores that were kept long enough, and what those that stay come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from pipeline.score.sinks.one_writer import alone
from pipeline.score.sinks.store_tables import DELIVERIES, NEWS, SCORE_RUNS, SCORES, SENT_RECORDS, WRITE_BACKS
from pipeline.score.sinks.store_url import store_url


def drop_scores(given: str | None, outputs: Path, *, before: str, dry_run: bool) -> int:
    """Delete the scores of moments before a time, but for those of the run in force; return how many there are.

    What tools were sent of them goes with them; the last that a lead's record was sent stays while it has a score.

    Parameters
    ----------
    given : str or None
        ``score.store`` of the settings.
    outputs : Path
        The run's output folder.
    before : str
        ISO 8601, UTC.
    dry_run : bool
        Only count them.
    """
    with _store(given, outputs) as connection:
        if connection is None:
            return 0
        old = sa.and_(SCORES.c.as_of < datetime.fromisoformat(before), SCORES.c.run_id != _in_force())
        if dry_run:
            return int(connection.execute(sa.select(sa.func.count()).select_from(SCORES).where(old)).scalar_one())
        _drop_news(connection, datetime.fromisoformat(before))
        dropped = connection.execute(sa.delete(SCORES).where(old)).rowcount
        _drop_sent(connection, datetime.fromisoformat(before))
        return dropped


def scored_by(given: str | None, outputs: Path, *, since: str | None) -> set[tuple[str, str]]:
    """Return the models and cut-offs that stored scores come from, of moments since a time or of all.

    Returns
    -------
    set of (str, str)
        ``model_version`` and ``cutoff_version``.
    """
    with _store(given, outputs) as connection:
        if connection is None:
            return set()
        pairs = sa.select(SCORES.c.model_version, SCORES.c.cutoff_version).distinct()
        if since is not None:
            stays = sa.or_(SCORES.c.as_of >= datetime.fromisoformat(since), SCORES.c.run_id == _in_force())
            pairs = pairs.where(stays)
        return {(row[0], row[1]) for row in connection.execute(pairs)}


def _drop_sent(connection: sa.Connection, before: datetime) -> None:
    """Drop what tools were sent before a time: all of a lead without scores, of others all but the last."""
    if not sa.inspect(connection).has_table(SENT_RECORDS.name):  # stores of earlier versions sent nothing
        return
    sent, later = SENT_RECORDS.c, SENT_RECORDS.alias("later")
    of_run = (WRITE_BACKS.c.sink == sent.sink, WRITE_BACKS.c.position == sent.position)
    is_old = sa.exists().where(*of_run, WRITE_BACKS.c.as_of < before)
    is_not_last = sa.exists().where(
        later.c.sink == sent.sink, later.c.lead_id == sent.lead_id, later.c.position > sent.position
    )
    has_no_score = ~sa.exists().where(SCORES.c.lead_id == sent.lead_id)
    connection.execute(sa.delete(SENT_RECORDS).where(is_old, sa.or_(is_not_last, has_no_score)))


def _drop_news(connection: sa.Connection, before: datetime) -> None:
    """Drop what was told of leads before a time, together with their scores of then."""
    if sa.inspect(connection).has_table(NEWS.name):
        old = sa.select(NEWS.c.news_id).where(NEWS.c.at < before)
        connection.execute(sa.delete(DELIVERIES).where(DELIVERIES.c.news_id.in_(old)))
        connection.execute(sa.delete(NEWS).where(NEWS.c.at < before))


def _in_force() -> sa.ScalarSelect[str]:
    visible = (SCORE_RUNS.c.sequence.is_not(None), SCORE_RUNS.c.undone_at.is_(None))
    newest = sa.select(SCORE_RUNS.c.run_id).where(*visible).order_by(SCORE_RUNS.c.sequence.desc())
    return newest.limit(1).scalar_subquery()


@contextmanager
def _store(given: str | None, outputs: Path) -> Iterator[sa.Connection | None]:
    url = store_url(given, outputs)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        yield None
        return
    with alone(url) as connection, connection.begin():
        yield connection
