"""What long work tells its user: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress

console = Console(stderr=True, highlight=False)
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
            console.print(f"{self._title}: {self._done} of {self._total}")


@contextmanager
def progress(title: str, *, total: int) -> Iterator[Steps]:
    """Show how far a piece of work of ``total`` units is."""
    if console.is_terminal:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as bar:
            yield Steps(title, total, bar)
    else:
        console.print(f"{title}: {total} to do")
        yield Steps(title, total, None)


def say(text: str) -> None:
    """Print one line about what is being done."""
    console.print(text, markup=False, soft_wrap=True)
