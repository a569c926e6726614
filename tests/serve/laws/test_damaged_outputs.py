"""Whatever file is damaged under the server: what is in memory is used on, and where there is nothing it says 503."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve import ServeSettings
from serve.services import NotReadyError, Services

KEY = "a-key-for-these-tests"
FACTS = {"created_at": "2026-01-01T00:00:00Z", "as_of": "2026-01-05T00:00:00Z"}
READ = ("train/model/manifest.json", "cutoffs/cutoffs.json", "ingest/leads.parquet", "ingest/stages.parquet")
"""Without these nothing can be scored."""
DAMAGE: dict[str, Callable[[Path], object]] = {
    "no UTF-8": lambda file: file.write_bytes(b"\xff\xfe\xff"),
    "half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    for part in ("train", "cutoffs", "ingest", "score"):
        shutil.copytree(demo_run / part, tmp_path / "out" / part)
    shutil.copy(demo_run / "scores.sqlite", tmp_path / "out")
    return tmp_path / "out"


@contextmanager
def damaged(out: Path, name: str, how: str) -> Iterator[None]:
    """Damage a file, as if its stage had just written it, and put it back."""
    file, kept = out / name, out.parent / "kept"
    shutil.copy2(file, kept)
    DAMAGE[how](file)
    os.utime(out / name.split("/")[0] / "stage.json")
    try:
        yield
    finally:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
        shutil.copy2(kept, file)
        os.utime(out / name.split("/")[0] / "stage.json")


def test_what_is_in_memory_is_used_on(out: Path, start_server: Callable[..., Any]) -> None:
    headers = {"X-API-Key": KEY}
    with (
        start_server(ServeSettings(out=out, api_key=KEY)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=60) as client,
    ):
        before = client.post("/v1/score", json=FACTS)
        assert before.status_code == 200
        for name, how in zip(READ, ("no UTF-8", "half", "a folder", "no UTF-8"), strict=True):
            with damaged(out, name, how):
                until = time.monotonic() + 30
                while client.get("/v1/health").json()["newer"] is None:
                    assert time.monotonic() < until, f"{name} was not noticed"
                    time.sleep(0.2)
                during = client.post("/v1/score", json=FACTS)
                assert (during.status_code, during.json()["p_sql"]) == (200, before.json()["p_sql"]), name


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", READ)
def test_where_nothing_could_be_read_it_is_the_servers_fault(name: str, how: str, out: Path) -> None:
    with damaged(out, name, how):
        services = Services.of(ServeSettings(out=out, api_key=KEY))
        with pytest.raises(NotReadyError):
            services.ready()
        services.store.close()
