"""What stage ``ingest`` left, as later stages read it."""

from __future__ import annotations

import json

import pandas as pd

from features.time_units import parse_time, to_micros
from pipeline.runner.stages import StageContext


def read_observed_until(context: StageContext) -> int:
    """Return until when outcomes are in the export, in microseconds since 1970."""
    text = (context.folder("ingest") / "ingest.json").read_text(encoding="utf-8")
    return parse_time(json.loads(text)["observed_until"])


def read_leads(context: StageContext) -> pd.DataFrame:
    """Read ``lead_id`` and ``created_us`` of table leads."""
    leads = pd.read_parquet(context.folder("ingest") / "leads.parquet", columns=["lead_id", "created_at"])
    return pd.DataFrame({"lead_id": leads["lead_id"], "created_us": to_micros(leads["created_at"])})


def read_handovers(context: StageContext) -> pd.DataFrame:
    """Read table handovers with ``handed_over_us`` beside ``handed_over_at``; no rows where the source has none."""
    handovers = pd.read_parquet(context.folder("ingest") / "handovers.parquet")
    return handovers.assign(handed_over_us=to_micros(handovers["handed_over_at"]))


def read_stages(context: StageContext) -> pd.DataFrame:
    """Read table stages with ``entered_us`` beside ``entered_at``."""
    stages = pd.read_parquet(context.folder("ingest") / "stages.parquet")
    return stages.assign(entered_us=to_micros(stages["entered_at"]))
