"""How much of an export is read at all: what is far beyond a company's own data is a mistake or a trap."""

from __future__ import annotations

from pathlib import Path

from pydantic import ByteSize, Field

from features.strict import Strict
from features.time_units import HOUR_US, Duration

GIGABYTE = 10**9


class LimitOptions(Strict):
    """Bounds of what ``ingest`` and ``check`` read; they decide whether it is read, and never how."""

    file_size: ByteSize = Field(default=ByteSize(64 * GIGABYTE), gt=0)
    """Of a file of the export, as it lies there."""
    expanded_size: ByteSize = Field(default=ByteSize(256 * GIGABYTE), gt=0)
    """Of a packed file (gzip, zstd, Parquet) once it is unpacked."""
    expansion: float = Field(default=200.0, gt=1)
    """How many times its own size a packed file may have, from a gigabyte on; exports reach 50, traps 1,000."""
    rows: int = Field(default=1_000_000_000, ge=1, le=10**15)
    """Of a table."""
    sql_time: Duration = Field(default=6 * HOUR_US, gt=0)
    """For the SQL of a source, all its tables together."""
    memory: ByteSize | None = Field(default=None, gt=0)
    """Of DuckDB, which spills what is more to disk; None is four fifths of the machine's."""
    linked_folders: tuple[Path, ...] = ()
    """Folders outside the data folder that links in it may lead into."""
