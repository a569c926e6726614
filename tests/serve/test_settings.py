"""What the server is told at start, and what it refuses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from features.errors import InputError
from serve.__main__ import read_settings

KEY = "a-key-for-these-tests"


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["--host", "0.0.0.0"], {}, "host 0.0.0.0, which other machines can reach"),
        ([], {"LEADSCORE_API_KEY": "short"}, "a key of fewer than 16 printable ASCII characters"),
        ([], {"LEADSCORE_PORT": "http"}, "LEADSCORE_PORT: expected settings that can be used"),
    ],
)
def test_settings_that_are_refused(arguments: list[str], environment: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_settings(arguments, environment)


def test_settings_from_the_command_line_and_the_environment() -> None:
    settings, made = read_settings(["--host", "0.0.0.0", "--allow-remote"], {"LEADSCORE_OUT": "/somewhere"})
    assert (made, settings.host, settings.store_url) == (True, "0.0.0.0", "sqlite:////somewhere/scores.sqlite")
    assert settings.api_key.get_secret_value() not in repr(settings)
    again, _ = read_settings([], {})
    assert again.api_key != settings.api_key
    assert (again.host, str(again.out)) == ("127.0.0.1", "data")
    given, made = read_settings(["--store", "postgresql://db/x"], {"LEADSCORE_API_KEY": KEY})
    assert (made, given.store_url, given.api_key.get_secret_value()) == (False, "postgresql://db/x", KEY)


def test_the_command_starts_a_server_and_shows_its_key(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "serve", "--out", str(tmp_path), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADSCORE_")}
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"leadscore on http://127.0.0.1:{port}/leads\n"
            key = process.stdout.readline().removeprefix("API key for this start: ").strip()
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as client:
                assert client.get("/v1/health").json()["status"] == "degraded"  # nothing has been run in tmp_path
                assert client.get("/v1/leads", headers={"X-API-Key": key}).status_code == 503
                assert client.get("/v1/leads", headers={"X-API-Key": key[1:]}).status_code == 401
        finally:
            process.terminate()
