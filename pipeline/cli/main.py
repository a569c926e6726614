"""Running the command line: whatever a user can mend is one message and exit code 2."""

from __future__ import annotations

import sys
from typing import NoReturn

from features.errors import InputError
from pipeline.cli.app import app
from pipeline.runner.job_log import log_of_a_command, say_error
from pipeline.settings.disk_faults import disk_fault


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a user's error is one message and exit code 2, never a traceback."""
    with log_of_a_command():
        try:
            app(args=arguments, standalone_mode=True)
        except InputError as error:
            _refuse(error)
        except RecursionError:
            _refuse(InputError(expected="files and options that are nested a few levels deep", found="far deeper ones"))
        except Exception as error:
            fault = disk_fault(error)
            if fault is None:
                raise
            _refuse(fault)


def _refuse(error: InputError) -> NoReturn:
    say_error(str(error))
    sys.exit(2)
