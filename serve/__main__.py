"""``leadscore serve``, or ``python -m serve``: start the server; without a key it makes one and shows it."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

import uvicorn

from features.errors import InputError
from serve.app import create_app
from serve.settings import ENVIRONMENT, ServeSettings, settings_from_environment
from serve.start_check import check_start


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped; a wrong setting, or nothing to serve, is one message and exit code 2."""
    try:
        settings, made_key = read_settings(arguments, dict(os.environ))
        check_start(settings)
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    sys.stdout.write(f"leadscore on http://{host}:{settings.port}/leads\n")
    if made_key:
        sys.stdout.write(f"API key for this start: {settings.api_key.get_secret_value()}\n")
        sys.stdout.write(f"(set {ENVIRONMENT['api_key']} to keep one)\n")
    sys.stdout.flush()
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning", server_header=False)


def read_settings(arguments: list[str] | None, environment: dict[str, str]) -> tuple[ServeSettings, bool]:
    """Return the settings, and whether a key had to be made because none was given."""
    parser = argparse.ArgumentParser(prog="leadscore serve", description="Serve scores: an API and pages.")
    parser.add_argument("--out", type=Path, help=f"the run's output folder (default: {ENVIRONMENT['out']}, or data)")
    parser.add_argument(
        "--store", help=f"SQLAlchemy URL of the score store (default: {ENVIRONMENT['store']}, or OUT/scores.sqlite)"
    )
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 8000)")
    parser.add_argument(
        "--allow-remote", action="store_true", default=None, help="permit an address that other machines can reach"
    )
    given = vars(parser.parse_args(arguments))
    if given["out"] is None and not environment.get(ENVIRONMENT["out"]):
        given["out"] = Path("data")
    made_key = not environment.get(ENVIRONMENT["api_key"])
    if made_key:
        given["api_key"] = secrets.token_urlsafe(24)
    return settings_from_environment(environment, **given), made_key


if __name__ == "__main__":
    main()
