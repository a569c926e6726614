"""Where scores live: written in chunks by upsert, so that a run can be repeated and changes nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql, sqlite

from features.errors import InputError
from pipeline.score.sinks.store_tables import JSON_COLUMNS, KEY, SCORE_RUNS, SCORES
from pipeline.score.sinks.store_url import read_url, shown

_INSERTS: Mapping[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_MIGRATION_LOCK = 7_253_101_846
"""PostgreSQL advisory lock: two runs that start at once migrate one after the other."""
_NUL = "\0"
_CONTENT = tuple(c.name for c in SCORES.columns if c.name not in (*KEY, "scored_at"))


@dataclass(frozen=True)
class ScoreRun:
    """What one run of the stage ``score`` says about itself.

    Attributes
    ----------
    run_id : str
        Derived from the contents that went in: equal inputs give an equal id.
    model_version, cutoff_version : str
    about : mapping
        What a page needs to word the scores: source, targets, cut-offs.
    """

    run_id: str
    model_version: str
    cutoff_version: str
    about: Mapping[str, Any]


class ScoreStore:
    """The tables ``scores`` and ``score_runs`` in SQLite or PostgreSQL.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: ``sqlite:///FILE`` or ``postgresql://…``. Tables are created or migrated when it is opened.

    Raises
    ------
    InputError
        If the URL cannot be used, nothing answers there, or a newer leadscore wrote the store.
    """

    def __init__(self, url: str) -> None:
        read = read_url(url)
        self._engine = _engine(read)
        try:
            self._migrate()
        except sa.exc.DatabaseError as error:
            self._engine.dispose()
            is_file = read.get_backend_name() == "sqlite"
            raise InputError(
                expected="a file that can hold the scores" if is_file else "a database that answers",
                found=_first_line(error),
                table=shown(read),
                hint="Check score.store"
                + (" and who may write there" if is_file else " and that the server is running"),
            ) from None
        except CommandError as error:
            self._engine.dispose()
            raise InputError(
                expected="a score store of this version or older",
                found=_first_line(error),
                table=shown(read),
                hint="Update leadscore, or give another score.store",
            ) from None

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _migrate(self) -> None:
        config = Config()
        # The path is data: a percent sign in it must not be read as interpolation.
        folder = str(Path(__file__).resolve().parent / "migrations").replace("%", "%%")
        config.set_main_option("script_location", folder)
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def write(
        self,
        scores: pd.DataFrame,
        *,
        run: ScoreRun,
        now: datetime,
        chunk_rows: int = 5_000,
        on_chunk: Callable[[int], None] | None = None,
    ) -> int:
        """Write one run's scores; each chunk is one transaction.

        Parameters
        ----------
        scores : DataFrame
            One row a lead and as-of time, with the columns of ``scores`` but for ``run_id``, the two versions (taken
            from ``run``) and ``scored_at``; JSON columns hold lists.
        run : ScoreRun
        now : datetime
            When the writing begins, with a zone. Rows already there with equal content keep their ``scored_at``.
        chunk_rows : int
        on_chunk : callable, optional
            Told the number of rows after each chunk.

        Returns
        -------
        int
            Rows that are new or differ from what was there.

        Raises
        ------
        InputError
            If a lead id cannot be kept in a database, or a lead stands twice at one as-of time.
        """
        _check_keys(scores)
        began = monotonic()
        ordered = scores.sort_values(["lead_id", "as_of"], kind="stable")
        self._record_run(run, leads=int(scores["lead_id"].nunique()), started_at=now)
        changed = 0
        for chunk in _chunks(ordered, chunk_rows):
            records = _records(chunk, run=run, now=now)
            with self._engine.begin() as connection:
                changed += self._upsert(connection, records)
            if on_chunk is not None:
                on_chunk(len(records))
        with self._engine.begin() as connection:
            finished_at = now + timedelta(seconds=monotonic() - began)
            done = sa.update(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run.run_id).values(finished_at=finished_at)
            connection.execute(done)
        return changed

    def _record_run(self, run: ScoreRun, *, leads: int, started_at: datetime) -> None:
        values = {
            "run_id": run.run_id, "model_version": run.model_version, "cutoff_version": run.cutoff_version,
            "leads": leads, "about": dict(run.about), "started_at": started_at, "finished_at": None,
        }  # fmt: skip
        insert = self._insert(SCORE_RUNS)
        update = {name: insert.excluded[name] for name in values if name != "run_id"}
        with self._engine.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["run_id"], set_=update), [values])

    def _upsert(self, connection: sa.Connection, records: list[dict[str, Any]]) -> int:
        insert = self._insert(SCORES)
        differs = sa.or_(*(SCORES.c[name].is_distinct_from(insert.excluded[name]) for name in _CONTENT))
        update = {name: insert.excluded[name] for name in (*_CONTENT, "scored_at")}
        statement = insert.on_conflict_do_update(index_elements=list(KEY), set_=update, where=differs)
        counted = statement.execution_options(preserve_rowcount=True)
        return int(connection.execute(counted, records).rowcount)

    def _insert(self, table: sa.Table) -> Any:
        return _INSERTS[self._engine.dialect.name](table)

    def read(self) -> pd.DataFrame:
        """Return the whole history: one row a score, ordered by lead, as-of time and model version."""
        statement = sa.select(SCORES).order_by(*(SCORES.c[name] for name in KEY))
        with self._engine.connect() as connection:
            rows = [row._asdict() for row in connection.execute(statement)]
        return pd.DataFrame(rows, columns=[c.name for c in SCORES.columns])

    def rows_of(self, run_id: str) -> int:
        """Return how many scores of a run are here."""
        with self._engine.connect() as connection:
            counted = sa.select(sa.func.count()).select_from(SCORES).where(SCORES.c.run_id == run_id)
            return int(connection.execute(counted).scalar_one())

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs that wrote here, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(SCORE_RUNS).order_by(SCORE_RUNS.c.started_at, SCORE_RUNS.c.run_id))
            return [row._asdict() for row in rows]


@contextmanager
def open_store(url: str) -> Iterator[ScoreStore]:
    """Open a score store and close it again."""
    store = ScoreStore(url)
    try:
        yield store
    finally:
        store.close()


def _engine(url: sa.URL) -> sa.Engine:
    try:
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        return sa.create_engine(url)
    except OSError as error:
        in_the_way = isinstance(error, (FileExistsError, NotADirectoryError))
        raise InputError(
            expected="a folder for the score store",
            found="a file in its place" if in_the_way else error.strerror or type(error).__name__,
            table=shown(url),
            hint="Check score.store and who may write there",
        ) from None
    except ModuleNotFoundError as error:
        hint = "Install it: pip install 'leadscore[postgres]'"
        raise InputError(
            expected="a database driver", found=f"no module {error.name}", table="score.store", hint=hint
        ) from None
    except sa.exc.NoSuchModuleError:
        raise InputError(
            expected="sqlite:///FILE or postgresql://…", found=f"{url.drivername}://…", table="score.store"
        ) from None


def _check_keys(scores: pd.DataFrame) -> None:
    unusable = scores["lead_id"].isna() | scores["lead_id"].astype(str).str.contains(_NUL, regex=False)
    if unusable.any():
        found = repr(scores.loc[unusable, "lead_id"].iloc[0])
        raise InputError(expected="a lead id without NUL characters", found=found, table="scores", column="lead_id")
    twice = scores.duplicated(["lead_id", "as_of"])
    if twice.any():
        first = scores.loc[twice].iloc[0]
        raise InputError(
            expected="one score for each lead and as-of time", found=f"two at {first['as_of']}",
            table="scores", column="lead_id", row=str(first["lead_id"]),
        )  # fmt: skip


def _chunks(frame: pd.DataFrame, rows: int) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), rows):
        yield frame.iloc[start : start + rows]


def _records(chunk: pd.DataFrame, *, run: ScoreRun, now: datetime) -> list[dict[str, Any]]:
    fixed = {
        "run_id": run.run_id, "model_version": run.model_version, "cutoff_version": run.cutoff_version,
        "scored_at": now,
    }  # fmt: skip
    return [{str(name): _plain(name, value) for name, value in row.items()} | fixed for row in chunk.to_dict("records")]


def _plain(name: Any, value: Any) -> Any:
    """Return what a database driver takes: no NaN, no pandas times, no NUL inside JSON text."""
    if name in JSON_COLUMNS:
        return _without_nul(value)
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return None if pd.isna(value) else value


def _without_nul(value: Any) -> Any:
    """Return JSON-like data with NUL characters, which PostgreSQL cannot keep, replaced by U+FFFD."""
    if isinstance(value, str):
        return value.replace(_NUL, "�")
    if isinstance(value, Mapping):
        return {str(key): _without_nul(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nul(inner) for inner in value]
    return value


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
