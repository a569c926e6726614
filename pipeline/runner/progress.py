"""How far long work is: a bar on a terminal, lines in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.runner.job_log import console, job_log

if TYPE_CHECKING:
    from rich.progress import Progress

LOG_EVERY_SECONDS = 5.0


class Steps:
    """Counts finished units of one piece of work; ``advance`` is called by the worker."""

    def __init__(self, title: str, total: int, bar: Progress | None) -> None:
        self._title, self._total, self._bar, self._done = title, total, bar, 0
        self._task = bar.add_task(title, total=total) if bar is not None else None
        self._last_line = time.monotonic()

    def advance(self, units: int = 1) -> None:
        """Report that ``units`` more are done."""
        self._done += units
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, units)
        elif time.monotonic() - self._last_line > LOG_EVERY_SECONDS:
            self._last_line = time.monotonic()
            text = f"{self._title}: {self._done} of {self._total}"
            job_log().write(text, work=self._title, done=self._done, total=self._total)


@contextmanager
def progress(title: str, *, total: int) -> Iterator[Steps]:
    """Show how far a piece of work of ``total`` units is."""
    if job_log().has_bars:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as bar:
            yield Steps(title, total, bar)
    else:
        job_log().write(f"{title}: {total} to do", work=title, done=0, total=total)
        yield Steps(title, total, None)
