"""Spark gives the feature rows that the laptop gives, whatever kinds of columns a source has."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.engine import compute_features
from features.families.feature_list import feature_list
from features.source_columns import EventFamily
from features.time_units import to_micros
from pipeline.features import stage
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import EngineOptions, Settings

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.xdist_group("spark")]

QUICK = {"ui.enabled": False, "sql.shuffle.partitions": 2, "sql.codegen.wholeStage": False}


def with_work(spec, frames, rng):
    """Return the small company as one that says when calls end and who acted."""
    call = EventFamily(types=("call",), ends=("call_end",), actor="sales")
    snapshots = spec.snapshots.model_copy(update={"anchor": "created", "after": 0, "every": 7 * 86_400_000_000})
    snapshots = snapshots.model_copy(update={"until": 60 * 86_400_000_000})
    changed = {"sales_events": True, "who_acted": "detail", "events": {**spec.events, "call": call}}
    kind, who = frames.events["event_type"], rng.choice(["ann", "bob", "cem"], len(frames.events))
    ended = kind.where((kind != "call") | (rng.random(len(kind)) < 0.5), "call_end")
    stages = frames.stages[~frames.stages["stage"].isin(["WON", "LOST"]) | (rng.random(len(frames.stages)) < 0.2)]
    spec = spec.model_copy(update={**changed, "snapshots": snapshots})
    return spec, replace(frames, events=frames.events.assign(event_type=ended, detail=who), stages=stages)


def test_spark_and_the_laptop_agree(random_funnel, spec, options, tmp_path):
    rng = np.random.default_rng(5)
    spec, frames = with_work(spec, random_funnel(5, leads=40, rows=400), rng)
    with Workspace(tmp_path).writing("ingest", {}) as out:
        for name in ("leads", "changes", "events", "stages"):
            getattr(frames, name).to_parquet(out / f"{name}.parquet", index=False)
        (out / "spec.json").write_text(spec.model_dump_json(by_alias=True))
        (out / "ingest.json").write_text(json.dumps({"observed_until": "2026-02-20T00:00:00Z"}))
    # few facts a task: accounts of some hundred facts are spread over several
    engine = EngineOptions(name="spark", master="local[2]", spark=QUICK, partition_rows=300)
    context = StageContext(Workspace(tmp_path), Settings(features=options, engine=engine), None, None, {})
    made = tmp_path / "made"
    made.mkdir()
    stage.run(context, made)

    for name in ("history", "open"):
        rows = pd.read_parquet(made / f"{name}.parquet")
        looks = pd.DataFrame({"lead_id": rows["lead_id"], "as_of_us": to_micros(rows["as_of"])})
        expected = compute_features(frames, looks, spec, options)
        assert len(rows) == len(expected) > 5
        assert rows["lead_id"].tolist() == expected["lead_id"].tolist()
        assert {"behaviour_call_open", "behaviour_call_hours", "journey_handovers_count"} <= set(rows)
        for feature in feature_list(spec, options):
            found, wanted = rows[feature.name], expected[feature.name]
            if feature.dtype == "category":
                assert found.isna().equals(wanted.isna())
                assert found.dropna().tolist() == wanted.dropna().tolist(), feature.name
            else:
                np.testing.assert_allclose(found, wanted, rtol=0, atol=1.1e-9, equal_nan=True, err_msg=feature.name)
