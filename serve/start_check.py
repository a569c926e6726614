"""Whether there is anything to serve, asked once before the server starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from features.errors import InputError
from serve.reading.score_store import ScoreReader
from serve.reading.served_model import ServedModel
from serve.settings import ENVIRONMENT, ServeSettings


def check_start(settings: ServeSettings) -> None:
    """Raise an InputError, naming where was looked, if model or scores are not where the settings say."""
    ServedModel(settings.out).current()
    _check_same_store(settings)
    reader = ScoreReader(settings.store_url)
    try:
        if reader.latest_run() is None:
            raise InputError(
                expected="a score store with a finished run", found=f"none in {reader.place}",
                hint="Run 'leadscore score' first",
            )  # fmt: skip
    finally:
        reader.close()


def _check_same_store(settings: ServeSettings) -> None:
    """Notice scores that were written elsewhere than the server looks when nobody tells it."""
    file = settings.out / "score" / "score.json"
    if settings.store is not None or not file.is_file():
        return
    store: dict[str, Any] | None = json.loads(file.read_text(encoding="utf-8")).get("store")
    if store is None or _is_beside_outputs(store, settings.out):
        return
    place = f"{store['dialect']}://{store['host'] or ''}/{store['database'] or ''}"
    raise InputError(
        expected=f"the scores of this run in {settings.out}/scores.sqlite",
        found=f"that 'leadscore score' wrote them to {place}",
        hint=f"Set {ENVIRONMENT['store']} to the URL of that store, with user and password where it needs them",
    )


def _is_beside_outputs(store: dict[str, Any], out: Path) -> bool:
    same = (out / str(store["database"])).resolve() == (out / "scores.sqlite").resolve()
    return store["dialect"] == "sqlite" and same
