"""A score for facts that were posted, by the feature definitions and the scoring that the nightly run uses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from features.engine import FeatureEngine
from features.errors import InputError
from features.language.languages import Words
from features.language.sentences import words as lead_words
from features.source_spec import SourceSpec
from features.time_units import format_duration, parse_time
from models.feature_rows import FeatureRows
from models.json_values import json_values
from models.scoring.score_rows import score_columns
from serve.api.contracts import OnlineScoreOut, ScoreRequest
from serve.api.request_facts import request_facts
from serve.reading.served_model import Loaded
from serve.wording.sentences import words


def score_request(
    request: ScoreRequest,
    *,
    loaded: Loaded,
    engine: FeatureEngine,
    max_facts: int,
    caution: dict[str, str] | None = None,
) -> OnlineScoreOut:
    """Score one lead.

    Parameters
    ----------
    request : ScoreRequest
        Its raw facts.
    loaded : Loaded
        Model, cut-offs and rules.
    engine : FeatureEngine
        Computes features among the other leads: those of its account, and for the rates of campaigns and channels.
    max_facts : int
        Most events, changes and stages together.
    caution : dict of str, optional
        The warning about the model, in every language.

    Raises
    ------
    InputError
        If a fact is not one of the source's.
    """
    now = datetime.now(UTC)
    as_of = request.as_of or now
    fact_count = len(request.events) + len(request.changes) + len(request.stages)
    if fact_count > max_facts:
        raise InputError(expected=f"at most {max_facts} events, changes and stages", found=str(fact_count))
    forecast = loaded.forecast
    facts = request_facts(request, loaded.coder, as_of=as_of)
    moment = np.array([parse_time(as_of)], dtype=np.int64)
    X = FeatureRows(engine.columns_of(facts, moment), 1)
    columns = score_columns(
        forecast.read(X),
        forecast=forecast,
        cutoffs=loaded.cutoffs,
        rules=loaded.rules,
        top_reasons=loaded.top_reasons,
    )
    row = {"lead_id": request.lead_id, "as_of": as_of, **{name: values[0] for name, values in columns.items()}}
    return OnlineScoreOut(
        **presented(loaded.wording.sentences.worded(json_values(row))),
        model_version=loaded.model_version,
        cutoff_version=loaded.cutoffs.version,
        scored_at=now,
        caution=caution,
        notes=_notes(request, forecast.spec, as_of),
    )


def presented(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a score row as the API gives it: with its group, and nothing missing for SAL once sales has the lead."""
    group = row["counted_as"]
    gates: dict[str, Any] = {"gates_missing": []} if group in ("with_sales", "reached") else {}
    return {**row, **gates, "group": group}


def _notes(request: ScoreRequest, spec: SourceSpec, as_of: datetime) -> list[dict[str, str]]:
    """Say so where the lead is looked at when no lead was in training."""
    snapshots = spec.snapshots
    anchor_us = parse_time(request.created_at)
    if snapshots.anchor != "created":
        stage = snapshots.anchor.removeprefix("stage:")
        entered = [parse_time(s.entered_at) for s in request.stages if s.stage == stage and s.entered_at <= as_of]
        if not entered:
            return [words("note_not_reached", stage=stage).model_dump()]
        anchor_us = min(entered)
    age = parse_time(as_of) - anchor_us
    last = snapshots.until if snapshots.every is not None and snapshots.until is not None else snapshots.after
    if snapshots.after <= age <= last:
        return []
    first, latest, age_text = (format_duration(us) for us in (snapshots.after, last, age))
    anchor = words("note_creation") if snapshots.anchor == "created" else Words.same(stage)
    span = Words.same(first) if first == latest else lead_words("range", low=first, high=latest)
    return [words("note_other_age", span=span, anchor=anchor, age=age_text).model_dump()]
