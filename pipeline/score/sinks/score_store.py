"""The score store: a database, written in chunks by upsert, so that a run can be repeated and changes nothing twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Self

import pandas as pd
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql, sqlite

from features.errors import InputError
from models.scoring.score_columns import COLUMNS, JSON_COLUMNS, KEY
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_tables import SCORE_RUNS, SCORES
from pipeline.score.sinks.store_url import address, read_url, shown, sqlite_url

STORE_VARIABLE = "LEADSCORE_STORE"
"""Environment variable with the store's URL, where ``score.store`` is not set; the server reads the same."""
_INSERTS: Mapping[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_MIGRATION_LOCK = 7_253_101_846
"""PostgreSQL advisory lock: two runs that start at once migrate one after the other."""
_NUL = "\0"
_CONTENT = tuple(column.name for column in COLUMNS if not column.key and column.filled_by != "store")
"""What a row says: a row that says the same as before keeps the time it was written at."""


class ScoreStore:
    """The tables ``scores`` and ``score_runs`` in SQLite or PostgreSQL; as a sink, `pipeline.score.sinks.sink.Sink`.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        ``sqlite:///FILE`` or ``postgresql://…``. Nothing is opened before the first question, and only `write` creates
        or migrates tables.
    chunk_rows : int
        Rows a transaction.

    Raises
    ------
    InputError
        If the URL cannot be used. Whatever opens the store raises it too: if nothing answers there, or a newer
        leadscore wrote the store.
    """

    def __init__(self, url: str | sa.URL, *, chunk_rows: int = 5_000) -> None:
        self._url = read_url(url)
        self._chunk_rows = chunk_rows

    @classmethod
    def from_settings(cls, given: Mapping[str, Any], outputs: Path) -> Self:
        """Return the store as set, else as the environment says, else a SQLite file beside the outputs."""
        url = given["url"] or os.environ.get(STORE_VARIABLE) or sqlite_url(outputs / "scores.sqlite")
        return cls(url, chunk_rows=given["chunk_rows"])

    def place(self, outputs: Path) -> dict[str, Any]:
        """Return where the store is: dialect, host, and the database or the file."""
        return address(self._url, outputs)

    def write(
        self, scores: pd.DataFrame, run: ScoreRun, *, now: datetime, on_rows: Callable[[int], None] | None = None
    ) -> int:
        """Write one run's scores by upsert; each chunk is one transaction.

        Rows already there with equal content keep their ``scored_at``. The store is created or migrated first.

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
        changed = 0
        with self._engine() as engine:
            self._migrate(engine)
            _record_run(engine, run, leads=int(scores["lead_id"].nunique()), started_at=now)
            for chunk in _chunks(ordered, self._chunk_rows):
                records = _records(chunk, run=run, now=now)
                with engine.begin() as connection:
                    changed += _upsert(connection, records)
                if on_rows is not None:
                    on_rows(len(records))
            with engine.begin() as connection:
                finished_at = now + timedelta(seconds=monotonic() - began)
                done = sa.update(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run.run_id).values(finished_at=finished_at)
                connection.execute(done)
        return changed

    def holds(self, run: ScoreRun) -> bool:
        """Whether a finished run is here with all its scores; a store that is not there holds none and stays away."""
        if not self._is_there():
            return False
        finished = sa.select(SCORE_RUNS.c.run_id).where(
            SCORE_RUNS.c.run_id == run.run_id, SCORE_RUNS.c.finished_at.is_not(None)
        )
        with self._engine() as engine, self._answering(), engine.connect() as connection:
            if not all(sa.inspect(connection).has_table(table.name) for table in (SCORE_RUNS, SCORES)):
                return False
            return connection.execute(finished).first() is not None and _rows_of(connection, run) == run.about.leads

    def read(self) -> pd.DataFrame:
        """Return the whole history: one row a score, ordered by lead, as-of time and model version."""
        statement = sa.select(SCORES).order_by(*(SCORES.c[name] for name in KEY))
        with self._engine() as engine, engine.connect() as connection:
            rows = [row._asdict() for row in connection.execute(statement)]
        return pd.DataFrame(rows, columns=[c.name for c in SCORES.columns])

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs that wrote here, oldest first."""
        statement = sa.select(SCORE_RUNS).order_by(SCORE_RUNS.c.started_at, SCORE_RUNS.c.run_id)
        with self._engine() as engine, engine.connect() as connection:
            return [row._asdict() for row in connection.execute(statement)]

    def migrate(self) -> None:
        """Create the tables, or bring those of an older version up to date.

        Raises
        ------
        InputError
            If nothing answers, or a newer leadscore wrote the store.
        """
        with self._engine() as engine:
            self._migrate(engine)

    def _migrate(self, engine: sa.Engine) -> None:
        config = Config()
        # The path is data: a percent sign in it must not be read as interpolation.
        folder = str(Path(__file__).resolve().parent / "migrations").replace("%", "%%")
        config.set_main_option("script_location", folder)
        _make_folder(self._url)
        with self._answering(), engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _is_there(self) -> bool:
        """Whether there is something to ask: opening a SQLite file that is missing would create it."""
        return self._url.get_backend_name() != "sqlite" or Path(self._url.database or "").is_file()

    @contextmanager
    def _engine(self) -> Iterator[sa.Engine]:
        engine = _create_engine(self._url)
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn what the driver or Alembic says at the first question into a message."""
        is_file = self._url.get_backend_name() == "sqlite"
        try:
            yield
        except sa.exc.DatabaseError as error:
            raise InputError(
                expected="a file that can hold the scores" if is_file else "a database that answers",
                found=_first_line(error),
                table=shown(self._url),
                hint="Check score.store"
                + (" and who may write there" if is_file else " and that the server is running"),
            ) from None
        except CommandError as error:
            raise InputError(
                expected="a score store of this version or older",
                found=_first_line(error),
                table=shown(self._url),
                hint="Update leadscore, or give another score.store",
            ) from None


def _record_run(engine: sa.Engine, run: ScoreRun, *, leads: int, started_at: datetime) -> None:
    values = {
        "run_id": run.run_id, "model_version": run.model_version, "cutoff_version": run.cutoff_version,
        "leads": leads, "about": run.about.model_dump(mode="json"), "started_at": started_at, "finished_at": None,
        "wording": None if run.wording is None else run.wording.model_dump(mode="json"),
    }  # fmt: skip
    insert = _insert(engine, SCORE_RUNS)
    update = {name: insert.excluded[name] for name in values if name != "run_id"}
    with engine.begin() as connection:
        connection.execute(insert.on_conflict_do_update(index_elements=["run_id"], set_=update), [values])


def _upsert(connection: sa.Connection, records: list[dict[str, Any]]) -> int:
    insert = _insert(connection.engine, SCORES)
    differs = sa.or_(*(SCORES.c[name].is_distinct_from(insert.excluded[name]) for name in _CONTENT))
    update = {name: insert.excluded[name] for name in (*_CONTENT, "scored_at")}
    statement = insert.on_conflict_do_update(index_elements=list(KEY), set_=update, where=differs)
    counted = statement.execution_options(preserve_rowcount=True)
    return int(connection.execute(counted, records).rowcount)


def _insert(engine: sa.Engine, table: sa.Table) -> Any:
    return _INSERTS[engine.dialect.name](table)


def _rows_of(connection: sa.Connection, run: ScoreRun) -> int:
    counted = sa.select(sa.func.count()).select_from(SCORES).where(SCORES.c.run_id == run.run_id)
    return int(connection.execute(counted).scalar_one())


def _make_folder(url: sa.URL) -> None:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        in_the_way = isinstance(error, (FileExistsError, NotADirectoryError))
        raise InputError(
            expected="a folder for the score store",
            found="a file in its place" if in_the_way else error.strerror or type(error).__name__,
            table=shown(url),
            hint="Check score.store and who may write there",
        ) from None


def _create_engine(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url)
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
        lead_id = repr(scores.loc[unusable, "lead_id"].iloc[0])
        raise InputError(expected="a lead id without NUL characters", found=lead_id, table="scores", column="lead_id")
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
