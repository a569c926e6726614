"""The score store as the server reads it: by reflection, never writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import InputError
from models.scoring.groups import GROUPS
from models.scoring.run_about import RunAbout
from models.scoring.wording import ScoreWording
from serve.reading.store_url import for_reading, read_url, shown

CURRENT = "current_scores"
"""The view of one row an open lead."""

WORDING = "wording"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LeadPage:
    """Some of the open leads, and how many there are.

    Attributes
    ----------
    rows : list of mapping
        Score rows, highest priority first.
    matching : int
        Leads that fit group and search, on all pages together.
    counts : mapping of str to int
        Leads a group that fit search and grades; they add up to ``found``.
    total : int
        All open leads.
    """

    rows: list[Row]
    matching: int
    counts: Mapping[str, int]
    total: int

    @property
    def found(self) -> int:
        """Leads that fit search and grades, in whatever group."""
        return sum(self.counts.values())


class _Tables(NamedTuple):
    scores: sa.Table
    runs: sa.Table
    current: sa.Table
    wordings: sa.Table
    """The runs with what their scores are worded by, which is long and seldom needed."""


class StoredRun(BaseModel):
    """One run that wrote scores, as its row of ``score_runs`` says.

    Attributes
    ----------
    run_id, model_version, cutoff_version : str
    leads : int
        That it scored.
    about : RunAbout
        What it says of its scores.
    started_at : datetime
    finished_at : datetime or None
        None while it runs and after a crash.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    model_version: str
    cutoff_version: str
    leads: int
    about: RunAbout
    started_at: datetime
    finished_at: datetime | None


class ScoreReader:
    """Reads ``scores``, ``score_runs`` and the view ``current_scores``.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        Of the score store. Nothing is opened before the first question.
    """

    def __init__(self, url: str | sa.URL) -> None:
        parsed = read_url(url)
        self.place = shown(parsed)
        """Where the store is, without user and password."""
        self._engine = sa.create_engine(for_reading(parsed), pool_pre_ping=True)
        self._tables: _Tables | None = None

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _reflected(self) -> _Tables:
        if self._tables is None:
            metadata = sa.MetaData()
            try:
                metadata.reflect(self._engine, only=["scores", "score_runs"])
            except (sa.exc.InvalidRequestError, sa.exc.DatabaseError):
                raise InputError(
                    expected="a score store with scores in it",
                    found=f"none that can be read in {self.place}",
                    hint="Run 'leadscore score' first, or set LEADSCORE_STORE to where the scores are",
                ) from None
            scores = metadata.tables["scores"]
            current = sa.Table(CURRENT, metadata, *(sa.Column(column.name, column.type) for column in scores.columns))
            try:
                with self._engine.connect() as connection:
                    connection.execute(
                        sa.select(sa.literal_column("counted_as")).select_from(current).where(sa.false())
                    )
            except sa.exc.DatabaseError:
                raise InputError(
                    expected=f"a score store with the view {CURRENT}, and the right to read it",
                    found=f"none that can be read in {self.place}",
                    hint="Run 'leadscore score' again: it brings the store of an earlier version up to date. "
                    f"On PostgreSQL the server's role needs SELECT on {CURRENT} too",
                ) from None
            wordings = metadata.tables["score_runs"]
            runs = sa.Table(
                "score_runs", sa.MetaData(), *(sa.Column(c.name, c.type) for c in wordings.c if c.name != WORDING)
            )
            self._tables = _Tables(scores, runs, current, wordings)
        return self._tables

    def latest_run(self) -> StoredRun | None:
        """Return the run that was completed last, or None."""
        runs = self._reflected().runs
        return self._run(sa.select(runs).where(runs.c.finished_at.is_not(None)).order_by(runs.c.started_at.desc()))

    def is_running(self) -> bool:
        """Whether a run was begun after the last completed one and is not completed itself."""
        runs = self._reflected().runs
        newest = self._first(sa.select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id))
        return newest is not None and newest["finished_at"] is None

    def run(self, run_id: str) -> StoredRun | None:
        """Return one run."""
        runs = self._reflected().runs
        return self._run(sa.select(runs).where(runs.c.run_id == run_id))

    def wording(self, run_id: str) -> ScoreWording | None:
        """Return what a run's scores are worded by; None where the run does not say, as older ones."""
        wordings = self._reflected().wordings
        if WORDING not in wordings.c:
            return None
        row = self._first(sa.select(wordings.c[WORDING]).where(wordings.c.run_id == run_id))
        return None if row is None or row[WORDING] is None else ScoreWording.model_validate(row[WORDING])

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
        tables = self._reflected()
        scores, runs = tables.scores, tables.runs
        joined = scores.outerjoin(runs, runs.c.run_id == scores.c.run_id)
        newest = (scores.c.as_of.desc(), runs.c.started_at.desc(), scores.c.model_version)
        statement = sa.select(scores).select_from(joined).where(scores.c.lead_id == lead_id).order_by(*newest)
        return self._all(statement.limit(limit))

    def open_leads(
        self,
        *,
        probability: str,
        group: str | None = None,
        search: str = "",
        fit_grade: str | None = None,
        behaviour_grade: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> LeadPage:
        """Return open leads by priority: group, then probability.

        Parameters
        ----------
        probability : {"p_sql", "p_close"}
            The column that cut-offs work on.
        group : str, optional
            One of `models.scoring.groups.GROUPS`; None is all.
        search : str
            Part of a lead id, in any case.
        fit_grade, behaviour_grade : str, optional
            Only leads with this grade.
        limit, offset : int
            Which page.
        """
        current = self._reflected().current
        grouped = current.c.counted_as
        count = sa.select(grouped, sa.func.count().label("leads")).group_by(grouped)
        fits = sa.and_(
            sa.true(),
            *([current.c.lead_id.icontains(search.replace("\0", ""), autoescape=True)] if search else []),
            *([current.c.fit_grade == fit_grade] if fit_grade else []),
            *([current.c.behaviour_grade == behaviour_grade] if behaviour_grade else []),
        )
        total = sum(int(row["leads"]) for row in self._all(count))
        counts = {row["counted_as"]: int(row["leads"]) for row in self._all(count.where(fits))}
        wanted = grouped == group if group is not None else sa.true()
        rank = sa.case({name: place for place, name in enumerate(GROUPS)}, value=grouped)
        ordered = (rank, current.c[probability].desc(), current.c.lead_id)
        shown_rows = sa.select(current).where(fits, wanted).order_by(*ordered)
        rows = self._all(shown_rows.limit(limit).offset(offset))
        matching = sum(counts.values()) if group is None else counts.get(group, 0)
        return LeadPage(rows, matching, counts, total)

    def _first(self, statement: sa.Select[Any]) -> Row | None:
        rows = self._all(statement.limit(1))
        return rows[0] if rows else None

    def _run(self, statement: sa.Select[Any]) -> StoredRun | None:
        rows = self._all(statement.limit(1))
        try:
            return StoredRun.model_validate(rows[0]) if rows else None
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(
                expected="a run that says of itself what leadscore wrote", found=first["msg"], table="score_runs",
                column=".".join(str(part) for part in first["loc"]), row=str(rows[0]["run_id"]),
                hint="Run 'leadscore score' again, with the version that serves",
            ) from None  # fmt: skip

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
