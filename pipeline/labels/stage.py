"""Stage ``labels``: outcomes of every historical snapshot, and the part of the split it belongs to."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from features.labelling.labels import as_seen, build_labels
from features.labelling.seen_so_far import seen_so_far
from features.labelling.time_split import SplitOptions, embargo_is_kept, split_by_time, start_of_test
from features.source_spec import SourceSpec
from features.time_units import format_duration, format_time, from_micros
from models.measures.observed_outcomes import WEIGHT
from pipeline.labels.follow_up import weigh
from pipeline.outputs.feature_rows import read_looks_at_leads
from pipeline.outputs.ingested_tables import read_observed_until, read_stages
from pipeline.outputs.labels_file import LABELS_FILE, SPLIT_FILE
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext

COLUMNS = ["lead_id", "as_of", "target", "at_risk", "y", "outcome_at", "part", "seen_us", "evidence", WEIGHT]


def run(context: StageContext, out: Path) -> None:
    """Write ``labels.parquet``, one row a lead, as-of time and target, and ``split.json``, how time was cut."""
    spec, stages = context.spec(), read_stages(context)
    snapshots = read_looks_at_leads(context)
    labels = build_labels(snapshots, stages, spec, observed_until_us=read_observed_until(context))
    by_target = {str(name): rows for name, rows in labels.groupby("target", sort=True)}
    options = context.settings.split
    test_from = start_of_test(by_target[spec.primary_target], options=options)
    fixed = options.model_copy(update={"test_from": test_from})
    embargoes: dict[str, bool] = {}
    tables = []
    for name in sorted(spec.targets):
        table, embargoes[name] = _cut(by_target[name], stages, spec, name, fixed)
        tables.append(table)
    labels = weigh(pd.concat(tables, ignore_index=True), context, out)
    labels["as_of"] = from_micros(labels["as_of_us"])
    labels["outcome_at"] = from_micros(labels["outcome_us"])
    labels[[name for name in COLUMNS if name in labels]].to_parquet(out / LABELS_FILE, index=False)
    split = {"test_from": format_time(test_from), "embargo_before_calibration": embargoes}
    (out / SPLIT_FILE).write_text(json.dumps(split, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _cut(
    rows: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, name: str, options: SplitOptions
) -> tuple[pd.DataFrame, bool]:
    """Return one target's labels by part, the young as they were seen when the test began, and whether embargo held."""
    horizon, test_from = spec.target(name).horizon, start_of_test(rows, options=options)
    part = split_by_time(rows, horizon_us=horizon, options=options)
    has_embargo = embargo_is_kept(rows, part, horizon_us=horizon)
    if not has_embargo:
        apart = f"{format_duration(horizon)} apart"
        say(f"labels: the history is too short to keep training and calibration of {name} {apart}")
    young = as_seen(rows[part == "young"], seen_until_us=test_from)
    cut = pd.concat([rows.drop(young.index), young]).sort_index().assign(part=part)
    return cut.join(seen_so_far(cut, stages, horizon_us=horizon, seen_until_us=test_from)), has_embargo
