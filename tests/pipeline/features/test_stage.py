"""Stage ``features``: what lies in the files is what the engine computes in memory, and the same on every run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from features.engine import compute_features
from features.families.feature_list import feature_list
from features.source_spec import SourceSpec
from features.tables.facts import FactFrames
from features.time_units import DAY_US, HOUR_US, from_micros, parse_time, to_micros
from pipeline.features import stage
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import Settings

START_US = parse_time("2026-01-01")
SPEC = SourceSpec.model_validate(
    {
        "name": "tiny",
        "title": {"de": "Winzig", "en": "Tiny"},
        "ladder": ["MQL", "WON"],
        "targets": {"close": {"stage": "WON", "horizon": "10d"}},
        "snapshots": {"every": "7d", "until": "30d"},
        "fit": {
            "country": {"type": "category", "source_rate": True},
            "opt_in": {"type": "boolean"},
            "budget": {"type": "number", "known": "changes"},
        },
        "events": {"blog": {"types": ["blog"], "intent": "low"}, "price": {"types": ["price"], "intent": "high"}},
    }
)


def at(*hours: float) -> pd.Series:
    return from_micros(pd.Series([START_US + int(hour * HOUR_US) for hour in hours], dtype="int64"))


@pytest.fixture
def ingested(tmp_path) -> FactFrames:
    frames = FactFrames(
        leads=pd.DataFrame(
            {
                "lead_id": ["a", "b", "c"],
                "created_at": at(0, 100, 400),
                "account_id": ["X", "X", None],
                "country": ["DE", "DE", None],
                "opt_in": [True, None, False],
            }
        ),
        changes=pd.DataFrame({"lead_id": ["a"], "changed_at": at(50), "field": ["budget"], "value": ["1000"]}),
        events=pd.DataFrame(
            {
                "lead_id": ["a", "a", "b"],
                "occurred_at": at(1, 200, 101),
                "event_type": ["blog", "price", "blog"],
                "actor": ["lead"] * 3,
                "detail": [None] * 3,
                "quantity": [None] * 3,
            }
        ),
        stages=pd.DataFrame(
            {"lead_id": ["a", "b"], "stage": ["MQL", "WON"], "entered_at": at(2, 300), "reason": [None] * 2}
        ),
    )
    with Workspace(tmp_path).writing("ingest", {}) as out:
        for name in ("leads", "changes", "events", "stages"):
            getattr(frames, name).to_parquet(out / f"{name}.parquet", index=False)
        (out / "spec.json").write_text(SPEC.model_dump_json(by_alias=True))
        (out / "ingest.json").write_text(json.dumps({"observed_until": "2026-01-20T00:00:00Z"}))
    return frames


def written(tmp_path: Path, name: str) -> Path:
    context = StageContext(Workspace(tmp_path), Settings(), None, None, {})
    out = tmp_path / name
    out.mkdir()
    stage.run(context, out)
    return out


def test_the_files_hold_what_the_engine_computes(ingested, tmp_path):
    out = written(tmp_path, "out")
    options = Settings().features
    for name in ("history", "open"):
        rows = pd.read_parquet(out / f"{name}.parquet")
        looks = pd.DataFrame({"lead_id": rows["lead_id"], "as_of_us": to_micros(rows["as_of"])})
        expected = compute_features(ingested, looks, SPEC, options)
        assert str(rows["as_of"].dtype) == "datetime64[us, UTC]"
        assert list(rows.columns) == ["lead_id", "as_of", *(f.name for f in feature_list(SPEC, options))]
        found = rows.drop(columns="as_of").assign(as_of_us=looks["as_of_us"])[expected.columns]
        pd.testing.assert_frame_equal(found.convert_dtypes(), expected.convert_dtypes())


def test_every_look_of_the_past_and_every_open_lead_has_a_row(ingested, tmp_path):
    out = written(tmp_path, "out")
    rows = {
        name: pd.read_parquet(out / f"{name}.parquet", columns=["lead_id", "as_of"]) for name in ("history", "open")
    }
    days = (to_micros(rows["history"]["as_of"]) - START_US) / DAY_US
    # b is won on day 12.5: looked at on day 4.17 and 11.17; c is created on day 16.67
    expected = [("a", 0.0), ("a", 7.0), ("a", 14.0), ("b", 4.17), ("b", 11.17), ("c", 16.67)]
    assert list(zip(rows["history"]["lead_id"], days.round(2), strict=True)) == expected
    assert rows["open"]["lead_id"].tolist() == ["a", "c"]
    assert (rows["open"]["as_of"] == pd.Timestamp("2026-01-20", tz="UTC")).all()


def test_a_second_run_writes_the_same_bytes(ingested, tmp_path):
    first, second = written(tmp_path, "first"), written(tmp_path, "second")
    for file in sorted(first.iterdir()):
        assert file.read_bytes() == (second / file.name).read_bytes(), file.name
    assert {file.name for file in first.iterdir()} == {"history.parquet", "open.parquet", "feature_list.json"}


def test_the_list_is_written_in_full(ingested, tmp_path):
    listed = json.loads((written(tmp_path, "out") / "feature_list.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in listed] == [f.name for f in feature_list(SPEC, Settings().features)]
    assert listed[0]["words"] == {"de": "country: {value}", "en": "country: {value}"}
