"""The DuckDB that reads a company's export: it reaches the export and what lies beside it, and nothing else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.errors import InputError
from features.time_units import format_duration
from pipeline.settings.limits import LimitOptions
from pipeline.source.folder import Source
from pipeline.source.lead_ids import LEAD_ID_MACROS
from pipeline.source.macros import add_macros
from pipeline.source.sql import identifier, literal


@dataclass(frozen=True)
class Export:
    """What a source's SQL reads.

    Parameters
    ----------
    source : Source
        Whose SQL it is; files of its folder may be read too.
    data_dir : Path
        As given with ``--data``.
    folder : Path
        In which the SQL looks up names of files: the data folder, or one with cleaned copies and links to it.
    limits : LimitOptions
        How much, and for how long.
    """

    source: Source
    data_dir: Path
    folder: Path
    limits: LimitOptions

    def reach(self, scratch: Path) -> list[Path]:
        """Return the folders that may be read."""
        folders = (self.data_dir, self.folder, self.source.folder, scratch, *self.limits.linked_folders)
        return list(dict.fromkeys(folder.resolve() for folder in folders))


def open_database(file: Path, *, timezone: str = "UTC", memory: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file that can neither reach the network nor load extensions, with leadscore's macros.

    Parameters
    ----------
    file : Path
        The database; what does not fit in memory is spilled beside it.
    timezone : str
        Where times without a zone are local times.
    memory : int, optional
        Bytes that are used before anything is spilled.

    Raises
    ------
    InputError
        If there is no such time zone.
    """
    con = _opened(file, timezone, memory)
    con.execute("SET lock_configuration = true")
    return con


def open_for_source(file: Path, export: Export) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file for a source's own SQL, which must be run inside `running`.

    It reads files of the export, of the source folder and of the database's own folder, whichever way they are named:
    links are resolved first. The ``*.duckdb`` files of the export are attached read-only under their stem; what their
    views read is bounded in the same way. One thread keeps row numbers the same on every run.

    Raises
    ------
    InputError
        If there is no such time zone, or a ``*.duckdb`` file of the export is none.
    """
    con = _opened(file, export.source.spec.timezone, export.limits.memory)
    try:
        con.execute("SET threads = 1")
        _confine(con, export.reach(file.parent))
        for attached in sorted(export.folder.glob("*.duckdb")):
            _attach(con, attached.resolve(), attached.stem)
        con.execute("SET lock_configuration = true")
    except BaseException:
        con.close()
        raise
    return con


@contextmanager
def running(con: duckdb.DuckDBPyConnection, export: Export) -> Iterator[None]:
    """Let a source's SQL run: names of files are looked up in its folder, and in the end it is stopped.

    DuckDB looks up names in the working folder of the process, and in others only if it may read all of the machine: so
    the working folder is the export's for as long as the block lasts.

    Raises
    ------
    InputError
        If the block is not through after ``limits.sql_time``.
    """
    watch = threading.Timer(export.limits.sql_time / 1e6, con.interrupt)
    watch.daemon = True
    try:
        with contextlib.chdir(export.folder):
            watch.start()
            yield
    except duckdb.InterruptException:
        raise InputError(
            expected=f"SQL that is through after {format_duration(export.limits.sql_time)} (limits.sql_time)",
            found="SQL that was still at work",
            table=export.source.spec.name,
            hint="Look for a join without a condition; if it needs longer, --set limits.sql_time=12h",
        ) from None
    finally:
        watch.cancel()


def _opened(file: Path, timezone: str, memory: int | None) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
        "temp_directory": str(file.resolve().with_suffix(".spill")),
    }
    if memory is not None:
        config["memory_limit"] = f"{memory}B"
    con = duckdb.connect(str(file.resolve()), config=config)
    try:
        con.execute(f"SET TimeZone = {literal(timezone)}")
    except duckdb.Error:
        con.close()
        raise InputError(
            expected="a time zone such as Europe/Berlin or UTC", found=repr(timezone), table="source.yaml",
            column="timezone",
        ) from None  # fmt: skip
    add_macros(con)
    for macro in LEAD_ID_MACROS:
        con.execute(macro)
    return con


def _confine(con: duckdb.DuckDBPyConnection, folders: Sequence[Path]) -> None:
    con.execute(f"SET allowed_directories = [{', '.join(literal(str(folder)) for folder in folders)}]")
    con.execute("SET enable_external_access = false")


def _attach(con: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    try:
        con.execute(f"ATTACH {literal(str(file))} AS {identifier(name)} (READ_ONLY)")
    except duckdb.Error as error:
        raise InputError(
            expected="a DuckDB file",
            found=str(error).splitlines()[0][:200],
            table=file.name,
            hint="The SQL may use what ends in .duckdb: take it out of the data folder, or export it again",
        ) from None
