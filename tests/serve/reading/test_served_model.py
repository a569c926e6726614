"""The served model, its cut-offs and its rules: of one run, whatever the stages are doing."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from features.errors import InputError
from models.stage_stamps import STAMP, Stamp
from serve import ServeSettings
from serve.reading.served_model import ServedModel
from serve.reading.what_if_answers import StoredPast


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    """The stages of the demo run that are served, in a folder of their own."""
    for stage in ("ingest", "train", "cutoffs", "evaluate"):
        shutil.copytree(demo_run / stage, tmp_path / "out" / stage)
    return tmp_path / "out"


def completed_again(out: Path, stage: str, **changed: object) -> None:
    """Put a stamp in place of a stage's own, as a stage does that was run again."""
    file = out / stage / STAMP
    stamp = Stamp.from_json(file.read_text())
    inputs = {name: value for name, value in changed.items() if name != "outputs"}
    again = replace(stamp, inputs={**stamp.inputs, **inputs}, outputs=str(changed.get("outputs", stamp.outputs)))
    file.unlink()
    file.write_text(again.to_json())


def test_a_new_model_waits_for_its_cut_offs(out: Path) -> None:
    served = ServedModel(out)
    before = served.current()
    completed_again(out, "train", outputs="another model")
    assert served.current() is before
    assert "Run 'leadscore cutoffs'" in str(served.newer())
    with pytest.raises(InputError, match="those of stage cutoffs made from other outputs of stage train"):
        ServedModel(out).current()
    completed_again(out, "cutoffs", train="another model")
    assert served.current() is not before
    assert served.newer() is None


def test_the_nightly_ingestion_changes_nothing(out: Path) -> None:
    served = ServedModel(out)
    before = served.current()
    completed_again(out, "ingest", outputs="the tables of tuesday")
    after = served.current()
    assert (after.model_version, after.cutoffs, after.rules) == (before.model_version, before.cutoffs, before.rules)
    assert ServedModel(out).current().rules == before.rules


def test_rules_with_other_cut_offs_wait_for_a_run(out: Path) -> None:
    served, file = ServedModel(out), out / "ingest" / "rules.json"
    before = served.current()
    assert before.rules is not None
    rules = json.loads(file.read_text())
    rules["cutoffs"]["MQL"] -= 1
    file.write_text(json.dumps(rules))
    completed_again(out, "ingest", outputs="the same tables, other rules")
    assert served.current() is before
    assert "other cut-offs of points" in str(served.newer())
    file.unlink()
    completed_again(out, "ingest", outputs="the same tables, no rules")
    with pytest.raises(InputError, match=r"rules of the run whose cut-offs lie in .*Run 'leadscore run'"):
        ServedModel(out).current()


def test_health_says_what_is_wrong_and_what_to_run(
    out: Path, demo_run: Path, start_server: Callable[..., object], api_key: str
) -> None:
    settings = ServeSettings(out=out, api_key=api_key, store=f"sqlite:///{demo_run / 'scores.sqlite'}")
    headers = {"X-API-Key": api_key}
    with start_server(settings) as url:  # type: ignore[attr-defined]
        whole = httpx.get(f"{url}/v1/health", headers=headers, timeout=60).json()
        completed_again(out, "train", outputs="another model")
        deadline = time.monotonic() + 60
        during = httpx.get(f"{url}/v1/health", headers=headers, timeout=60)
        while during.json()["newer"] is None and time.monotonic() < deadline:
            time.sleep(0.1)
            during = httpx.get(f"{url}/v1/health", headers=headers, timeout=60)
    with start_server(settings) as url:  # type: ignore[attr-defined]
        started = httpx.get(f"{url}/v1/health", headers=headers, timeout=60)
    assert (whole["status"], whole["newer"]) == ("ok", None)
    assert (during.status_code, during.json()["model_version"]) == (200, whole["model_version"])
    assert "Run 'leadscore cutoffs'" in during.json()["newer"]
    assert (started.status_code, started.json()["status"]) == (503, "degraded")
    assert "Run 'leadscore cutoffs'" in started.json()["model"]


def test_answers_about_cut_offs_wait_for_their_evaluation(out: Path) -> None:
    past = StoredPast(out)
    before = past.current()
    completed_again(out, "cutoffs", outputs="other cut-offs")
    assert past.current() is before
    with pytest.raises(InputError, match="Run 'leadscore evaluate'"):
        StoredPast(out).current()
