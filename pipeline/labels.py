"""Stage ``labels``: outcomes of every historical snapshot, and the part of the split it belongs to."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.clock import from_micros, to_micros
from features.labels import build_labels
from features.split import split_by_time
from pipeline.ingested import read_observed_until, read_stages
from pipeline.stage import StageContext


def run(context: StageContext, out: Path) -> None:
    """Write ``labels.parquet``: one row a lead, as-of time and target."""
    spec = context.spec()
    snapshots = pd.read_parquet(context.folder("features") / "history.parquet", columns=["lead_id", "as_of"])
    snapshots["as_of_us"] = to_micros(snapshots["as_of"])
    labels = build_labels(snapshots, read_stages(context), spec, observed_until_us=read_observed_until(context))
    parts = []
    for name, rows in labels.groupby("target", sort=True):
        horizon = spec.targets[str(name)].horizon  # type: ignore[index]
        parts.append(split_by_time(rows, horizon_us=horizon, options=context.settings.split))
    labels["part"] = pd.concat(parts)
    labels["as_of"] = from_micros(labels["as_of_us"])
    labels["outcome_at"] = from_micros(labels["outcome_us"])
    columns = ["lead_id", "as_of", "target", "at_risk", "y", "outcome_at", "part"]
    labels[columns].to_parquet(out / "labels.parquet", index=False)
