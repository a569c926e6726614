"""A table of any database that SQLAlchemy reaches: rows are read and upserted, each chunk in a transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from pydantic import Field, field_validator, model_validator

from features.errors import InputError
from pipeline.score.sinks.store_url import address, sqlite_url
from pipeline.score.sinks.write_back.databases import answering, opened_engine
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back.sendable import Scalar, Values, moment
from pipeline.score.sinks.write_back.target import Purpose, TargetOptions, password_from_environment

_FIELDS = {name: name for name in ("score", "probability", "band", "grade", "reasons", "as_of", "run_id")}
_TYPES: Mapping[str, Callable[[], sa.types.TypeEngine[Any]]] = {
    "score": sa.Integer,
    "probability": sa.Double,
    "points": sa.Double,
    "as_of": lambda: sa.DateTime(timezone=True),
}
_Answer = TypeVar("_Answer")


class SqlOptions(TargetOptions):
    """Settings of ``kind: sql``.

    Attributes
    ----------
    url : str or None
        SQLAlchemy's, without a password: that stands in the environment.
    file : str or None
        A SQLite file, by any path; in place of a URL.
    password_variable : str or None
    table, table_schema : str
    key : str
        The column that holds the lead's id.
    create : bool
        Make the table where there is none. Else it must be there.
    insert : bool
        Add a row for a lead that has none; else that lead is refused.
    chunk : int
        Rows a transaction.
    retries : int
        How often a transaction is tried again after a deadlock or a connection that broke.
    """

    kind: Literal["sql"] = "sql"
    url: str | None = None
    file: str | None = None
    password_variable: str | None = None
    table: str
    table_schema: str | None = None
    key: str = "lead_id"
    create: bool = False
    insert: bool = True
    chunk: int = Field(default=1_000, ge=1, le=10_000)
    retries: int = Field(default=3, ge=0, le=20)

    @field_validator("url")
    @classmethod
    def _without_password(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            url = sa.make_url(text)
        except (sa.exc.ArgumentError, ValueError):
            raise ValueError("this is no SQLAlchemy URL") from None
        if url.password:
            raise ValueError("a password belongs into the environment: password_variable names the variable")
        return text

    @model_validator(mode="after")
    def _one_place(self) -> SqlOptions:
        if (self.url is None) == (self.file is None):
            raise ValueError("give either url or file")
        return self

    @property
    def address(self) -> sa.URL:
        """Where the database is, without a password."""
        if self.file is not None:
            return sqlite_url(Path(self.file))
        url = sa.make_url(str(self.url))
        return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


class SqlTable:
    """A table (`target.Target`).

    Parameters
    ----------
    name : str
        The sink's.
    options : SqlOptions
    outputs : Path
        A relative SQLite file is looked for from the working directory, as SQLAlchemy does; it is not used.
    """

    at_once = True

    def __init__(self, name: str, options: SqlOptions, outputs: Path) -> None:
        self.options, self.chunk, self._name = options, options.chunk, name
        self.fields: Mapping[str, str] = options.fields or _FIELDS
        self._url = options.address

    def place(self, outputs: Path) -> dict[str, Any]:
        """Return dialect, host, database and table."""
        return {**address(self._url, outputs), "table": self.options.table, "schema": self.options.table_schema}

    @contextmanager
    def opened(self, run_id: str, purpose: Purpose = "send") -> Iterator[OpenTable]:
        """Connect, and find the table or make it."""
        url = self._url
        if url.get_backend_name() != "sqlite":
            password = password_from_environment(self._name, self.options.password_variable)
            url = url if password is None else url.set(password=password)
        where = f"score.sinks.{self._name}"
        with opened_engine(url, where) as engine:
            with answering(self._url, where):
                table = self._table(engine, making=purpose != "look")
            yield OpenTable(engine, table, self.options, where)

    def left_after_undo(self, run_id: str) -> str | None:
        """Return nothing: a table can be taken back."""
        return None

    def _table(self, engine: sa.Engine, *, making: bool) -> sa.Table | None:
        """Return the table; None where it is only going to be made."""
        options = self.options
        metadata = sa.MetaData(schema=options.table_schema)
        if not sa.inspect(engine).has_table(options.table, schema=options.table_schema):
            if not options.create:
                raise InputError(
                    expected=f"a table {options.table}", found="none of this name", table=f"score.sinks.{self._name}",
                    hint="Create it, or set create: true",
                )  # fmt: skip
            columns = [sa.Column(theirs, _TYPES.get(ours, sa.Text)()) for theirs, ours in self.fields.items()]
            long = sa.Text() if engine.dialect.name in ("sqlite", "postgresql") else sa.String(255)
            table = sa.Table(options.table, metadata, sa.Column(options.key, long, primary_key=True), *columns)
            if making:
                metadata.create_all(engine)
            return table if making else None
        table = sa.Table(options.table, metadata, autoload_with=engine)
        missing = [name for name in (options.key, *self.fields) if name not in table.c]
        if missing:
            raise InputError(
                expected=f"columns {', '.join((options.key, *self.fields))} in table {options.table}",
                found=f"no column {', '.join(missing)}", table=f"score.sinks.{self._name}",
                hint="fields names a value for each column of the table",
            )  # fmt: skip
        return table


class OpenTable:
    """A table to which a connection stands (`target.OpenTarget`).

    Parameters
    ----------
    engine : sqlalchemy.Engine
    table : sqlalchemy.Table or None
        None: it is not there yet, and nothing stands in it.
    options : SqlOptions
    where : str
        The setting that names it, for messages.
    """

    def __init__(self, engine: sa.Engine, table: sa.Table | None, options: SqlOptions, where: str) -> None:
        self._engine, self._options, self._where = engine, options, where
        self._is_there = table is not None
        self._table = table if table is not None else sa.Table(options.table, sa.MetaData(), sa.Column(options.key))
        self._key = self._table.c[options.key]

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Values]:
        """Return what the rows of these leads say, by column."""
        if not self._is_there:
            return {}

        def rows(connection: sa.Connection) -> dict[str, Values]:
            found: dict[str, Values] = {}
            for start in range(0, len(lead_ids), 500):
                some = [self._stored(self._key, lead_id) for lead_id in lead_ids[start : start + 500]]
                for row in connection.execute(sa.select(self._table).where(self._key.in_(some))).mappings():
                    found[str(row[self._key])] = {column.name: _plain(row[column]) for column in self._table.c}
            return found

        return self._in_transaction(rows)

    def write(self, records: Sequence[Record]) -> Mapping[str, str]:
        """Insert, update or delete rows in one transaction."""
        new = [record for record in records if record.before is None and record.values is not None]
        known = [record for record in records if record.before is not None and record.values is not None]
        gone = [self._stored(self._key, record.lead_id) for record in records if record.values is None]

        def upserted(connection: sa.Connection) -> None:
            if new and self._options.insert:
                connection.execute(sa.insert(self._table), [self._row(record) for record in new])
            if known:
                statement = sa.update(self._table).where(self._key == sa.bindparam("key_of_lead", type_=self._key.type))
                rows = [self._row(record) for record in known]
                connection.execute(statement, [{**row, "key_of_lead": row.pop(self._options.key)} for row in rows])
            if gone:
                connection.execute(sa.delete(self._table).where(self._key.in_(gone)))

        self._in_transaction(upserted)
        refused = [] if self._options.insert else new
        return {record.lead_id: f"there is no row of it in {self._table.name}" for record in refused}

    def _row(self, record: Record) -> dict[str, Any]:
        values = {name: self._stored(self._table.c[name], value) for name, value in (record.values or {}).items()}
        return {**values, self._options.key: self._stored(self._key, record.lead_id)}

    def _stored(self, column: sa.Column[Any], value: Scalar) -> Any:
        """Return a value as the column takes it: ids may be numbers there, moments come as text."""
        if isinstance(value, str) and isinstance(column.type, sa.Integer) and value.lstrip("-").isdigit():
            return int(value)
        if isinstance(value, str) and isinstance(column.type, sa.DateTime):
            at = datetime.fromisoformat(value)
            return at if column.type.timezone else at.astimezone(UTC).replace(tzinfo=None)
        return value

    def _in_transaction(self, work: Callable[[sa.Connection], _Answer]) -> _Answer:
        """Do work in a transaction; a deadlock or a broken connection is tried again with a new one."""
        for attempt in range(self._options.retries + 1):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except (sa.exc.OperationalError, sa.exc.IntegrityError) as error:
                if attempt == self._options.retries:
                    with answering(self._engine.url, self._where):
                        raise
                del error
                time.sleep(min(0.2 * 2**attempt, 5))
            except sa.exc.SQLAlchemyError:
                with answering(self._engine.url, self._where):
                    raise
        raise AssertionError("unreachable")


def _plain(value: Any) -> Scalar:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return moment(value if value.tzinfo is not None else value.replace(tzinfo=UTC))
    return value.isoformat() if isinstance(value, date) else str(value)
