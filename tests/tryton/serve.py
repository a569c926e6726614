"""Run by Tryton's own Python: the real server on SQLite, with a clock that a test can set, so that history has days.

Usage: python serve.py CLOCK_FILE ARGUMENTS_OF_TRYTOND…
"""

import datetime
import sys
from pathlib import Path

from trytond.backend.sqlite import database
from trytond.transaction import Transaction

CLOCK = Path(sys.argv[1])
TICK = datetime.timedelta(microseconds=1)
shown, ticks = "", 0


def now():
    """Return the clock's time: the same within a transaction, a microsecond more in each one after it was set.

    A time without microseconds is one that SQLite does not find again.
    """
    global shown, ticks
    transaction = Transaction()
    times = database._nows.setdefault(transaction, {})
    if transaction.started_at not in times:
        text = CLOCK.read_text().strip()
        shown, ticks = text, ticks + 1 if text == shown else 1
        times[transaction.started_at] = (datetime.datetime.fromisoformat(text) + ticks * TICK).isoformat(" ")
    return times[transaction.started_at]


database.now = now
sys.argv = ["trytond", *sys.argv[2:]]
from trytond.cli import main  # noqa: E402

main()
