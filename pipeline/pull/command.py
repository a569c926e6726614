"""The command ``leadscore pull``: an export folder out of a CRM's own interface."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from features.errors import InputError
from pipeline.pull.tryton_export import export
from pipeline.remote.tryton import TrytonOptions, logged_in
from pipeline.settings.settings import validation_message

PASSWORD_VARIABLE = "LEADSCORE_PULL_PASSWORD"  # noqa: S105 - the name of a variable


def pull_tryton(url: str, database: str, user: str, into: Path, *, rate: float) -> str:
    """Write a Tryton's opportunities as CSV files, and return what was written.

    Raises
    ------
    InputError
        If the password is missing, Tryton does not answer or refuses, or the folder cannot be written.
    """
    password = os.environ.get(PASSWORD_VARIABLE)
    if not password:
        raise InputError(
            expected=f"the password in the environment variable {PASSWORD_VARIABLE}", found="nothing there"
        )
    try:
        options = TrytonOptions(url=url, database=database, user=user, rate=rate)
    except ValidationError as error:
        raise InputError(expected="how Tryton is reached", found=validation_message(error)) from None
    try:
        with logged_in(options, password, "leadscore pull") as tryton:
            rows = export(tryton, into)
    except OSError as error:
        raise InputError(expected=f"a folder {into} to write into", found=error.strerror or str(error)) from None
    return "\n".join(f"{into / name}: {count} rows" for name, count in rows.items())
