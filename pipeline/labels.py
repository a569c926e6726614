"""Stage ``labels``: outcomes of every historical snapshot, and the part of the split it belongs to."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from features.clock import from_micros, parse_time, to_micros
from features.labels import build_labels
from features.split import split_by_time
from pipeline.stage import StageContext


def run(context: StageContext, out: Path) -> None:
    """Write ``labels.parquet``: one row a lead, as-of time and target."""
    spec = context.spec()
    ingested = context.folder("ingest")
    stages = pd.read_parquet(ingested / "stages.parquet")
    stages["entered_us"] = to_micros(stages["entered_at"])
    snapshots = pd.read_parquet(context.folder("features") / "history.parquet", columns=["lead_id", "as_of"])
    snapshots["as_of_us"] = to_micros(snapshots["as_of"])
    observed_until = parse_time(json.loads((ingested / "ingest.json").read_text(encoding="utf-8"))["observed_until"])
    labels = build_labels(snapshots, stages, spec, observed_until_us=observed_until)
    parts = []
    for name, rows in labels.groupby("target", sort=True):
        horizon = spec.targets[str(name)].horizon  # type: ignore[index]
        parts.append(split_by_time(rows, horizon_us=horizon, options=context.settings.split))
    labels["part"] = pd.concat(parts)
    labels["as_of"] = from_micros(labels["as_of_us"])
    labels["outcome_at"] = from_micros(labels["outcome_us"])
    columns = ["lead_id", "as_of", "target", "at_risk", "y", "outcome_at", "part"]
    labels[columns].to_parquet(out / "labels.parquet", index=False)
