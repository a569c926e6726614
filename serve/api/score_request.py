"""A score for facts that were posted, by the feature definitions and the scoring that the nightly run uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from features.engine import FeatureEngine
from features.errors import InputError
from features.kernel.coded_facts import CodedFacts
from features.language.languages import Words
from features.language.sentences import words as lead_words
from features.source_spec import SourceSpec
from features.time_units import format_duration, parse_time
from models.feature_rows import FeatureRows
from models.json_values import json_values
from models.scoring.score_rows import score_columns
from models.scoring.trend import trend_of
from serve.api.contracts import OnlineScoreOut, ScoreRequest
from serve.api.request_facts import request_facts
from serve.reading.served_model import Loaded
from serve.wording.sentences import words


class Posted(NamedTuple):
    """A request that can be scored.

    Attributes
    ----------
    request : ScoreRequest
    facts : CodedFacts
        What it says.
    as_of, now : datetime
        The moment of the forecast, and that of the answer.
    """

    request: ScoreRequest
    facts: CodedFacts
    as_of: datetime
    now: datetime

    @classmethod
    def of(cls, request: ScoreRequest, *, loaded: Loaded, max_facts: int) -> Posted:
        """Check and code a request's facts.

        Parameters
        ----------
        request : ScoreRequest
            Its raw facts.
        loaded : Loaded
            Model, cut-offs and rules.
        max_facts : int
            Most events, changes and stages together.

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
        return cls(request, request_facts(request, loaded.coder, as_of=as_of), as_of, now)


def score_posted(
    posted: Sequence[Posted], *, loaded: Loaded, engine: FeatureEngine, caution: dict[str, str] | None = None
) -> list[OnlineScoreOut]:
    """Score leads: several at little more than the price of one, and each as if it were alone.

    Parameters
    ----------
    posted : sequence of Posted
        One or more.
    loaded : Loaded
        Model, cut-offs and rules.
    engine : FeatureEngine
        Computes features among the other leads: those of its account, and for the rates of campaigns and channels.
    caution : dict of str, optional
        The warning about the model, in every language.
    """
    moments = np.array([parse_time(one.as_of) for one in posted], dtype=np.int64)
    X = FeatureRows.of_table(engine.table_of_leads([one.facts for one in posted], moments))
    columns = score_columns(
        loaded.forecast.read(X),
        forecast=loaded.forecast,
        cutoffs=loaded.cutoffs,
        rules=loaded.rules,
        top_reasons=loaded.top_reasons,
    )
    # a column of objects holds them as JSON has them already
    listed = {name: v.tolist() if v.dtype == object else json_values(v.tolist()) for name, v in columns.items()}
    return [
        OnlineScoreOut(
            lead_id=one.request.lead_id,
            **presented(_worded(listed, row, one.as_of, loaded)),
            model_version=loaded.model_version,
            cutoff_version=loaded.cutoffs.version,
            scored_at=one.now,
            caution=caution,
            notes=_notes(one.request, loaded.forecast.spec, one.as_of),
        )
        for row, one in enumerate(posted)
    ]


def _worded(listed: Mapping[str, Sequence[Any]], row: int, as_of: datetime, loaded: Loaded) -> dict[str, Any]:
    return loaded.wording.sentences.worded({name: values[row] for name, values in listed.items()} | {"as_of": as_of})


def score_request(
    request: ScoreRequest,
    *,
    loaded: Loaded,
    engine: FeatureEngine,
    max_facts: int,
    caution: dict[str, str] | None = None,
) -> OnlineScoreOut:
    """Score one lead; see `Posted.of` and `score_posted`."""
    posted = Posted.of(request, loaded=loaded, max_facts=max_facts)
    return score_posted([posted], loaded=loaded, engine=engine, caution=caution)[0]


def presented(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a score row as the API gives it: with group and trend, and no gate once sales has the lead."""
    group = row["counted_as"]
    gates: dict[str, Any] = {"gates_missing": []} if group in ("with_sales", "reached") else {}
    return {**row, **gates, "group": group, "trend": trend_of(row.get("change"))}


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
