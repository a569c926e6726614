"""A person's own values are those of the moment of the score: later ones are left out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.source_spec import SourceSpec
from features.time_units import parse_time
from pipeline.outputs.facts_of_lead import Acts, read_facts
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import Settings

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}},
        "fit": {"industry": {"type": "category"}, "budget": {"type": "category", "known": "changes"}},
        "events": {"blog": {"types": ["read"]}, "calls": {"types": ["call"], "actor": "sales"}},
    }
)


def moment(day: int) -> pd.Timestamp:
    return pd.Timestamp("2026-01-01", tz="UTC").as_unit("us") + pd.Timedelta(days=day)


def write(folder: Path) -> None:
    tables = {
        "leads": {"lead_id": ["a", "b"], "created_at": [moment(0)] * 2, "industry": ["food", None]},
        "changes": {
            "lead_id": ["b"] * 3,
            "changed_at": [moment(1), moment(2), moment(9)],
            "field": ["budget"] * 3,
            "value": ["open", "confirmed", "denied"],
        },
        "events": {
            "lead_id": ["a", "b", "b", "b", "b"],
            "occurred_at": [moment(1), moment(1), moment(3), moment(9), moment(2)],
            "event_type": ["read", "read", "read", "read", "call"],
            "actor": ["lead"] * 4 + ["sales"],
        },
        "stages": {"lead_id": ["b", "b"], "stage": ["MQL", "SQL"], "entered_at": [moment(2), moment(9)]},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_parquet(folder / f"{name}.parquet", index=False)


def context(folder: Path) -> StageContext:
    return StageContext(Workspace(folder.parent), Settings(), None, None, {})


@pytest.fixture
def ingested(tmp_path: Path) -> Path:
    """A folder that becomes the outputs of ingestion."""
    with Workspace(tmp_path).writing("ingest", {}) as folder:
        write(folder)
    return tmp_path / "ingest"


def test_what_was_known_then_and_nothing_later(ingested: Path) -> None:
    facts = read_facts(context(ingested), "b", SPEC, as_of_us=parse_time(moment(4).isoformat()))
    assert facts is not None
    assert facts.details == {"budget": "confirmed"}  # day 9 says "denied"
    assert facts.acts == {"blog": Acts(2, 2, parse_time(moment(3).isoformat()))}  # no call: no feature reads it
    assert [stage for stage, _ in facts.stages] == ["MQL"]


def test_nobody_is_none(ingested: Path, tmp_path: Path) -> None:
    assert read_facts(context(tmp_path / "other" / "ingest"), "b", SPEC, as_of_us=0) is None
    assert read_facts(context(ingested), "c", SPEC, as_of_us=parse_time(moment(4).isoformat())) is None
