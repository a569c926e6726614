"""How work is logged: lines for people, lines with times, or JSON; on standard error, and results never among them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rich.console import Console

LogForm = Literal["plain", "text", "json"]
"""Lines as they are (and bars on a terminal), lines with time and level, or one JSON object a line."""

console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class JobLog:
    """What is written of a command's work.

    Attributes
    ----------
    form : {"plain", "text", "json"}
    quiet : bool
        Only warnings and errors are written.
    """

    form: LogForm = "plain"
    quiet: bool = False

    @property
    def has_bars(self) -> bool:
        """Whether somebody looks at a terminal."""
        return self.form == "plain" and not self.quiet and console.is_terminal

    def write(self, text: str, *, level: Literal["info", "warning", "error"] = "info", **more: Any) -> None:
        """Write a line; ``more`` is for machines, and only JSON has it."""
        if self.quiet and level == "info":
            return
        time = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        if self.form == "json":
            entry = {"time": time, "level": level, "message": text, **more}
            sys.stderr.write(f"{json.dumps(entry, ensure_ascii=False)}\n")
            return
        said = text if level == "info" else f"{level}: {text}"
        console.print(said if self.form == "plain" else f"{time} {said}", markup=False, soft_wrap=True)


class _Current:
    """The log of the command that runs in this process."""

    log = JobLog()


def job_log() -> JobLog:
    """Return the log of the command that runs; plain where none does, as in a notebook."""
    return _Current.log


def usual_form() -> LogForm:
    """Return how a command logs that was not told: with times, unless somebody looks at a terminal."""
    return "plain" if console.is_terminal else "text"


def say(text: str) -> None:
    """Write one line about what is being done."""
    job_log().write(text)


def say_error(text: str) -> None:
    """Write why nothing more is done."""
    job_log().write(text, level="error")


class _Libraries(logging.Handler):
    """Writes what libraries warn of into the log of the command."""

    def emit(self, record: logging.LogRecord) -> None:
        level: Literal["warning", "error"] = "error" if record.levelno >= logging.ERROR else "warning"
        job_log().write(record.getMessage().strip(), level=level, logger=record.name)


_LIBRARIES = _Libraries(logging.WARNING)


def log_as(log: JobLog) -> None:
    """Make a log that of the command that runs, and have what libraries warn of in its form as well."""
    _Current.log = log
    root = logging.getLogger()
    root.removeHandler(_LIBRARIES)
    logging.captureWarnings(capture=log.form != "plain")
    if log.form != "plain":
        root.addHandler(_LIBRARIES)


@contextmanager
def log_of_a_command() -> Iterator[None]:
    """Let a command log as it is usual, or as it is told by `log_as`; afterwards the log is the one before."""
    before = job_log()
    log_as(JobLog(usual_form()))
    try:
        yield
    finally:
        log_as(before)
