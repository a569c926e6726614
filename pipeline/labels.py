"""Stage ``labels``: outcomes of every historical snapshot, and the part of the split it belongs to."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from features.clock import format_duration, format_time, from_micros, to_micros
from features.labels import build_labels
from features.spec import SourceSpec
from features.split import SplitOptions, embargo_is_kept, split_by_time, start_of_test
from pipeline.follow_up import weigh
from pipeline.ingested import read_observed_until, read_stages
from pipeline.progress import say
from pipeline.stage import StageContext


def run(context: StageContext, out: Path) -> None:
    """Write ``labels.parquet``, one row a lead, as-of time and target, and ``split.json``, how time was cut."""
    spec = context.spec()
    snapshots = pd.read_parquet(context.folder("features") / "history.parquet", columns=["lead_id", "as_of"])
    snapshots["as_of_us"] = to_micros(snapshots["as_of"])
    labels = build_labels(snapshots, read_stages(context), spec, observed_until_us=read_observed_until(context))
    labels["part"] = _parts(labels, spec, context.settings.split, out)
    labels = weigh(labels, context, out)
    labels["as_of"] = from_micros(labels["as_of_us"])
    labels["outcome_at"] = from_micros(labels["outcome_us"])
    columns = ["lead_id", "as_of", "target", "at_risk", "y", "outcome_at", "part", "weight"]
    labels[[name for name in columns if name in labels]].to_parquet(out / "labels.parquet", index=False)


def _parts(labels: pd.DataFrame, spec: SourceSpec, options: SplitOptions, out: Path) -> pd.Series:
    """Cut every target at the primary target's start of the test, and write down where."""
    by_target = dict(list(labels.groupby("target", sort=True)))
    start = start_of_test(by_target[spec.primary_target], options=options)
    parts: dict[str, pd.Series] = {}
    kept: dict[str, bool] = {}
    for name, target in sorted(spec.targets.items()):
        rows = by_target[name]
        fixed = options.model_copy(update={"test_from": start})
        parts[name] = split_by_time(rows, horizon_us=target.horizon, options=fixed)
        kept[name] = embargo_is_kept(rows, parts[name], horizon_us=target.horizon)
        if not kept[name]:
            horizon = format_duration(target.horizon)
            say(f"labels: the history is too short to keep training and calibration of {name} {horizon} apart")
    told = {"test_from": format_time(start), "embargo_before_calibration": kept}
    (out / "split.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    joined: pd.Series = pd.concat(list(parts.values()))
    return joined
