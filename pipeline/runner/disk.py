"""What a user can mend about a disk, said in one message: it is full, broken, or not to be written to."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from features.errors import InputError

_MENDABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES)
_OF_DUCKDB = ("IOException", "OutOfMemoryException", "TransactionException", "FatalException")
"""Errors by which DuckDB says that it could not write a file, or had no room left for what it spills."""


@contextmanager
def writable(stage: str) -> Iterator[None]:
    """Turn an error of the disk into an `InputError` without a traceback, which could quote rows.

    Parameters
    ----------
    stage : str
        Whose outputs are being written.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _MENDABLE:
            raise
        raise _no_room(stage, os.strerror(error.errno)) from None
    except Exception as error:
        if not _is_disk_of_duckdb(error):
            raise
        raise _no_room(stage, str(error).splitlines()[0]) from None


def _is_disk_of_duckdb(error: Exception) -> bool:
    duckdb = sys.modules.get("duckdb")  # it is there if it has raised something
    return duckdb is not None and isinstance(error, tuple(getattr(duckdb, name) for name in _OF_DUCKDB))


def _no_room(stage: str, found: str) -> InputError:
    return InputError(
        expected=f"a disk that takes the outputs of stage {stage}", found=found,
        hint="Nothing is half-written and the earlier outputs are there: make room and run the same command again",
    )  # fmt: skip
