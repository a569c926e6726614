"""Stage ``labels``: outcomes of every historical snapshot, and the part of the split it belongs to."""

from __future__ import annotations

import json
from pathlib import Path

from features.labelling.split_labels import split_labels
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
    spec = context.spec()
    split = split_labels(
        read_looks_at_leads(context), read_stages(context), spec,
        observed_until_us=read_observed_until(context), options=context.settings.split,
    )  # fmt: skip
    for name, kept in split.embargoes.items():
        if not kept:
            apart = f"{format_duration(spec.target(name).horizon)} apart"
            say(f"labels: the history is too short to keep training and calibration of {name} {apart}")
    labels = weigh(split.labels, context, out)
    labels["as_of"] = from_micros(labels["as_of_us"])
    labels["outcome_at"] = from_micros(labels["outcome_us"])
    labels[[name for name in COLUMNS if name in labels]].to_parquet(out / LABELS_FILE, index=False)
    said = {"test_from": format_time(split.test_from), "embargo_before_calibration": split.embargoes}
    (out / SPLIT_FILE).write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
