"""The score store as the server reads it: by reflection, never writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from features.errors import InputError

BANDS = ("SAL", "MQL", "none")
"""Highest priority first."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LeadPage:
    """Some of the open leads, and how many there are.

    Attributes
    ----------
    rows : list of mapping
        Score rows, highest priority first.
    matching : int
        Leads that fit band and search, on all pages together.
    counts : mapping of str to int
        Open leads a band, and ``reached`` for those who have reached the target already; search applied.
    """

    rows: list[Row]
    matching: int
    counts: Mapping[str, int]


class ScoreReader:
    """Reads ``scores`` and ``score_runs``.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the score store. Nothing is opened before the first question.
    """

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            # Read only, and a missing file stays missing instead of coming to life empty.
            parsed = parsed.set(database=f"file:{quote(parsed.database or '')}")
            parsed = parsed.update_query_dict({"mode": "ro", "uri": "true"})
        self._engine = sa.create_engine(parsed, pool_pre_ping=True)
        self._tables: tuple[sa.Table, sa.Table] | None = None

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _reflected(self) -> tuple[sa.Table, sa.Table]:
        if self._tables is None:
            metadata = sa.MetaData()
            try:
                metadata.reflect(self._engine, only=["scores", "score_runs"])
            except (sa.exc.InvalidRequestError, sa.exc.OperationalError):
                raise InputError(
                    expected="a score store with scores in it",
                    found="none that can be read",
                    hint="Run 'leadscore score' first",
                ) from None
            self._tables = metadata.tables["scores"], metadata.tables["score_runs"]
        return self._tables

    def latest_run(self) -> Row | None:
        """Return the run that was completed last, or None."""
        _, runs = self._reflected()
        return self._first(sa.select(runs).where(runs.c.finished_at.is_not(None)).order_by(runs.c.started_at.desc()))

    def is_running(self) -> bool:
        """Whether a run was begun and not completed after the last completed one."""
        return len(self._current_runs()) > 1

    def run(self, run_id: str) -> Row | None:
        """Return one run."""
        _, runs = self._reflected()
        return self._first(sa.select(runs).where(runs.c.run_id == run_id))

    def current(self, lead_id: str) -> Row | None:
        """Return a lead's newest score (latest as-of time; of several models the one that ran last), or None."""
        rows = self._scores_of(lead_id, limit=1)
        return rows[0] if rows else None

    def history(self, lead_id: str, *, limit: int = 500) -> list[Row]:
        """Return a lead's scores, newest first."""
        return self._scores_of(lead_id, limit=limit)

    def _scores_of(self, lead_id: str, *, limit: int) -> list[Row]:
        if "\0" in lead_id:  # PostgreSQL cannot even be asked
            return []
        scores, runs = self._reflected()
        joined = scores.outerjoin(runs, runs.c.run_id == scores.c.run_id)
        newest = (scores.c.as_of.desc(), runs.c.started_at.desc(), scores.c.model_version)
        statement = sa.select(scores).select_from(joined).where(scores.c.lead_id == lead_id).order_by(*newest)
        return self._all(statement.limit(limit))

    def open_leads(
        self, *, probability: str, band: str | None = None, search: str = "", limit: int = 50, offset: int = 0
    ) -> LeadPage:
        """Return open leads by priority: band, then probability.

        Parameters
        ----------
        probability : {"p_sql", "p_close"}
            The column that cut-offs work on.
        band : str, optional
            ``SAL``, ``MQL``, ``none`` or ``reached`` (has reached the target already); None is all but ``reached``.
        search : str
            Part of a lead id, in any case.
        limit, offset : int
            Which page.
        """
        current = self._current_scores()
        found = [current.c.place == 1]
        if search:
            found.append(current.c.lead_id.icontains(search.replace("\0", ""), autoescape=True))
        group = sa.case((current.c.reached, "reached"), else_=current.c.band).label("band_or_reached")
        counted = self._all(sa.select(group, sa.func.count().label("leads")).where(*found).group_by(group))
        counts = {row["band_or_reached"]: int(row["leads"]) for row in counted}
        wanted = group == band if band is not None else group != "reached"
        rank = sa.case({name: place for place, name in enumerate(BANDS)}, value=current.c.band)
        ordered = (rank, current.c[probability].desc(), current.c.lead_id)
        rows = self._all(sa.select(current).where(*found, wanted).order_by(*ordered).limit(limit).offset(offset))
        chosen = [band] if band is not None else list(BANDS)
        return LeadPage(rows, sum(counts.get(name, 0) for name in chosen), counts)

    def _current_scores(self) -> sa.Subquery:
        """Return the rows of the current runs; ``place`` is 1 for the newest row of each lead."""
        scores, runs = self._reflected()
        newest = (scores.c.as_of.desc(), runs.c.started_at.desc(), scores.c.model_version)
        place = sa.func.row_number().over(partition_by=scores.c.lead_id, order_by=newest).label("place")
        joined = scores.join(runs, runs.c.run_id == scores.c.run_id)
        return sa.select(scores, place).select_from(joined).where(scores.c.run_id.in_(self._current_runs())).subquery()

    def _current_runs(self) -> list[str]:
        """Return the run completed last and those begun since, so that rows replaced meanwhile stay in the list."""
        _, runs = self._reflected()
        statement = sa.select(runs.c.run_id, runs.c.finished_at).order_by(runs.c.started_at.desc(), runs.c.run_id)
        current = []
        for row in self._all(statement):
            current.append(str(row["run_id"]))
            if row["finished_at"] is not None:
                break
        return current

    def _first(self, statement: sa.Select[Any]) -> Row | None:
        rows = self._all(statement.limit(1))
        return rows[0] if rows else None

    def _all(self, statement: sa.Select[Any]) -> list[Row]:
        with self._engine.connect() as connection:
            return [
                {name: _in_utc(value) for name, value in row.items()}
                for row in connection.execute(statement).mappings()
            ]


def _in_utc(value: Any) -> Any:
    """SQLite keeps times without zone: they are UTC."""
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
