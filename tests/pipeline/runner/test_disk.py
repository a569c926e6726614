"""A disk that is full is one message, whoever writes: Python, pyarrow or DuckDB; any other error stays what it is."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from pipeline.runner.disk import writable

MUCH = 2_000_000


def by_python(folder: Path) -> None:
    (folder / "file").write_bytes(os.urandom(MUCH))


def by_pyarrow(folder: Path) -> None:
    pq.write_table(pa.table({"lead_id": [os.urandom(20).hex() for _ in range(MUCH // 40)]}), folder / "file.parquet")


def by_duckdb(folder: Path) -> None:
    with duckdb.connect(":memory:") as connection:
        values = "SELECT md5(range::VARCHAR) AS secret_lead FROM range(100000)"
        connection.execute(f"COPY ({values}) TO '{folder}/file.parquet' (FORMAT parquet)")


def by_a_file_of_duckdb(folder: Path) -> None:
    with duckdb.connect(folder / "file.duckdb") as connection:
        connection.execute("CREATE TABLE t AS SELECT md5(range::VARCHAR) AS secret_lead FROM range(100000)")


@pytest.mark.parametrize("write", [by_python, by_pyarrow, by_duckdb, by_a_file_of_duckdb])
def test_a_disk_that_takes_no_more_is_one_message(write: Callable[[Path], None], tmp_path: Path) -> None:
    told, say = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - a process of its own, for which every file ends early
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        text = "nothing"
        try:
            with writable("ingest"):
                write(tmp_path)
        except Exception as error:  # noqa: BLE001 (it is told to the other process)
            text = f"{type(error).__name__}: {error}"
        os.write(say, text.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(say)
    said = os.read(told, 10_000).decode()
    assert said.startswith("InputError: expected a disk that takes the outputs of stage ingest, found "), said
    assert "make room and run the same command again" in said
    assert "secret_lead" not in said


def test_other_errors_stay_what_they_are() -> None:
    for error in (FileNotFoundError(2, "no such file"), ValueError("a bug"), InputError(expected="a", found="b")):
        with pytest.raises(type(error)), writable("ingest"):
            raise error
