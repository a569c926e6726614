"""What the server is told at start, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from features.errors import InputError
from serve.__main__ import main, read_settings
from serve.settings import ServeSettings
from serve.start_check import check_start

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
    assert (made, settings.host) == (True, "0.0.0.0")
    assert settings.store_url == sa.URL.create("sqlite", database="/somewhere/scores.sqlite")
    assert settings.api_key.get_secret_value() not in repr(settings)
    again, _ = read_settings([], {})
    assert again.api_key != settings.api_key
    assert (again.host, str(again.out)) == ("127.0.0.1", "data")
    given, made = read_settings(["--store", "postgresql://db/x"], {"LEADSCORE_API_KEY": KEY})
    assert (made, given.store_url, given.api_key.get_secret_value()) == (False, "postgresql://db/x", KEY)


def started_in_vain(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stopped:
        main([*arguments])
    assert stopped.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


def test_nothing_to_serve_is_one_message_at_the_start(
    demo_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADSCORE_STORE", raising=False)
    wrong = started_in_vain("--out", str(tmp_path / "WRONG"), capsys=capsys)
    assert f"error: expected a finished run in {tmp_path}/WRONG, found no train/stage.json" in wrong
    elsewhere = started_in_vain("--out", str(demo_run), "--store", f"sqlite:///{tmp_path}/none.sqlite", capsys=capsys)
    assert f"found none that can be read in sqlite:///{tmp_path}/none.sqlite" in elsewhere


def test_scores_that_went_elsewhere_are_named(
    demo_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADSCORE_STORE", raising=False)
    for stage in ("ingest", "train", "cutoffs", "score"):
        shutil.copytree(demo_run / stage, tmp_path / stage)
    shutil.copy(demo_run / "scores.sqlite", tmp_path)  # an older run's, which must not be served in silence
    check_start(ServeSettings(out=tmp_path, api_key=KEY))
    told = json.loads((tmp_path / "score" / "score.json").read_text())
    told["store"] = {"dialect": "postgresql", "host": "db.example.com", "database": "crm"}
    (tmp_path / "score" / "score.json").write_text(json.dumps(told))
    message = started_in_vain("--out", str(tmp_path), capsys=capsys)
    assert "'leadscore score' wrote them to postgresql://db.example.com/crm. Set LEADSCORE_STORE to the URL" in message


@pytest.mark.parametrize("url", ["postgresql://crm:se@cret@db/x", "postgresql://crm:se@cr/et@db/x", "crm:se@cret", ""])
def test_no_piece_of_a_password_is_shown(url: str, demo_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = started_in_vain("--out", str(demo_run), "--store", url or "secret", capsys=capsys)
    assert not re.search("se@|cret|cr/et", message)
    assert "Write an @ inside the password as %40" in message


def test_the_command_starts_a_server_and_shows_its_key(demo_run: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "serve", "--out", str(demo_run), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADSCORE_")}
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"leadscore on http://127.0.0.1:{port}/leads\n"
            key = process.stdout.readline().removeprefix("API key for this start: ").strip()
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as client:
                assert client.get("/v1/health").json()["status"] == "ok"
                assert client.get("/v1/leads", headers={"X-API-Key": key}).status_code == 200
                assert client.get("/v1/leads", headers={"X-API-Key": key[1:]}).status_code == 401
        finally:
            process.terminate()
