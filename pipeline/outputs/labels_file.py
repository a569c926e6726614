"""What stage ``labels`` left: outcomes and parts of the split, where the test begins, how leads were followed up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from features.time_units import parse_time
from pipeline.runner.stages import StageContext

LABELS_FILE, SPLIT_FILE, FOLLOW_UP_FILE = "labels.parquet", "split.json", "follow_up.json"


def read_labels(context: StageContext, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read the labels, one row a lead, as-of time and target; all columns if none are named.

    Returns
    -------
    DataFrame
        ``lead_id``, ``as_of``, ``target``; ``at_risk``: whether the target was still ahead; ``y`` (1, 0; missing while
        it is unknown); ``outcome_at``; ``part`` of the split; ``seen_us`` and ``evidence`` of rows that were young when
        the test began; ``weight`` where the source declares ``follow_up: promoted_only``.
    """
    return pd.read_parquet(context.folder("labels") / LABELS_FILE, columns=None if columns is None else [*columns])


def read_test_from(context: StageContext) -> int:
    """Return when the test begins, in microseconds since 1970."""
    text = (context.folder("labels") / SPLIT_FILE).read_text(encoding="utf-8")
    return parse_time(json.loads(text)["test_from"])


def read_follow_up(context: StageContext) -> dict[str, Any]:
    """Return what follow-up by promotion does to the history, as `pipeline.labels.follow_up` says it."""
    text = (context.folder("labels") / FOLLOW_UP_FILE).read_text(encoding="utf-8")
    follow_up: dict[str, Any] = json.loads(text)
    return follow_up
