"""A real Tryton for tests: installed into an environment of its own, with a year of a small company's leads.

Tryton is a program of its own under its own licence: it is started as a process and asked over HTTP, as a company's is.
What takes long (environment, empty database, the year) is made once a machine and kept in the user's cache folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock
from own_environment import CACHE, digest, python_of

from pipeline.remote.tryton import Tryton, TrytonOptions, logged_in

HERE = Path(__file__).parent
DATABASE, USER, PASSWORD = "crm", "admin", "adminpw"
CONF = """[database]
uri = sqlite://
path = {folder}
[web]
listen = localhost:{port}
[session]
max_age = 315360000
timeout = 315360000
[cache]
transaction = 10
"""
PATIENCE_S = 120


@dataclass(frozen=True)
class TrytonServer:
    """A Tryton that runs."""

    folder: Path
    port: int

    @property
    def options(self) -> TrytonOptions:
        url = f"http://localhost:{self.port}"
        return TrytonOptions(url=url, database=DATABASE, user=USER, rate=1_000, timeout_s=PATIENCE_S)

    @property
    def password(self) -> str:
        return PASSWORD

    @contextmanager
    def logged_in(self) -> Iterator[Tryton]:
        with logged_in(self.options, PASSWORD, "tests") as tryton:
            yield tryton

    def set_clock(self, at: datetime) -> None:
        """Let it be that time there."""
        beside = self.folder / "clock.part"
        beside.write_text(at.replace(tzinfo=None).isoformat())
        beside.replace(self.folder / "clock")


def _empty_database(python: Path) -> Path:
    """Return a database with the tables of opportunities and nothing in them."""
    made = CACHE / f"tryton-{digest(HERE / 'requirements.lock')}.sqlite"
    if not made.exists():
        folder = CACHE / "being-made"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / f"{DATABASE}.sqlite").touch()
        (folder / "trytond.conf").write_text(CONF.format(folder=folder, port=0))
        (folder / "password").write_text(PASSWORD)
        admin = [str(python.with_name("trytond-admin")), "-c", str(folder / "trytond.conf"), "-d", DATABASE]
        subprocess.run(
            [*admin, "-u", "sale_opportunity", "--activate-dependencies", "--email", "admin@tests.example"],
            env={**os.environ, "TRYTONPASSFILE": str(folder / "password")}, check=True, capture_output=True,
        )  # fmt: skip
        (folder / f"{DATABASE}.sqlite").replace(made)
    return made


def _in_one_file(database: Path) -> Path:
    """Bring what SQLite keeps beside a database file into it."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return database


@contextmanager
def running(database: Path, folder: Path, python: Path, clock: datetime) -> Iterator[TrytonServer]:
    """Start a Tryton on a copy of a database, and let it be that time there."""
    shutil.copy(database, folder / f"{DATABASE}.sqlite")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    (folder / "trytond.conf").write_text(CONF.format(folder=folder, port=port))
    server = TrytonServer(folder, port)
    server.set_clock(clock)
    command = [str(python), str(HERE / "serve.py"), str(folder / "clock"), "-c", str(folder / "trytond.conf")]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, "-d", DATABASE], stdout=log, stderr=log)
    try:
        _await(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _await(server: TrytonServer, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("localhost", server.port), timeout=1).close()
        except OSError:
            assert process.poll() is None, (server.folder / "server.log").read_text()
            assert time.monotonic() < until, "Tryton does not start"
            time.sleep(0.2)
        else:
            return


@contextmanager
def with_a_year(
    folder: Path, fill: Callable[[Tryton, Callable[[datetime], None]], None], first: datetime, last: datetime
) -> Iterator[TrytonServer]:
    """Start a Tryton in which a year has passed.

    ``fill`` lives it through the API, from its first moment to the last; the year is kept by the text of its file.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "lock"):
        python = python_of("tryton", HERE / "requirements.lock")
        empty = _empty_database(python)
        year = CACHE / f"tryton-year-{digest(HERE / 'requirements.lock', HERE / 'serve.py', HERE / 'year.py')}.sqlite"
        if not year.exists():
            made = CACHE / "being-lived"
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            with running(empty, made, python, first) as server, server.logged_in() as tryton:
                fill(tryton, server.set_clock)
            _in_one_file(made / f"{DATABASE}.sqlite").replace(year)
    with running(year, folder, python, last) as server:
        yield server
